"""The timetable: rooms, versions, a solver, lessons of days, substitutions, summative works, calendar feeds."""
