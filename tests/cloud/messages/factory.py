"""A school with two classes, families in both, a class teacher, the office and a director, for tests of messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.messages.kinds import Audience, Given, Wording
from cloud.people.actions import add_guardian, give_consent, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Purpose, Relation
from cloud.schools.actions import add_class
from tests.cloud.people.factory import a_student
from tests.cloud.people.family_factory import actor_of_guardian
from tests.cloud.schools.factory import SYSTEM, a_school

TEXT = Wording("Ата-аналар жиналысы", "Бейсенбіде сағат 18:00-де.\n\nОртақ зал.")
_ACCOUNT = """
INSERT INTO account (login_digest, login_encrypted, password_hash, must_change, name, language, is_active, created_at)
VALUES ($1::text, $1::text::bytea, '!', false, $1::text, '', true, $2) RETURNING id
"""


@dataclass(slots=True)
class Classroom:
    """Айгерім of 5А has a mother and a father; her brother of 6Ә has the mother; a stranger's child is of 6Ә too."""

    services: Services
    school_id: int
    class_id: int
    other_class_id: int
    child_id: int
    ref: str
    brother_id: int
    mother_id: int
    father_id: int
    mother: Actor
    father: Actor
    stranger: Actor
    teacher: Actor
    office: Actor
    director: Actor


async def a_classroom(services: Services, code: str = "almaty5", phones: str = "55") -> Classroom:
    """Add a school with these people."""
    school_id = await a_school(services, code)
    class_id = await add_class(services, SYSTEM, school_id, 5, "А")
    other_id = await add_class(services, SYSTEM, school_id, 6, "Ә")
    classes = (class_id, other_id, other_id)
    child, brother, other = [await a_student(services, school_id, str(n), of) for n, of in enumerate(classes)]
    (mother_id, mother), (father_id, father), (_, stranger) = [
        await a_guardian(services, school_id, f"+77015556{phones}{number}", children)
        for number, children in enumerate(([child, brother], [child], [other]))
    ]
    today = (services.clock.now() + timedelta(hours=5)).date()
    for each in (child, brother, other):
        await give_consent(services, SYSTEM, each, Purpose.NOTICES, today, "form 12")
    ref = str(await services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", child))
    teacher = await staff(services, f"teacher of {code}", Reach(Role.CLASS_TEACHER, school_id, class_id))
    office = await staff(services, f"office of {code}", Reach(Role.OFFICE, school_id))
    director = await staff(services, f"director of {code}", Reach(Role.DIRECTOR, school_id))
    return Classroom(
        services, school_id, class_id, other_id, child, ref, brother, mother_id, father_id, mother, father, stranger,
        teacher, office, director,
    )  # fmt: skip


async def a_guardian(services: Services, school_id: int, phone: str, children: Sequence[int]) -> tuple[int, Actor]:
    """Add a guardian of children, with an account."""
    ids = [
        await add_guardian(services, SYSTEM, child, GuardianGiven("Сәуле Әліби", phone, None), Relation.MOTHER)
        for child in children
    ]
    await open_guardian_account(services, SYSTEM, ids[0])
    return ids[0], await actor_of_guardian(services, ids[0], school_id)


async def staff(services: Services, name: str, reach: Reach) -> Actor:
    """Return somebody at work with an account."""
    account_id = await services.database.pool.fetchval(_ACCOUNT, name, services.clock.now())
    return Actor(name, account_id, frozenset({reach}))


def to_class(room: Classroom, **more: object) -> Given:
    """Return a message to the class 5А in Kazakh."""
    return Given(Audience.CLASSES, {"kk": TEXT}, classes=[room.class_id], **more)  # type: ignore[arg-type]


def to_school(**more: object) -> Given:
    """Return a message to the whole school in Kazakh."""
    return Given(Audience.SCHOOL, {"kk": TEXT}, **more)  # type: ignore[arg-type]
