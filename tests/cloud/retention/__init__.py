"""Tests of how long what is kept."""
