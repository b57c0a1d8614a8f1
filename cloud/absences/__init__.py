"""Absences as families tell them, and trips of classes: why a child is not at school, before anybody has to ask."""
