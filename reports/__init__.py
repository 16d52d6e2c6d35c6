"""How it reads: the report folder of a result."""
