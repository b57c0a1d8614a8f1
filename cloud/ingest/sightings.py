"""Sightings: what devices last said of themselves, written to the registry seconds late; for pages, not for proof.

Rule: a batch costs one entry of a dictionary and, twice a minute, its share of one statement for all devices.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from cloud.devices.health import Contact, Health, note_contacts, note_health
from cloud.ingest.plan import Healthy, Plan, Sighting

DEVICES_MAX = 20_000  # that wait to be written; the oldest give way
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_WRITE = """
UPDATE device SET
  seen_at = greatest(device.seen_at, seen.at), boot = coalesce(seen.boot, device.boot),
  is_online = coalesce(seen.is_online, device.is_online), firmware = coalesce(seen.firmware, device.firmware),
  roster_version = coalesce(seen.roster, device.roster_version), clock = coalesce(seen.clock, device.clock),
  unsent = coalesce(seen.unsent, device.unsent)
FROM unnest(
  $1::bigint[], $2::timestamptz[], $3::text[], $4::boolean[], $5::text[], $6::bigint[], $7::text[], $8::bigint[]
) AS seen (id, at, boot, is_online, firmware, roster, clock, unsent)
WHERE device.id = seen.id
"""
_WRITE_HEARD = """
UPDATE device SET seen_at = heard.at FROM unnest($1::bigint[], $2::timestamptz[]) AS heard (id, at)
WHERE device.id = heard.id AND (device.seen_at IS NULL OR device.seen_at < heard.at)
"""


@dataclass(slots=True)
class Sightings:
    """What waits to be written; the newest word of each device on each thing, and when its records last came."""

    _waiting: dict[int, Sighting] = field(default_factory=dict)
    _heard: dict[int, int] = field(default_factory=dict)
    _acked: dict[int, tuple[int, str]] = field(default_factory=dict)
    _healths: list[Healthy] = field(default_factory=list)

    def note(self, plan: Plan) -> None:
        """Take what a window told."""
        self._heard.update(plan.heard)
        while len(self._heard) > DEVICES_MAX:
            del self._heard[next(iter(self._heard))]
        self._acked.update(plan.acked)
        while len(self._acked) > DEVICES_MAX:
            del self._acked[next(iter(self._acked))]
        self._healths.extend(plan.healths)
        del self._healths[:-DEVICES_MAX]
        self._wait(plan.sightings.values())

    async def write(self, pool: asyncpg.Pool) -> int:
        """Write what devices said; return how many devices it was. What could not be written is tried again."""
        seen, self._waiting = list(self._waiting.values()), {}
        if seen:
            columns = zip(*[_row(each) for each in sorted(seen, key=lambda each: each.device_id)], strict=True)
            try:
                await pool.execute(_WRITE, *[list(column) for column in columns])
            except BaseException:
                later, self._waiting = list(self._waiting.values()), {}
                self._wait([*seen, *later])
                raise
        return len(seen)

    def _wait(self, sightings: Iterable[Sighting]) -> None:
        for sighting in sightings:
            known = self._waiting.pop(sighting.device_id, None)
            self._waiting[sighting.device_id] = sighting if known is None else known.followed_by(sighting)
            if len(self._waiting) > DEVICES_MAX:
                del self._waiting[next(iter(self._waiting))]

    async def write_heard(self, pool: asyncpg.Pool) -> None:
        """Write when devices' records last came and were acknowledged, and how the devices were."""
        heard, self._heard = sorted(self._heard.items()), {}
        acked, self._acked = self._acked, {}
        healths, self._healths = self._healths, []
        if heard:
            await pool.execute(_WRITE_HEARD, [each for each, _ in heard], [_instant(at_ms) for _, at_ms in heard])
            await note_contacts(pool, [_contact(each, at_ms, acked.get(each)) for each, at_ms in heard])
        if healths:
            await note_health(pool, [Health(each.device_id, _instant(each.at_ms), *each[2:]) for each in healths])


def _row(seen: Sighting) -> tuple[object, ...]:
    at = _instant(seen.at_ms)
    return seen.device_id, at, seen.boot, seen.is_online, seen.firmware, seen.roster, seen.clock, seen.unsent


def _contact(device_id: int, heard_ms: int, acked: tuple[int, str] | None) -> Contact:
    acked_at, epoch = (None, "") if acked is None else (_instant(acked[0]), acked[1])
    return Contact(device_id, _instant(heard_ms), acked_at, epoch)


def _instant(at_ms: int) -> datetime:
    return _EPOCH_START + timedelta(milliseconds=at_ms)
