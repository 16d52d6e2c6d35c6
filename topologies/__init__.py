"""What exists: units, device values with their sources, topologies and the graphs they build."""
