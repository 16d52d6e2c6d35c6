"""Models read from a HuggingFace config.json."""
