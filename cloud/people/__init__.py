"""Persons, guardians and consents."""
