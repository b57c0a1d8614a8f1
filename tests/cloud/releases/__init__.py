"""Tests of releases: the key, packing, and giving out in stages."""
