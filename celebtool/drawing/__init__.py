"""Pictures: plots, contact sheets, annotated photos."""
