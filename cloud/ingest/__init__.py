"""The records: taken in once, in order, and never changed."""
