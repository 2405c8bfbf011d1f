"""The nine commands, one file each: read, call, write, say."""
