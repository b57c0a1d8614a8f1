"""Questionnaires: made by the school, answered by parents, students or staff, anonymously or by name, and counted."""
