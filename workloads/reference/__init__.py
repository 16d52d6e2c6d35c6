"""The numeric core: each layer written once, computed on arrays or recorded on shapes."""
