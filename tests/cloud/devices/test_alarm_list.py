"""The list of alarms: what its filters find, and who may say that an alarm was looked into."""

from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.devices.alarm_kinds import Severity
from cloud.devices.alarm_list import PAGE_SIZE, AlarmFilters, AlarmList, State, acknowledge, alarms_of, open_alarms
from cloud.devices.alarms import Raised, note_alarms
from tests.cloud.schools.factory import SYSTEM, a_school

MINUTE = timedelta(minutes=1)


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> int:
    """Return a school with three alarms; a fourth is of no school."""
    school_id, now = await a_school(services), services.clock.now()
    await note_alarms(
        services.database.pool,
        [
            Raised("gate-1", "reader_back", "", now, school_id),
            Raised("gate-1", "clone", "", now - 9 * MINUTE, school_id),
            Raised("gate-2", "clock_jumped", "", now - MINUTE, school_id),
            Raised("stray", "device_unknown", "", now),
        ],
    )
    return school_id


def it_of(school_id: int) -> Actor:
    return Actor("Данияр Ким", reaches=frozenset({Reach(Role.IT, school_id)}))


async def found(services: Services, school_id: int | None, **query: str) -> AlarmList:
    """Return what an operator finds with a query string."""
    return await alarms_of(services, SYSTEM, school_id, AlarmFilters.read(query))


async def test_the_gravest_come_first_and_filters_find(services: Services, school_id: int) -> None:
    everything = ["clone", "clock_jumped", "reader_back"]
    for query, kinds in (
        ({}, everything),
        ({"severity": "2"}, everything[:2]),
        ({"device": "gate-1"}, ["clone", "reader_back"]),
        ({"kind": "clone"}, ["clone"]),
        ({"state": "acknowledged"}, []),
        ({"state": "sonnet", "severity": "9", "page": "-7"}, everything),
        ({"page": "99999"}, everything),
    ):
        assert [alarm.kind for alarm in (await found(services, school_id, **query)).alarms] == kinds, query


async def test_an_operator_finds_those_of_all_schools_and_of_none(services: Services, school_id: int) -> None:
    everything = await found(services, None)
    of_one = await found(services, None, school="almaty5")

    assert [alarm.school for alarm in everything.alarms] == ["", "almaty5", "almaty5", "almaty5"]
    assert len(of_one.alarms) == 3
    assert everything.open == {Severity.NOTICE: 1, Severity.WARNING: 1, Severity.SEVERE: 2}


async def test_an_acknowledged_alarm_says_by_whom_and_the_audit_journal_does(
    services: Services, school_id: int
) -> None:
    ids = [alarm.id for alarm in (await found(services, school_id)).alarms]

    done = [await acknowledge(services, it_of(school_id), school_id, ids) for _ in range(2)]

    assert done == [3, 0]
    seen = await found(services, school_id, state=State.ACKNOWLEDGED)
    assert {(alarm.acknowledged_by, alarm.acknowledged_at) for alarm in seen.alarms} == {
        ("Данияр Ким", services.clock.now())
    }
    assert await open_alarms(services, it_of(school_id), school_id) == dict.fromkeys(Severity, 0)
    audited = await services.database.pool.fetch("SELECT verb, subject, actor FROM audit_entry ORDER BY id")
    assert [tuple(row) for row in audited[-3:]] == [
        ("alarm.acknowledged", f"device:{device}", "Данияр Ким") for device in ("gate-1", "gate-1", "gate-2")
    ]


async def test_it_of_one_school_acknowledges_nothing_of_another_or_of_none(services: Services, school_id: int) -> None:
    other_id = await a_school(services, "astana7")
    ids = [alarm.id for alarm in (await found(services, None)).alarms]

    assert await acknowledge(services, it_of(other_id), other_id, ids) == 0
    for school, actor in ((school_id, it_of(other_id)), (None, it_of(school_id))):
        with pytest.raises(NotAllowed):
            await acknowledge(services, actor, school, ids)
        with pytest.raises(NotAllowed):
            await alarms_of(services, actor, school, AlarmFilters())


async def test_a_long_list_comes_in_pages(services: Services, school_id: int) -> None:
    now = services.clock.now()
    more = [Raised(f"reader-{number:03d}", "tamper", "", now, school_id) for number in range(PAGE_SIZE)]
    await note_alarms(services.database.pool, more)

    last = await found(services, school_id, page="7")

    assert (last.pages, last.filters.page, last.found, len(last.alarms)) == (2, 2, PAGE_SIZE + 3, 3)


def test_filters_come_back_from_their_own_address() -> None:
    filters = AlarmFilters(State.ALL, Severity.SEVERE, "gate-1", "clone", "almaty5", 3)

    query = dict(pair.split("=") for pair in filters.query.split("&"))

    assert AlarmFilters.read(query) == filters
    assert AlarmFilters().query == ""
