"""Bringing the journal's records to the cloud and to the school's other agents, whatever the wire does."""
