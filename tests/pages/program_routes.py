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
_SCIM = "/scim/v2"
SCIM = (
    f"GET {_SCIM}/ServiceProviderConfig",
    f"GET {_SCIM}/ResourceTypes",
    f"GET {_SCIM}/ResourceTypes/{{name}}",
    f"GET {_SCIM}/Schemas",
    f"GET {_SCIM}/Schemas/{{urn}}",
    f"GET {_SCIM}/Users",
    f"POST {_SCIM}/Users",
    f"POST {_SCIM}/Users/.search",
    f"POST {_SCIM}/.search",
    f"GET {_SCIM}/Users/{{user_id}}",
    f"PUT {_SCIM}/Users/{{user_id}}",
    f"PATCH {_SCIM}/Users/{{user_id}}",
    f"DELETE {_SCIM}/Users/{{user_id}}",
    f"GET {_SCIM}/Groups",
    f"POST {_SCIM}/Groups",
    f"POST {_SCIM}/Groups/.search",
    *(f"{method} {_SCIM}/Groups/{{name}}" for method in ("GET", "PUT", "PATCH", "DELETE")),
)
# What is nowhere else is answered in SCIM's words; it stands in no document.
NOWHERE = tuple(f"{method} {_SCIM}/{{rest:path}}" for method in ("DELETE", "GET", "PATCH", "POST", "PUT"))
FILES = ("GET /api/v1/roster/oneroster.zip",)
_PASSAGES = "/api/v1/passages"
GATES = (
    f"GET {_PASSAGES}",
    f"POST {_PASSAGES}/sigur",
    f"POST {_PASSAGES}/perco",
    f"POST {_PASSAGES}/of/{{system}}",
    "GET /api/v1/presence",
)
_GRADES = "/ims/oneroster/gradebook/v1p2"
_GRADED = ("categories", "lineItems", "results", "scoreScales")
GRADEBOOK = (
    *(f"GET {_GRADES}/{kind}" for kind in _GRADED),
    *(f"GET {_GRADES}/{kind}/{{sourced_id}}" for kind in _GRADED),
    *(f"GET {_GRADES}/classes/{{class_id}}/{kind}" for kind in _GRADED),
    *(f"GET {_GRADES}/classes/{{class_id}}/{kind}/{{sourced_id}}/results" for kind in ("lineItems", "students")),
)
STATISTICS = ("GET /api/v1/school-statistics",)
DOCUMENTED = (*ROSTER, *GRADEBOOK, *FILES, *SCIM, *GATES, *STATISTICS)
PROGRAM_ROUTES = (*DOCUMENTED, *NOWHERE)
PREFIXES = (_ROSTER, _GRADES, _SCIM, _PASSAGES, "/api/v1/presence", "/api/v1/roster", "/api/v1/school-statistics")
