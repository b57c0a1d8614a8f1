"""Simulated cards, readers, gates, schools, networks and disks, and worlds made of them."""
