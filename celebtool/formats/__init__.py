"""One module per kind of file, each with its type, its reader and its writer."""
