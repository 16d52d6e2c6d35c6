"""Jobs, one kind a file: what is asked of the cluster and when it is done."""
