"""What happens: costs, plan, events, result."""
