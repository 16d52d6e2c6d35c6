"""Designs of sweeps: one kind a file."""
