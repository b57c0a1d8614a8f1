"""Curriculum plans of grades, plans of courses by theme and week, and the teaching load."""
