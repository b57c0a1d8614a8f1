"""Who may collect a child from school: named by its guardians, shown at the gates' desks."""
