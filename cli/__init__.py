"""Who asks: the command line, one command a file."""
