"""What to build: parts, pins and wiring, as data."""
