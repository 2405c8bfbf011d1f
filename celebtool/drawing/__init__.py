"""Draw pictures: plots, contact sheets, annotated photos."""
