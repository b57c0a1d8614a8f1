"""Notices: who is told what of a child's meals and money, once, and the outbox that channels read."""
