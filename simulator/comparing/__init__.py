"""Scenarios held against each other: deltas, attribution, limits, what networks cost."""
