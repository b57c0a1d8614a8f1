"""Statistics: days of schools and classes counted once, kept true, and read by whoever may see counts."""
