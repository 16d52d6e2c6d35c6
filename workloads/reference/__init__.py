"""The numeric core: the model's mathematics in numpy, and its record of operations."""
