"""Maintenance windows: announced by operators, said on every page, and known to whoever would raise an alarm."""
