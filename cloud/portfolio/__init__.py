"""Profiles and portfolios of students and staff: what is kept of them beside the list, what they did, where they go."""
