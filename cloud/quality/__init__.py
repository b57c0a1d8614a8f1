"""How a school's learning goes: marks, lessons behind their plan, journals that are not filled, course by course."""
