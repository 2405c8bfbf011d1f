"""The networks of the architecture table, each a function from an image tensor to a tensor of features."""
