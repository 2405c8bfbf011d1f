"""The Python interface: what the commands do between reading their options and printing; nothing here prints."""
