"""Grants without an end are found and flagged once."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from edge_agent.journal.entry import Entry
from edge_agent.unfinished import unfinished
from schemas import structs
from tests.edge_agent.school import ALIYA, GUARD, at
from tests.edge_agent.test_view import E1, E2, entry, opened, passage, stamped


class Past:
    """Some newest entries."""

    def __init__(self, *records: structs.AnyRecord | bytes | None, later: Sequence[structs.AnyRecord] = ()) -> None:
        written = [record if isinstance(record, bytes | None) else msgspec.json.encode(record) for record in records]
        after = [msgspec.json.encode(record) for record in later]
        self.entries = [Entry(E1, seq, record, b"") for seq, record in enumerate(written, start=1)]
        self.entries += [Entry(E2, seq, record, b"") for seq, record in enumerate(after, start=1)]

    async def recent(self, limit: int) -> list[Entry]:
        return self.entries[-limit:]


async def flags(past: Past, gates: Sequence[str] = ("main",)) -> list[tuple[Any, ...]]:
    records = [msgspec.json.decode(flag, type=structs.Passage) for flag in await unfinished(past, gates, at(5_000))]
    return [(r.gate, r.direction, r.outcome, r.person, r.epoch, r.decision_seq) for r in records]


HAND_PASS = structs.HandPass(**stamped(0), gate="main", direction="in", person=ALIYA, staff=GUARD, reason="lost")
DENIED = msgspec.structs.replace(entry(), outcome="denied", reason="wrong_time")


@pytest.mark.parametrize(
    ("past", "of_seq"),
    [
        (Past(opened(), entry()), 2),
        (Past(HAND_PASS), 1),
        (Past(entry(), passage(1, "passed"), entry()), 3),
        (Past(entry(), later=[opened()]), 1),
    ],
)
async def test_a_grant_without_an_end_is_flagged(past: Past, of_seq: int) -> None:
    assert await flags(past) == [("main", "in", "unknown", ALIYA, E1, of_seq)]


@pytest.mark.parametrize(
    "past",
    [
        Past(),
        Past(opened(), DENIED),
        Past(entry(), passage(1, "passed")),
        Past(entry(), passage(1, "no_passage")),
        Past(entry(), later=[opened(), passage(1, "unknown", epoch=E1)]),
        Past(None, b"{", b'{"k":"new"}'),
    ],
)
async def test_what_has_ended_or_never_was_is_not_flagged(past: Past) -> None:
    assert await flags(past) == []


async def test_a_gate_without_a_sensor_has_no_ends() -> None:
    assert await flags(Past(entry()), gates=["yard"]) == []
