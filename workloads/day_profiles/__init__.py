"""Shapes of a day's demand, one a file; found by their `kind`."""
