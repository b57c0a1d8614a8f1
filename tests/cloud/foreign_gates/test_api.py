"""Passages at gates of another system become days like those at ours, once each; ours are read from a place on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx2
import pytest

from cloud.attendance.models import Movement, MovementKind, Presence
from cloud.core.services import Services
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.people.models import Person
from cloud.tokens.scopes import Scope
from simulators.clock import SimulatedClock
from tests.cloud.oneroster.factory import roster
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.tokens.factory import program, token

PATH = "/api/v1/passages"


@pytest.mark.requirement("KZ456-33-1.2", part="access-control")
async def test_a_child_that_passed_a_foreign_turnstile_is_at_school(services: Services, clock: SimulatedClock) -> None:
    at, child = await numbered(services)
    came_at = clock.now() - timedelta(minutes=5)
    async with gates(services, at) as client:
        told = {"logs": [sigur(1, came_at.timestamp(), direction=2)]}
        first = await client.post(f"{PATH}/sigur", json=told)
        again = await client.post(f"{PATH}/sigur", json=told)
        there = await Presence.get(person_id=child.id)
        await client.post(f"{PATH}/sigur", json={"logs": [sigur(2, clock.now().timestamp(), direction=1)]})

    assert (first.json(), again.json()) == ({"confirmedLogId": 1}, {"confirmedLogId": 1})
    assert (there.first_in_at, there.is_inside, there.entries) == (came_at, True, 1)
    assert not (await Presence.get(person_id=child.id)).is_inside
    assert {(each.device, each.gate, each.kind) for each in await Movement.all()} == {
        ("sigur", "sigur-3", MovementKind.CARD)
    }


async def test_days_are_made_of_passages_at_foreign_gates_and_at_ours(
    services: Services, clock: SimulatedClock
) -> None:
    at, child = await numbered(services)
    await at_our_gate(services, at, child, clock.now() - timedelta(minutes=30))
    async with gates(services, at) as client:
        rows = [
            {"id": 9, "tabel_number": "1042", "time_label": "2026-09-01 06:58:00", "zone_exit": "Мектеп"},
            {
                "id": 10,
                "tabel_number": "1042",
                "time_label": "2026-09-01 06:59:00",
                "zone_exit": "A",
                "zone_enter": "B",
            },
        ]
        taken = await client.post(f"{PATH}/perco", json={"rows": rows})
        day = await Presence.get(person_id=child.id)
        read = (await client.get(PATH)).json()
        after = (await client.get(PATH, params={"after": read["next"]})).json()

    assert taken.json() == {"new": 1, "known": 0, "unknown": 0, "out_of_time": 0, "skipped": 1}
    assert day.first_in_at == clock.now() - timedelta(minutes=30)
    assert not day.is_inside, "came by our gate, left by theirs"
    assert [(each["number"], each["gate"]) for each in read["passages"]] == [("1042", "north")], (
        "theirs is not told back"
    )
    assert after == {"passages": [], "next": read["next"]}


async def test_what_is_of_nobody_or_of_another_time_is_counted_and_not_kept(
    services: Services, clock: SimulatedClock
) -> None:
    at, _ = await numbered(services)
    now = clock.now()
    told = [
        passage("1", "9999", now), passage("2", "1042", now + timedelta(hours=1)),
        passage("3", "1042", now - timedelta(days=40)), passage("4", "1042", now), passage("4", "1042", now),
        passage("5", "1042", now.replace(tzinfo=None)),
    ]  # fmt: skip
    async with gates(services, at) as client:
        taken = await client.post(f"{PATH}/of/gymnasium", json={"passages": told})

    assert taken.json() == {"new": 1, "known": 1, "unknown": 1, "out_of_time": 2, "skipped": 1}
    assert await Movement.all().count() == 1


async def test_who_did_not_consent_to_be_known_by_a_card_is_not_kept_from_another_gate_either(
    services: Services, clock: SimulatedClock
) -> None:
    at, _ = await numbered(services)
    await Person.filter(school_id=at, given_name="Тимур").update(number="1043")
    told = [passage("1", "1042", clock.now()), passage("2", "1043", clock.now())]
    async with gates(services, at) as client:
        taken = await client.post(f"{PATH}/of/gymnasium", json={"passages": told})

    assert taken.json() == {"new": 1, "known": 0, "unknown": 1, "out_of_time": 0, "skipped": 0}
    assert await Movement.all().count() == 1


async def test_a_number_of_another_school_is_nobody_here(services: Services, clock: SimulatedClock) -> None:
    at, _ = await numbered(services)
    other = await roster(services, "astana7")
    async with gates(services, other) as client:
        taken = await client.post(f"{PATH}/of/gymnasium", json={"passages": [passage("1", "1042", clock.now())]})

    assert taken.json()["unknown"] == 1
    assert await Movement.filter(school_id=at).count() == 0


async def test_who_may_only_read_tells_nothing_and_the_reverse(services: Services) -> None:
    at, _ = await numbered(services)
    reads, writes = await token(services, at, Scope.PASSAGES_READ), await token(services, at, Scope.PASSAGES_WRITE)
    async with program(services, reads.secret) as reader, program(services, writes.secret) as writer:
        answers = [await reader.post(f"{PATH}/sigur", json={"logs": []}), await writer.get(PATH)]
        malformed = await writer.post(f"{PATH}/of/x", json={"passages": [{"id": "1"}]})

    assert {answer.status_code for answer in answers} == {HTTPStatus.FORBIDDEN}
    assert malformed.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@asynccontextmanager
async def gates(services: Services, at: int) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask as an access control system does."""
    made = await token(services, at, Scope.PASSAGES_READ, Scope.PASSAGES_WRITE)
    async with program(services, made.secret) as client:
        yield client


