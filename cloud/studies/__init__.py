"""Subjects of a school, and who teaches what to whom: courses, their groups, and whose account a teacher's is."""
