"""One router a file; its Spec is found here by its `kind`, without a registry."""
