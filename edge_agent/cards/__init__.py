"""Cards that prove themselves: their cryptography, what is said to them at a gate, and how they are made."""
