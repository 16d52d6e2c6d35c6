"""Serving where not all weights live in the GPUs' memory: seconds of a step, what fits, what a token costs."""
