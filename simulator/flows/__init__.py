"""The flow level: who shares which link with whom, and when each flow ends; knows fabrics and bytes, nothing else."""
