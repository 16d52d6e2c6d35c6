"""What a long run is made of: one kind of phase a file."""
