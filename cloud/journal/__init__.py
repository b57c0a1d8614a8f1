"""The journal of lessons: who was there, which marks, and how the marks of quarters and years come of them."""
