"""Export a model: have its file made, and compare its answers with the model's on photos."""
