"""The tree of authorities above the schools, whose classes are whose, who has which role, and what may be counted."""
