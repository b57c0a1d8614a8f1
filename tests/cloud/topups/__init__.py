"""Tests of top-ups."""
