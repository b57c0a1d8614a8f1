"""A family at a school: a child with a mother and a father who have accounts, and the office, for tests."""

from dataclasses import dataclass
from datetime import date, timedelta

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school


@dataclass(slots=True)
class Family:
    """A child, its parents as actors, and the office of its school."""

    services: Services
    school_id: int
    child_id: int
    ref: str
    mother_id: int
    father_id: int
    mother: Actor
    father: Actor
    office: Actor

    @property
    def today(self) -> date:
        return (self.services.clock.now() + timedelta(hours=5)).date()


async def a_family(services: Services, code: str = "almaty5", phones: str = "55") -> Family:
    """Add a family to a new school."""
    school_id = await a_school(services, code)
    child_id = await a_student(services, school_id)
    ref = str(await services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", child_id))
    ids, actors = [], []
    for number, (name, relation) in enumerate((("Сәуле", Relation.MOTHER), ("Ерлан", Relation.FATHER))):
        given = GuardianGiven(f"{name} Әліби", f"+77015556{phones}{number}", None)
        guardian_id = await add_guardian(services, SYSTEM, child_id, given, relation)
        await open_guardian_account(services, SYSTEM, guardian_id)
        ids.append(guardian_id)
        actors.append(await actor_of_guardian(services, guardian_id, school_id))
    office = Actor("Гүлнар", reaches=frozenset({Reach(Role.OFFICE, school_id)}))
    return Family(services, school_id, child_id, ref, ids[0], ids[1], actors[0], actors[1], office)


async def actor_of_guardian(services: Services, guardian_id: int, school_id: int) -> Actor:
    """Return a guardian as an actor, as after a sign-in with an own password."""
    account_id = await services.database.pool.fetchval("SELECT account_id FROM guardian WHERE id = $1", guardian_id)
    return Actor(f"guardian {guardian_id}", account_id, frozenset({Reach(Role.GUARDIAN, school_id)}))
