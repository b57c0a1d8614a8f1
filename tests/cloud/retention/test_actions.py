"""What is older than its rule says is gone, at its own school only, and a certificate says what went."""

from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.core.settings import NOTICE_DAYS_MAX, Settings, SettingWrong
from cloud.erasure.actions import erase_due
from cloud.people.moving import leave
from cloud.people.queries import people_of
from cloud.retention.actions import TOLD_BEFORE, Begin, certificates_of, delete_due, look, plans_of
from cloud.retention.rules import RULES
from simulators.clock import SimulatedClock
from tests.cloud.exports.factory import a_full_school
from tests.cloud.schools.factory import SYSTEM

DAYS = next(rule for rule in RULES if rule.name == "days")
_DAY = """
INSERT INTO presence (shard, "on", is_inside, late_min, without_card, entries, updated_at, person_id, school_id)
VALUES (1, $1, false, 0, false, 1, now(), $2, $3)
"""
OWED = """
INSERT INTO giving_back (school_id, person_id, amount_tiyn, paper, promised_at, promised_by)
VALUES ($1, $2, 100, '12-өтініш', now(), 'office')
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
    deleted = await delete_due(services, Begin.AT_ONCE)

    first = DAYS.first_kept(services.clock.now().date())
    left = [row["on"] for row in await services.database.pool.fetch('SELECT "on" FROM presence ORDER BY "on"')]
    assert deleted == 1
    assert left == [first]
    assert await delete_due(services) == 0


async def test_a_certificate_says_what_went_and_cannot_be_changed(services: Services, school_id: int) -> None:
    await delete_due(services, Begin.AT_ONCE)

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


async def test_a_rule_tells_first_what_it_would_delete_and_begins_a_week_later(
    services: Services, school_id: int, clock: SimulatedClock
) -> None:
    assert await look(services, SYSTEM, school_id) == {"days": {"presence": 1}}
    assert await delete_due(services) == 0

    (plan,) = await plans_of(services, SYSTEM, school_id)
    assert (plan.rule, plan.counts, plan.begins_at) == ("days", {"presence": 1}, clock.now() + TOLD_BEFORE)
    assert (await noted_of(services, SYSTEM, school_id, Wanted()))[0].verb == "retention.planned"
    clock.advance(TOLD_BEFORE.total_seconds() - 1)
    assert await delete_due(services) == 0
    clock.advance(1)
    assert await delete_due(services) == 2  # the first day that was kept is too old by now

    assert await delete_due(services) == 0
    planned = await noted_of(services, SYSTEM, school_id, Wanted(verb="retention.planned"))
    assert len(planned) == 1


async def test_who_left_a_year_ago_becomes_nameless_once_no_money_waits(
    services: Services, school_id: int, clock: SimulatedClock
) -> None:
    people = {each.name.split()[0]: each for each in await people_of(services, SYSTEM, school_id)}
    dana, aigerim = people["Ким"], people["Әліби"]
    for person in (dana, aigerim):
        await leave(services, SYSTEM, person.id)
    await services.database.pool.execute(OWED, school_id, aigerim.id)

    clock.advance(timedelta(days=367).total_seconds())
    await delete_due(services, Begin.AT_ONCE)
    await erase_due(services)

    rows = await services.database.pool.fetch("SELECT id, surname FROM person ORDER BY id")
    assert {row["id"]: row["surname"] for row in rows} == {
        dana.id: "№", aigerim.id: "Әліби", people["Ахметова"].id: "Ахметова",
    }  # fmt: skip
    assert (await look(services, SYSTEM, school_id)).get("leavers") is None


def test_notices_go_by_the_setting_and_none_is_longer_than_the_rule() -> None:
    rule = next(each for each in RULES if each.name == "notices")

    assert rule.term == timedelta(days=NOTICE_DAYS_MAX)
    with pytest.raises(SettingWrong, match="365 or less"):
        Settings(notice_days=366).check()
    Settings(notice_days=365).check()
