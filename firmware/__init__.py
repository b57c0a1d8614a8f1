"""Code that runs on a microcontroller."""
