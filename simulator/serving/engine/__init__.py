"""One step of an engine: what its GPUs compute and send for a batch, in which order, and what they hold."""
