"""From image folder to image folder: balance, split, augment, and what they need."""
