"""Which records stand at which address: everything of a kind, or what belongs to a school, a class, a term, a person.

An object that is named and is not there, or is of another school, is not found.
"""

from collections.abc import Awaitable, Callable, Collection

from cloud.core.errors import NotFound
from cloud.oneroster.building import Builder, Built
from cloud.oneroster.kinds import Kind
from cloud.oneroster.telling import Chosen, objects, person_of
from cloud.tokens.web import Program

# Of a program's school, and the identifiers in the address: of a school, a class and so on, and of a class in a school.
Records = Callable[[Program, Builder, str, str], Awaitable[list[Built]]]


def everything(kind: Kind) -> Records:
    """Return all objects of a kind."""

    async def records(program: Program, builder: Builder, _one: str, _two: str) -> list[Built]:
        return await objects(program, builder, kind)

    return records


def people(chosen: Chosen) -> Records:
    """Return the people who are chosen."""

    async def records(program: Program, builder: Builder, _one: str, _two: str) -> list[Built]:
        return await objects(program, builder, Kind.USER, chosen)

    return records


def sessions(kind: str) -> Records:
    """Return the sessions of a type."""

    async def records(program: Program, builder: Builder, _one: str, _two: str) -> list[Built]:
        return [each for each in await objects(program, builder, Kind.SESSION) if each["type"] == kind]

    return records


def at_school(inner: Records) -> Records:
    """Return records of the school of the address, which must be the token's."""

    async def records(program: Program, builder: Builder, school_id: str, _two: str) -> list[Built]:
        _require_school(builder, school_id)
        return await inner(program, builder, "", "")

    return records


def in_class_of_school(inner: Records) -> Records:
    """Return records of a class, of the school of the address."""

    async def records(program: Program, builder: Builder, school_id: str, class_id: str) -> list[Built]:
        _require_school(builder, school_id)
        return await inner(program, builder, class_id, "")

    return records


def people_of_class(chosen: Chosen) -> Records:
    """Return the people of a class who are chosen."""

    async def records(program: Program, builder: Builder, class_id: str, _two: str) -> list[Built]:
        _require(class_id, _class_ids(builder))
        refs = builder.members(class_id)
        return await objects(program, builder, Kind.USER, lambda person: person.ref in refs and chosen(person))

    return records


async def enrollments_of_class(program: Program, builder: Builder, class_id: str, _two: str) -> list[Built]:
    """Return the enrolments of a class."""
    _require(class_id, _class_ids(builder))
    found = await objects(program, builder, Kind.ENROLLMENT)
    return [each for each in found if _refers(each["class"], {class_id})]


async def classes_of_course(program: Program, builder: Builder, course_id: str, _two: str) -> list[Built]:
    """Return the classes of a course."""
    _require(course_id, {str(each["sourcedId"]) for each in builder.courses()})
    found = await objects(program, builder, Kind.CLASS)
    return [each for each in found if _refers(each["course"], {course_id})]


async def classes_of_term(program: Program, builder: Builder, term_id: str, _two: str) -> list[Built]:
    """Return the classes that a quarter has."""
    _require(term_id, _sessions(builder, "term"))
    found = await objects(program, builder, Kind.CLASS)
    return [each for each in found if _refers(each["terms"], {term_id})]


async def periods_of_term(program: Program, builder: Builder, term_id: str, _two: str) -> list[Built]:
    """Return the grading period of a quarter."""
    _require(term_id, _sessions(builder, "term"))
    found = await objects(program, builder, Kind.SESSION)
    return [each for each in found if each["type"] == "gradingPeriod" and _refers(each["parent"], {term_id})]


def classes_of(chosen: Chosen) -> Records:
    """Return the classes that somebody learns in, or leads."""

    async def records(program: Program, builder: Builder, ref: str, _two: str) -> list[Built]:
        person = person_of(builder, ref, chosen)
        own = builder.classes_of(person)
        return [each for each in await objects(program, builder, Kind.CLASS) if each["sourcedId"] in own]

    return records


def _class_ids(builder: Builder) -> set[str]:
    return {builder.class_id(each.id) for each in builder.rows.classes}


def _sessions(builder: Builder, kind: str) -> set[str]:
    return {str(each["sourcedId"]) for each in builder.sessions() if each["type"] == kind}


def _require_school(builder: Builder, school_id: str) -> None:
    _require(school_id, {builder.org_id})


def _require(sourced_id: str, known: Collection[str]) -> None:
    if sourced_id not in known:
        raise NotFound


def _refers(reference: object, wanted: Collection[str]) -> bool:
    """Tell whether a reference, or one of several, is to one of these."""
    if isinstance(reference, list):
        return any(_refers(each, wanted) for each in reference)
    return isinstance(reference, dict) and reference["sourcedId"] in wanted
