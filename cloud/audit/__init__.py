"""What was done, by whom and when: the audit journal, its chains, and how both are looked at."""
