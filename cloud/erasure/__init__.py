"""Depersonalising: what is removed of a person when nobody consents to having data kept, and the proof of it."""
