"""Retention: how long each kind of data is kept, why, and its deletion with a certificate."""
