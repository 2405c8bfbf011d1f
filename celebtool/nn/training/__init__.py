"""Train what is trainable; compute what is frozen once."""
