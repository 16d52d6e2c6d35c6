"""Questions about serving: clusters and units are weighed by closed forms, the best fleets are played by events."""
