"""Pages at the gate: last taps, who is inside, and the muster list."""
