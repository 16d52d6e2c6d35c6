"""Seconds of one GPU kernel from its shape: tiles, waves, bytes; pure functions of a kernel family's few parameters."""
