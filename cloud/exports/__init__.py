"""Exports: everything a school owns, as open files."""
