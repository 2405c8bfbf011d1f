"""From photos to face crops: the plan, the run, and the choice of the right face."""
