"""Turn a model into the content of a file that other programs run."""
