"""What it takes to send tokens to their experts and back: kernels, alternatives, published limits."""
