"""A run over weeks: checkpoints, pauses, failures, restarts; what they cost, and what to do about them."""
