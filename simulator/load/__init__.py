"""A network under the traffic of a step: who sends to whom, what collides, what faults leave."""
