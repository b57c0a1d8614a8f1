"""Tests of taking in an export."""
