"""Networks that only answer: they run on LiteRT, and nothing here imports TensorFlow."""
