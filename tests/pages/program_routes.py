"""Every route of programs: what a token opens, and no session does."""

_ROSTER = "/ims/oneroster/rostering/v1p2"
_KINDS = (
    "orgs", "schools", "academicSessions", "terms", "gradingPeriods", "courses", "classes", "users", "students",
    "teachers", "enrollments",
)  # fmt: skip
_WITHIN = {
    "schools": ("classes", "courses", "enrollments", "students", "teachers", "terms"),
    "classes": ("students", "teachers"),
    "courses": ("classes",),
    "terms": ("classes", "gradingPeriods"),
    "students": ("classes",),
    "teachers": ("classes",),
    "users": ("classes",),
}
_OF_CLASS = ("enrollments", "students", "teachers")
ROSTER = (
    *(f"GET {_ROSTER}/{kind}" for kind in _KINDS),
    *(f"GET {_ROSTER}/{kind}/{{sourced_id}}" for kind in _KINDS),
    *(f"GET {_ROSTER}/{kind}/{{sourced_id}}/{inner}" for kind, inners in _WITHIN.items() for inner in inners),
    *(f"GET {_ROSTER}/schools/{{sourced_id}}/classes/{{class_id}}/{inner}" for inner in _OF_CLASS),
)
PROGRAM_ROUTES = (*ROSTER,)
PREFIXES = (_ROSTER,)
