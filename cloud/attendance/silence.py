"""Gates out of reach: what happens there is told later, so who reads a page must know that it may be incomplete."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.core.services import Services

GATES_MAX = 100

_SILENT = """
SELECT gate.school_id, gate.name_kk, gate.name_ru, gate.name_en, device.seen_at
FROM gate JOIN device ON device.id = gate.device_id
WHERE gate.school_id = ANY($1::bigint[]) AND device.state = 'active' AND NOT device.is_online
  AND device.seen_at IS NOT NULL
ORDER BY gate.school_id, gate.key LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class SilentGate:
    """A gate whose device was heard before and is not now; it goes on working, and keeps what happens."""

    names: Mapping[str, str]
    since: datetime


async def silent_gates(services: Services, school_ids: Iterable[int]) -> dict[int, Sequence[SilentGate]]:
    """Return the silent gates of each school that has any. Who may ask is the caller's to check."""
    rows = await services.database.pool.fetch(_SILENT, sorted(set(school_ids)), GATES_MAX)
    gates: dict[int, list[SilentGate]] = {}
    for row in rows:
        names = {language: row[f"name_{language}"] for language in ("kk", "ru", "en")}
        gates.setdefault(row["school_id"], []).append(SilentGate(names, row["seen_at"]))
    return dict(gates)
