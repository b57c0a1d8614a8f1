"""Tests of single sign-on; programs of other people stand on the other side."""
