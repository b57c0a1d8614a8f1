"""Webhooks: other programs are told of events as they happen, signed, and again until they have taken them."""
