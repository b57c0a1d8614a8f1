"""Sightings: what devices last said of themselves, written to the registry seconds late; for pages, not for proof."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from cloud.ingest.plan import Sighting

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


@dataclass(slots=True)
class Sightings:
    """What waits to be written; the newest word of each device on each thing."""

    _waiting: dict[int, Sighting] = field(default_factory=dict)

    def note(self, sightings: Iterable[Sighting]) -> None:
        """Take what a window told."""
        for sighting in sightings:
            known = self._waiting.pop(sighting.device_id, None)
            self._waiting[sighting.device_id] = sighting if known is None else _merged(known, sighting)
            if len(self._waiting) > DEVICES_MAX:
                del self._waiting[next(iter(self._waiting))]

    async def write(self, pool: asyncpg.Pool) -> int:
        """Write what waits; return how many devices it was."""
        seen, self._waiting = list(self._waiting.values()), {}
        if seen:
            columns = zip(*[_row(each) for each in sorted(seen, key=lambda each: each.device_id)], strict=True)
            await pool.execute(_WRITE, *[list(column) for column in columns])
        return len(seen)


def _merged(old: Sighting, new: Sighting) -> Sighting:
    told = {name: value for name in new.__struct_fields__ if (value := getattr(new, name)) is not None}
    return msgspec.structs.replace(old, **told)


def _row(seen: Sighting) -> tuple[object, ...]:
    at = _EPOCH_START + timedelta(milliseconds=seen.at_ms)
    return seen.device_id, at, seen.boot, seen.is_online, seen.firmware, seen.roster, seen.clock, seen.unsent
