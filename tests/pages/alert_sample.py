"""Alerts of absence of the sample's school: of one class held, of one waiting, of the others told or decided."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cloud.alerts import rounds
from cloud.alerts.kinds import Part, Round, State, Why
from cloud.core.services import Services

AFTER = timedelta(minutes=10)
GATE = 1  # the first one of the sample
_SEEN = """
INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, is_inside, late_min, without_card, entries,
  updated_at)
SELECT shard, school_id, id, $2, $3, false, 0, false, 1, $3 FROM person WHERE id = ANY($1)
"""
_CONSENT = """
INSERT INTO consent_answer (person_id, purpose, says, "on", way, source, recorded_at)
SELECT id, 'card', 'yes', $2, 'import', '', $3 FROM person WHERE id = ANY($1)
"""
STATES = (
    (State.TOLD, Why.NONE, 1), (State.TOLD, Why.NONE, 0), (State.HELD, Why.GATE_SHARE, 4), (State.WAITING, Why.GATE, 1),
    (State.RELEASED, Why.CLASS, 5), (State.DROPPED, Why.CLASS, 9),
)  # fmt: skip


async def write(services: Services, school_id: int, class_ids: Sequence[int], missing: Sequence[int]) -> None:
    """Write what became of the classes ten minutes after eight; `missing` are children who were not seen today."""
    pool, now = services.database.pool, services.clock.now()
    due_at = now.replace(hour=3, minute=0) + AFTER
    yesterday = now - timedelta(days=1)
    await pool.execute(_SEEN, missing, yesterday.date(), yesterday)
    await pool.execute(_CONSENT, missing, yesterday.date(), yesterday)
    kept = [
        Round(class_id, due_at.date(), due_at, _end(due_at), state, why, absent, 10, parts=_parts(state, why, absent))
        for class_id, (state, why, absent) in zip(class_ids, STATES, strict=True)
    ]
    async with pool.acquire() as connection:
        await rounds.keep(connection, school_id, kept, now)
        for state, at in ((State.RELEASED, 4), (State.DROPPED, 5)):
            ids = [each.class_id for each in kept if each.state is state]
            by = "Бақыт Оразов"
            await rounds.decide(connection, school_id, due_at.date(), ids, state, due_at + timedelta(minutes=at), by)


def _parts(state: State, why: Why, absent: int) -> tuple[Part, ...]:
    """Return who was expected, all of them by one gate where that gate holds them."""
    return (Part(GATE if why is Why.GATE_SHARE else 0, absent, 10, state is not State.TOLD),)


def _end(due_at: datetime) -> datetime:
    return due_at + timedelta(minutes=35)
