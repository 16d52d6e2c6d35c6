"""Serving: steps of engines, requests that wait for them, fleets of them and what they earn."""
