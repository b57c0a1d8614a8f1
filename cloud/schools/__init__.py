"""Schools: calendar, shifts, bells and classes."""
