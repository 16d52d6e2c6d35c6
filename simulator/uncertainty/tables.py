"""Names of the tables that intervals add to a result."""

INTERVALS = "intervals"
"""[figure]  figure, unit, value, low, mid, high, inputs_low, inputs_high (what the inputs alone would give)"""
TORNADO = "tornado"
"""[input]  input, low, high (as text), step_nominal_s, step_at_low_s, step_at_high_s, basis, source"""
INPUTS = "uncertain_inputs"
"""[input]  input, value, low, high (as text), basis, source"""
SOBOL = "sobol"
"""[input]  input, first, first_low, first_high, total, total_low, total_high: shares of the step's variance"""
NOTES = "interval_notes"
"""[note]  what was varied, what not, and the simulator's own error"""
EVERY = frozenset({INTERVALS, TORNADO, INPUTS, SOBOL, NOTES})
