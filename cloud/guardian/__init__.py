"""Pages of guardians: their children's days, live, and blocking a lost card."""
