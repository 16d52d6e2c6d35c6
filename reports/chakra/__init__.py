"""Chakra execution traces, the exchange format of MLCommons that ASTRA-sim reads: written, read back, replayed."""
