"""Lengths of prompts and answers: one kind a file, found by its `kind`."""
