"""Tests for students: banks of questions, tests of them, attempts, marking, and the analysis of questions."""
