"""What each school's readers must know, versioned and signed."""
