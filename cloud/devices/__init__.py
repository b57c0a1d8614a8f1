"""The fleet: devices, their keys and gates."""
