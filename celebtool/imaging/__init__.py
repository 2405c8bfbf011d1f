"""Arrays in, arrays out: alignment of faces, augmentation, overlap of boxes."""
