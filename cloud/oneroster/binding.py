"""The CSV binding of OneRoster 1.2: its files, their columns in its order, and what its manifest says of each file.

Source: 1EdTech OneRoster CSV Binding 1.2, section 3.
"""

MANIFEST = "manifest.csv"
MANIFEST_COLUMNS = ("propertyName", "value")
VERSIONS = {"manifest.version": "1.0", "oneroster.version": "1.2"}
ABSENT, BULK, DELTA = "absent", "bulk", "delta"
FILES = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics",
    "enrollments", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs", "resources",
    "resultLearningObjectiveIds", "results", "resultScoreScales", "roles", "scoreScales", "userProfiles",
    "userResources", "users",
)  # fmt: skip
_KEPT = ("sourcedId", "status", "dateLastModified")  # the latter two are empty in a bulk file
ROLES = "roles"  # a file of its own, where REST has a user's roles within the user
COLUMNS: dict[str, tuple[str, ...]] = {
    "academicSessions": (*_KEPT, "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
    "classes": (
        *_KEPT, "title", "grades", "courseSourcedId", "classCode", "classType", "location", "schoolSourcedId",
        "termSourcedIds", "subjects", "subjectCodes", "periods",
    ),
    "courses": (
        *_KEPT, "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId", "subjects", "subjectCodes",
    ),
    "enrollments": (
        *_KEPT, "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate",
    ),
    "orgs": (*_KEPT, "name", "type", "identifier", "parentSourcedId"),
    ROLES: (
        *_KEPT, "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId", "userProfileSourcedId",
    ),
    "users": (
        *_KEPT, "enabledUser", "username", "userIds", "givenName", "familyName", "middleName", "identifier", "email",
        "sms", "phone", "agentSourcedIds", "grades", "password", "userMasterIdentifier", "resourceSourcedIds",
        "preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns",
    ),
}  # fmt: skip
