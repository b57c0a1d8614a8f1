"""Actuators: what opens a gate, and the sensor that tells whether somebody went through."""
