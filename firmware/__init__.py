"""Code that runs on a microcontroller."""

VERSION = "0.1.0"  # of the release that it belongs to
