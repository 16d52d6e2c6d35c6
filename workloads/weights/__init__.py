"""Where the weights of a serving unit are, and who multiplies with them; one kind a file."""
