"""Checks of the repository itself: its shape, its documents and what they promise."""
