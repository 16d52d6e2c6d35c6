"""Every GPU of a step played by itself, phase by phase."""
