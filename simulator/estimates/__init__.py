"""Estimates of many layouts: what may be chosen, what it costs, compiled loops that play it."""
