"""The ten commands, one file each: read, call, write, say."""
