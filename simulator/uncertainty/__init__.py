"""How far a result may be off: uncertain inputs, their propagation, what they weigh, the simulator's own error."""
