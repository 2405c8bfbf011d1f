"""The operating system: outputs, locks, signals, streams, threads, worker processes, directory trees."""
