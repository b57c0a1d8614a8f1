"""Recommendations for students and classes, by rules that a teacher can read, and what teachers made of them."""
