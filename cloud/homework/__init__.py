"""Homework: set by teachers, handed in by students and families, checked, marked, returned; the load of a day."""
