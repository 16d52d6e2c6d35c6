"""Questions answered: what is tried, what bounds leave out, who is best, and why."""
