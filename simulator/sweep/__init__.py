"""Sweeps: many points of one scenario, each worked out once and kept."""
