"""Find, align and embed faces."""
