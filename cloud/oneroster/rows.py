"""What OneRoster's objects are made of: a school, its terms, its classes and its people, read at once.

Rule: neither IINs nor contacts of families nor health are read here, so that none can be told. A student whose family
did not consent to digital resources has the reference in the place of the name, unless the token names all.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from cloud.core.services import Services
from cloud.people.consents import consented_to
from cloud.people.kinds import PersonRole, Purpose
from cloud.people.queries import PEOPLE_MAX
from cloud.schools.queries import SchoolRow, school_of_id, terms_of
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program

CLASSES_MAX = 1_000
_CLASSES = "SELECT id, grade, letter, is_active FROM school_class WHERE school_id = $1 ORDER BY id LIMIT $2"
_PEOPLE = f"""
SELECT ref, role, surname, given_name, patronymic, coalesce(number, '') AS number, school_class_id AS class_id,
  position, is_active, role <> 'student' OR $3 OR {consented_to(Purpose.RESOURCE)} AS is_named
FROM person WHERE school_id = $1 AND ($4::text IS NULL OR ref = $4) AND ($5::text IS NULL OR role = $5)
ORDER BY ref COLLATE "C" LIMIT $2 OFFSET $6
"""  # noqa: S608 (text of ours)
_COUNT = "SELECT count(*) FROM person WHERE school_id = $1 AND ($2::text IS NULL OR role = $2)"


class Naming(Enum):
    """Which students are told by their names."""

    CONSENTED = "consented"  # whose families consented to digital resources
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ClassRead:
    """A class."""

    id: int
    grade: int
    letter: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class PersonRead:
    """A person; who left the school has no name any more here."""

    ref: str
    role: PersonRole
    surname: str
    given_name: str
    patronymic: str
    number: str
    class_id: int | None
    position: str
    is_active: bool
    is_named: bool  # else the reference stands for the name


@dataclass(frozen=True, slots=True)
class Part:
    """Which people are read: by default all; one, those of a role, or a page of them in the order of references."""

    ref: str | None = None
    role: PersonRole | None = None
    limit: int = PEOPLE_MAX
    offset: int = 0


EVERYBODY = Part()
NOBODY = Part(limit=0)


@dataclass(frozen=True, slots=True)
class Rows:
    """A school as it is now."""

    school: SchoolRow
    on: date  # the school's own day
    terms: tuple[tuple[date, date], ...]
    classes: tuple[ClassRead, ...]
    people: tuple[PersonRead, ...]


async def count_of(program: Program, role: PersonRole | None) -> int:
    """Return how many people of a role there are, or of any. Raises ScopeMissing."""
    program.bearer.require(Scope.ROSTER_READ)
    value = role.value if role else None
    return int(await program.services.database.pool.fetchval(_COUNT, program.bearer.school_id, value))


async def rows_of(program: Program, part: Part = EVERYBODY) -> Rows:
    """Return the school of a program's token, with a part of its people. Raises ScopeMissing."""
    program.bearer.require(Scope.ROSTER_READ)
    naming = Naming.ALL if Scope.ROSTER_NAMES in program.bearer.scopes else Naming.CONSENTED
    return await roster_rows(program.services, program.bearer.school_id, naming, part)


async def roster_rows(services: Services, school_id: int, naming: Naming, part: Part = EVERYBODY) -> Rows:
    """Return a school, with a part of its people, for who may see it."""
    school = await school_of_id(services, school_id)
    terms = await terms_of(services, school_id)
    classes = await services.database.pool.fetch(_CLASSES, school_id, CLASSES_MAX)
    people = await services.database.pool.fetch(
        _PEOPLE, school_id, part.limit, naming is Naming.ALL, part.ref, part.role.value if part.role else None,
        part.offset,
    )  # fmt: skip
    return Rows(
        school, services.clock.now().astimezone(school.zone).date(), tuple(terms),
        tuple(ClassRead(**row) for row in classes),
        tuple(PersonRead(**{**row, "role": PersonRole(row["role"])}) for row in people),
    )  # fmt: skip
