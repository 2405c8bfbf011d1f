"""Read the one HDF5 layout that celebtool writes, without trust in the file."""
