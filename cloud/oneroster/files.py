"""A school's roster as files: the zip of OneRoster 1.2's CSV binding, whole ("bulk"), made of the objects of REST.

Rule: it names whom REST names. Who and what is there no more is left out, as a bulk file has it, and nothing refers to
it. A text never becomes a formula.
"""

import asyncio
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.delimited import line_of, tamed
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.oneroster.binding import ABSENT, BULK, COLUMNS, FILES, MANIFEST, MANIFEST_COLUMNS, ROLES, VERSIONS
from cloud.oneroster.building import Builder, Built
from cloud.oneroster.rows import Naming, Part, roster_rows, rows_of
from cloud.tokens.web import Program

SYSTEM = "Esik"
WHOLE = Part(limit=100_000)  # who is not in a whole file is taken for gone, so that nobody may be cut off
UNNAMED = "Оқушы"  # a given name must be there; the reference stands in the place of the family's
TYPE = "application/zip"
Tables = Mapping[str, Sequence[Built]]


async def roster_file(services: Services, actor: Actor, school_id: int, naming: Naming) -> bytes:
    """Return a school's zip file, and note that it was taken and whom it names. Raises NotAllowed."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    tables = tables_of(Builder(await roster_rows(services, school_id, naming, WHOLE), ""))
    async with services.database.transaction() as connection:
        detail = {"names": naming.value, **{name: str(len(rows)) for name, rows in tables.items()}}
        await audit(
            connection, actor, "roster.taken", f"school:{school_id}", detail, school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip
    return await asyncio.to_thread(packed, tables)


async def roster_file_for(program: Program) -> bytes:
    """Return the zip file for a program, which names whom its token names. Raises ScopeMissing."""
    return await asyncio.to_thread(packed, tables_of(Builder(await rows_of(program, WHOLE), "")))


def tables_of(builder: Builder) -> Tables:
    """Return the objects of each file that has any, in the order of the files' names."""
    classes = _here(builder.classes())
    known = {each["sourcedId"] for each in classes}
    users = [_named(each) for each in _here(builder.users(builder.rows.people))]
    found: dict[str, list[Built]] = {
        "orgs": builder.orgs(),
        "academicSessions": builder.sessions(),
        "courses": builder.courses(),
        "classes": classes,
        "users": users,
        ROLES: [role for each in users for role in _roles(each)],
        "enrollments": [each for each in builder.enrollments() if _id_of(each["class"]) in known],
    }
    return {name: found[name] for name in FILES if found.get(name)}


def packed(tables: Tables) -> bytes:
    """Return the zip file: the manifest and a file for each table, at its root."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, _text([MANIFEST_COLUMNS, *manifest_of(tables).items()]))
        for name, rows in tables.items():
            lines = [[_cell(column, each) for column in COLUMNS[name]] for each in rows]
            archive.writestr(f"{name}.csv", _text([COLUMNS[name], *lines]))
    return out.getvalue()


def manifest_of(tables: Tables) -> dict[str, str]:
    """Return what the manifest says: the versions, each file that there could be, and who made them."""
    files = {f"file.{name}": BULK if name in tables else ABSENT for name in FILES}
    (school,) = tables["orgs"]
    return {**VERSIONS, **files, "source.systemName": SYSTEM, "source.systemCode": str(school["sourcedId"])}


def _here(built: Iterable[Built]) -> list[Built]:
    return [each for each in built if each["status"] == "active"]


def _named(user: Built) -> Built:
    return user if user["givenName"] else {**user, "givenName": UNNAMED}


def _roles(user: Built) -> list[Built]:
    roles = user["roles"]
    assert isinstance(roles, list)  # noqa: S101 (we made it)
    return [{"sourcedId": f"{user['sourcedId']}-{each['role']}".replace(":", "."), "user": user, **each}
            for each in roles]  # fmt: skip


def _cell(column: str, built: Built) -> str:
    """Return what stands in a column: a reference by its identifier, a list with commas, else nothing."""
    if column in {"status", "dateLastModified"}:
        return ""
    value = built.get(_field_of(column), "")
    if isinstance(value, list):
        return ",".join(_plain(each) for each in value)
    return _plain(value)


def _field_of(column: str) -> str:
    """Return the field of REST: `orgSourcedId` is `org`, `termSourcedIds` are `terms`."""
    if column.endswith("SourcedIds"):
        return column.removesuffix("SourcedIds") + "s"
    return column.removesuffix("SourcedId")


def _plain(value: object) -> str:
    text = _id_of(value) if isinstance(value, Mapping) else str(value)
    return tamed(" ".join(text.split()))  # no line ends within a field, says the binding


def _id_of(reference: object) -> str:
    assert isinstance(reference, Mapping)  # noqa: S101 (we made it)
    return str(reference["sourcedId"])


def _text(lines: Iterable[Sequence[str]]) -> bytes:
    """Return lines as UTF-8 without a mark: many a reader takes that for a part of the first column's name."""
    return "".join(line_of(cells) for cells in lines).encode()
