"""What is older than its rule says is gone, at its own school only, and a certificate says what went."""

from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.people.queries import people_of
from cloud.retention.actions import certificates_of, delete_due
from cloud.retention.rules import RULES
from tests.cloud.exports.factory import a_full_school
from tests.cloud.schools.factory import SYSTEM

DAYS = next(rule for rule in RULES if rule.name == "days")
_DAY = """
INSERT INTO presence (shard, "on", is_inside, late_min, without_card, entries, updated_at, person_id, school_id)
VALUES (1, $1, false, 0, false, 1, now(), $2, $3)
"""


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> int:
    """Return a school where somebody was on the last day that is kept, and on the one before."""
    school_id = await a_full_school(services)
    (person, *_) = await people_of(services, SYSTEM, school_id)
    first = DAYS.first_kept(services.clock.now().date())
    for on in (first, first - timedelta(days=1)):
        await services.database.pool.execute(_DAY, on, person.id, school_id)
    return school_id


async def test_what_is_too_old_goes_and_the_rest_stays(services: Services, school_id: int) -> None:
    deleted = await delete_due(services)

    first = DAYS.first_kept(services.clock.now().date())
    left = [row["on"] for row in await services.database.pool.fetch('SELECT "on" FROM presence ORDER BY "on"')]
    assert deleted == 1
    assert left == [first]
    assert await delete_due(services) == 0


async def test_a_certificate_says_what_went_and_cannot_be_changed(services: Services, school_id: int) -> None:
    await delete_due(services)

    (certificate,) = await certificates_of(services, SYSTEM, school_id)
    assert (certificate.rule, certificate.counts) == ("days", {"presence": 1})
    kept = await services.database.pool.fetchval("SELECT digest FROM deletion WHERE school_id = $1", school_id)
    assert certificate.digest == kept
    entry = (await noted_of(services, SYSTEM, school_id, Wanted()))[0]
    assert (entry.verb, entry.detail["rows"]) == ("retention.deleted", "1")
    with pytest.raises(Exception, match="append-only"):
        await services.database.pool.execute("DELETE FROM deletion")


async def test_certificates_are_for_who_leads_the_school(services: Services, school_id: int) -> None:
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, school_id)}))

    with pytest.raises(NotAllowed):
        await certificates_of(services, guard, school_id)
