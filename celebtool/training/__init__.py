"""What a training run is told, reads and says."""
