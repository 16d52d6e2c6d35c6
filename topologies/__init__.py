"""What exists: units, hardware, topologies, and the door through which every YAML value enters."""
