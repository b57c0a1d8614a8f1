"""Logs of attempts at tests: what the page noticed about its window, for who consented to it; never a camera."""