async def test_a_program_reads_who_is_at_school(services: Services, clock: SimulatedClock) -> None:
    at, child = await numbered(services)
    reads = await token(services, at, Scope.PRESENCE_READ)
    async with gates(services, at) as client, program(services, reads.secret) as reader:
        await client.post(f"{PATH}/sigur", json={"logs": [sigur(1, clock.now().timestamp(), direction=2)]})
        day = (await reader.get("/api/v1/presence")).json()
        refused = await client.get("/api/v1/presence")

    assert (day["on"], [(each["person"], each["is_inside"]) for each in day["people"]]) == (
        "2026-09-01", [(child.ref, True)],
    )  # fmt: skip
    assert refused.status_code == HTTPStatus.FORBIDDEN


async def numbered(services: Services) -> tuple[int, Person]:
    """Write a school where one child has a number that the other system knows."""
    at = await roster(services)
    await Person.filter(school_id=at, given_name="Әлия").update(number="1042")
    child = await Person.get(school_id=at, given_name="Әлия")
    await give_consent(services, SYSTEM, child.id, Purpose.CARD, services.clock.now().date(), "form 12")
    return at, child


async def at_our_gate(services: Services, at: int, child: Person, came_at: datetime) -> None:
    """Write that a child came by our gate."""
    now = services.clock.now()
    await Movement(
        shard=7, position=1, school_id=at, person_id=child.id, on=now.date(), at=came_at,
        received_at=now - timedelta(minutes=1), direction="in", gate="north", kind=MovementKind.CARD, clock="ntp",
        device="gate-1", epoch="e", seq=1,
    ).save()  # fmt: skip


def sigur(number: int, at_s: float, direction: int) -> dict[str, object]:
    return {"logId": number, "time": int(at_s), "empId": "1042", "accessPoint": 3, "direction": direction}


def passage(number: str, whose: str, at: datetime) -> dict[str, object]:
    return {"id": number, "number": whose, "at": at.isoformat(), "direction": "in", "gate": "yard"}
