"""Money in double entry: integer tiyn, append-only, each posting once; it knows no meals and no banks."""
