"""A whole run: hours of its phases, what failures add, how long it takes, what it costs."""
