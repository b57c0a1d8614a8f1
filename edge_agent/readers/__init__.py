"""Readers: whatever a person shows a credential to."""
