"""Taking in: a school's export becomes a school of this installation."""
