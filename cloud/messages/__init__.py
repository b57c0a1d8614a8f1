"""Announcements and messages to families: written, approved, sent when they are due, read with receipts, answered."""
