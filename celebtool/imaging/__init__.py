"""Functions on arrays: alignment of faces, augmentation, overlap of boxes."""
