"""Kinds of attention, one a file, found by their `kind`."""
