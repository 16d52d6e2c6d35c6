"""One network topology a file; a new file here is found without registering it."""
