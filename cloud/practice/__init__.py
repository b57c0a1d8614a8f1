"""Practice: tests that students take by themselves, as often as they like, and work on what was wrong."""
