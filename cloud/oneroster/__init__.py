"""OneRoster 1.2: a school's classes, students, teachers and terms for other programs, by REST and as files."""
