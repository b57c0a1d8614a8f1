"""Tests of meals."""
