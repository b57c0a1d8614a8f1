"""OneRoster 1.2 lists for tests, as another system writes them, row by row so that every way of being wrong is made."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence

Rows = Sequence[Sequence[str]]
USERS = ["sourcedId", "status", "enabledUser", "username", "userIds", "givenName", "familyName", "middleName",
         "identifier"]  # fmt: skip
ROLES = ["sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId", "endDate"]
ENROLLMENTS = ["sourcedId", "status", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "endDate"]
CLASSES = ["sourcedId", "status", "title", "classCode", "classType", "schoolSourcedId"]
ORGS = ["sourcedId", "name", "type", "identifier"]

DISTRICT: dict[str, Rows] = {
    "orgs": [
        ORGS,
        ["org-0", "Білім бөлімі", "district", ""],
        ["org-1", "№5 мектеп", "school", "almaty5"],
        ["org-2", "№6 мектеп", "school", "almaty6"],
    ],
    "classes": [
        CLASSES,
        ["c1", "", "5А", "", "homeroom", "org-1"],
        ["c2", "", "Алмұрт", "7 «Ә»", "homeroom", "org-1"],
        ["c3", "", "Математика 5", "", "scheduled", "org-1"],
        ["c9", "", "5А", "", "homeroom", "org-2"],
    ],
    "users": [
        USERS,
        ["u1", "", "true", "aigerim", "", "Айгерім", "Әліби", "Серікқызы", "101"],
        ["u2", "", "true", "dana", "", "Дана", "Ким", "", ""],
        ["u3", "", "true", "gulnar", "", "Гүлнар", "Ахметова", "", ""],
        ["u4", "", "true", "saule", "", "Сәуле", "Әліби", "", ""],
        ["u9", "", "true", "other", "", "Ерлан", "Өзге", "", "101"],
    ],
    "roles": [
        ROLES,
        ["r1", "u1", "primary", "student", "org-1", ""],
        ["r2", "u2", "primary", "student", "org-1", ""],
        ["r3", "u3", "primary", "teacher", "org-1", ""],
        ["r4", "u4", "primary", "parent", "org-1", ""],
        ["r9", "u9", "primary", "student", "org-2", ""],
    ],
    "enrollments": [
        ENROLLMENTS,
        ["e1", "", "c1", "org-1", "u1", "student", ""],
        ["e2", "", "c2", "org-1", "u2", "student", ""],
        ["e3", "", "c3", "org-1", "u2", "student", ""],
        ["e4", "", "c1", "org-1", "u3", "teacher", ""],
        ["e9", "", "c9", "org-2", "u9", "student", ""],
    ],
}


def manifest(**changed: str) -> Rows:
    """Return a manifest of whole lists; a dot in a property's name is written as two underscores."""
    said = {"manifest.version": "1.0", "oneroster.version": "1.2", **{f"file.{name}": "bulk" for name in DISTRICT}}
    said |= {name.replace("__", "."): value for name, value in changed.items()}
    return [["propertyName", "value"], *([name, value] for name, value in said.items())]


def district(**changed: Rows) -> Mapping[str, bytes]:
    """Return the files of DISTRICT, with the rows of some changed."""
    return {name: text_of(rows) for name, rows in {"manifest": manifest(), **DISTRICT, **changed}.items()}


def text_of(rows: Rows) -> bytes:
    """Return rows as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a zip, with ".csv" after their names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return out.getvalue()


def other_than(name: str, *rows: Sequence[str]) -> bytes:
    """Return the zip of DISTRICT with rows more in a file; one with the identifier of another stands in its place."""
    heading, *own = DISTRICT[name]
    new = {row[0]: row for row in rows}
    return zipped(district(**{name: [heading, *(row for row in own if row[0] not in new), *rows]}))
