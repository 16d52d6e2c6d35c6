"""Traffic: one kind a file, found by its `kind`."""
