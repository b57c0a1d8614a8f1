"""Who came, left, is inside, late or absent."""
