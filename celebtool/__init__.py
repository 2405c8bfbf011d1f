"""celebtool: Unix-style commands that turn folders of photos into a face classifier one can trust."""

__version__ = "0.2.0"
