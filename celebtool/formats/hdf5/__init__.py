"""A strict reader of the one HDF5 layout that celebtool writes."""
