"""Which card is whose."""
