"""A school's objects of one kind, dated, as a program with a token is told of them."""

from collections.abc import Callable

from cloud.core.errors import NotFound
from cloud.oneroster.building import Builder, Built, role_of
from cloud.oneroster.kinds import Kind
from cloud.oneroster.rows import EVERYBODY, Part, PersonRead, rows_of
from cloud.oneroster.seen import dated, gone
from cloud.people.kinds import PersonRole
from cloud.tokens.web import Program

Chosen = Callable[[PersonRead], bool]


async def builder_of(program: Program, part: Part = EVERYBODY) -> Builder:
    """Return what makes the objects of a program's school, with a part of its people. Raises ScopeMissing."""
    return Builder(await rows_of(program, part), program.services.settings.public_url.rstrip("/"))


async def objects(program: Program, builder: Builder, kind: Kind, chosen: Chosen | None = None) -> list[Built]:
    """Return all objects of a kind; of people those that are chosen."""
    services, school_id = program.services, program.bearer.school_id
    built = _built(builder, kind, chosen)
    async with services.database.pool.acquire() as connection:
        told = await dated(connection, school_id, kind, built, services.clock.now())
        if kind is not Kind.ENROLLMENT:
            return told
        here = [str(each["sourcedId"]) for each in built]
        past = await gone(connection, school_id, kind, here, services.clock.now())
    return [*told, *(each for sourced_id, since in past if (each := _past(builder, sourced_id, since)))]


def is_student(person: PersonRead) -> bool:
    """Tell whether somebody learns here."""
    return person.role is PersonRole.STUDENT


def is_teacher(person: PersonRead) -> bool:
    """Tell whether somebody teaches here."""
    return role_of(person) == "teacher"


def is_anybody(_person: PersonRead) -> bool:
    """Choose everybody."""
    return True


def person_of(builder: Builder, sourced_id: str, chosen: Chosen) -> PersonRead:
    """Return a person of the school. Raises NotFound."""
    found = next((each for each in builder.rows.people if each.ref == sourced_id and chosen(each)), None)
    if found is None:
        raise NotFound
    return found


def _built(builder: Builder, kind: Kind, chosen: Chosen | None) -> list[Built]:
    match kind:
        case Kind.ORG:
            return builder.orgs()
        case Kind.SESSION:
            return builder.sessions()
        case Kind.COURSE:
            return builder.courses()
        case Kind.CLASS:
            return builder.classes()
        case Kind.USER:
            return builder.users(each for each in builder.rows.people if chosen is None or chosen(each))
        case Kind.ENROLLMENT:
            return builder.enrollments()


def _past(builder: Builder, sourced_id: str, since: str) -> Built | None:
    """Return an enrolment that is there no more: its identifier names the person and the class."""
    ref, _, class_id = sourced_id.rpartition("-")
    if not class_id.isdecimal():
        return None
    return builder.enrollment(ref, int(class_id)) | {"status": "tobedeleted", "dateLastModified": since}
