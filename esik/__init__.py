"""The front door: one command, esik, that leads to every program of the project."""

__version__ = "0.1.0"
