"""What a run costs: owning against renting, energy and carbon, FLOP and money a token."""
