"""A school with a canteen whose children have parents that are told, for tests."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.notifications.outbox import Outgoing
from cloud.notifications.queries import NoticeRow, notices_of
from cloud.notifications.teller import Teller
from cloud.people.actions import add_guardian, give_consent
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Purpose, Relation
from tests.cloud.schools.factory import SYSTEM

ALL = range(64)
_ACCOUNT = """
INSERT INTO account (password_hash, must_change, name, language, is_active, created_at)
VALUES ('x', false, $1, '', true, $2) RETURNING id
"""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Parent:
    """Somebody who is told of children."""

    guardian_id: int
    actor: Actor

    @property
    def account_id(self) -> int:
        assert self.actor.account_id is not None
        return self.actor.account_id


class Place(Protocol):
    """A school with children."""

    services: Services
    refs: list[str]
    school_id: int


async def a_parent(place: Place, *children: int, has_account: bool = True) -> Parent:
    """Add a guardian of some of the school's children, by their places, with an account."""
    services, number = place.services, next(_numbers)
    phone = f"+7701{number:07d}"
    pool, guardian_id = services.database.pool, 0
    for child in children:
        given = GuardianGiven("Айгүл Әліби", phone, None)
        person_id = await pool.fetchval("SELECT id FROM person WHERE ref = $1", place.refs[child])
        guardian_id = await add_guardian(services, SYSTEM, person_id, given, Relation.MOTHER)
        await give_consent(services, SYSTEM, person_id, Purpose.NOTICES, services.clock.now().date(), "form 12")
    account_id = await pool.fetchval(_ACCOUNT, f"Айгүл {number}", services.clock.now())
    if has_account:
        await pool.execute("UPDATE guardian SET account_id = $2 WHERE id = $1", guardian_id, account_id)
    return Parent(guardian_id, Actor(phone, account_id, frozenset({Reach(Role.GUARDIAN, place.school_id)})))


async def tell_all(services: Services) -> None:
    """Tell of everything that happened at any school."""
    await Teller(services, lambda: ALL).tell_all()


async def told_to(services: Services, parent: Parent) -> list[NoticeRow]:
    """Return what a parent was told, oldest first."""
    return (await notices_of(services, parent.actor, most=500)).notices[::-1]


class Heard:
    """A channel that keeps what it was given, and fails when it is told to."""

    name = "heard"

    def __init__(self) -> None:
        self.given: list[Outgoing] = []
        self.failures = 0

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        self.given += outgoing
        if self.failures:
            self.failures -= 1
            raise OSError("the line is cut")
