"""What a device hears that asks for a release: the newest that its stage allows; and what its question tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.core.services import Services
from cloud.devices.registry import Registered
from cloud.releases.errors import AskedWrong
from cloud.releases.rollouts import look_at
from cloud.releases.rules import Stage, is_in_stage
from cloud.releases.store import verified
from schemas.release import ANY_BOARD, NUMBER_MAX, PRODUCTS, TEXT_MAX

WHYS = ("crashed", "hung", "no_ack", "tampered", "refused")

_NOTE = """
INSERT INTO device_program (device_id, product, board, counter, asked_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (device_id) DO UPDATE SET product = excluded.product, board = excluded.board,
  counter = excluded.counter, asked_at = excluded.asked_at
"""
_OF = """
SELECT rollout.id FROM rollout JOIN release ON release.id = release_id
WHERE product = $1 AND board = ANY($2::text[]) AND counter = $3 LIMIT 2
"""
_DONE = """
UPDATE rollout_device SET done_at = $3, failed_at = NULL, why = ''
WHERE rollout_id = $1 AND device_id = $2 AND done_at IS NULL RETURNING true
"""
_TRIED = """
UPDATE rollout_device SET tried_at = $3 WHERE rollout_id = $1 AND device_id = $2 AND tried_at IS NULL RETURNING true
"""
_FAILED = """
UPDATE rollout_device SET failed_at = $3, why = $4
WHERE rollout_id = $1 AND device_id = $2 AND failed_at IS NULL AND done_at IS NULL RETURNING true
"""
_RUNNING = """
SELECT rollout.id, stage, counter, manifest, first_device_id = $3 AS is_first FROM rollout
JOIN release ON release.id = release_id
WHERE state = 'running' AND product = $1 AND board = ANY($2::text[]) AND counter > $4
  AND NOT EXISTS (SELECT FROM rollout_device AS own
    WHERE own.rollout_id = rollout.id AND own.device_id = $3 AND own.failed_at IS NOT NULL)
ORDER BY counter DESC LIMIT 8
"""
_OFFER = """
INSERT INTO rollout_device (rollout_id, device_id, offered_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a device says of itself when it asks."""

    product: str
    board: str
    have: int
    trying: int = 0
    bad: int = 0
    why: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Return what a query says. Raises AskedWrong."""
        product, board, why = query.get("product", ""), query.get("board", ""), query.get("why", "")
        numbers = [query.get(name, "0") for name in ("have", "trying", "bad")]
        is_right = product in PRODUCTS and 1 <= len(board) <= TEXT_MAX and board.isascii() and why in (*WHYS, "")
        if not is_right or not all(text.isascii() and text.isdigit() and len(text) <= 16 for text in numbers):
            raise AskedWrong
        have, trying, bad = (min(int(text), NUMBER_MAX) for text in numbers)
        return cls(product, board, have, trying, bad, why)

    @property
    def boards(self) -> list[str]:
        return [self.board, ANY_BOARD]


async def offer(services: Services, device: Registered, asked: Asked) -> bytes | None:
    """Note what a device says, and return the manifest file that is meant for it now, if there is one.

    Raises ReleaseKeyMissing, ReleaseKeyRefused or ReleaseNotTaken when what is kept is not what was signed.
    """
    now = services.clock.now()
    async with services.database.pool.acquire() as connection, connection.transaction():
        await connection.execute(_NOTE, device.device_id, asked.product, asked.board, asked.have, now)
        told_of = await _settle(connection, device, asked, now)
    for rollout_id in told_of:
        await look_at(services, rollout_id)
    async with services.database.pool.acquire() as connection:
        found = await connection.fetch(_RUNNING, asked.product, asked.boards, device.device_id, asked.have)
        for row in found:
            if row["is_first"] or is_in_stage(Stage(row["stage"]), device.name, row["counter"]):
                verified(services, row["manifest"])
                await connection.execute(_OFFER, row["id"], device.device_id, now)
                return bytes(row["manifest"])
    return None


async def _settle(connection: asyncpg.Connection, device: Registered, asked: Asked, now: datetime) -> list[int]:
    """Note what came of releases that the device was offered; return the rollouts that something came of."""
    changed = []
    for counter, sql, more in (
        (asked.have, _DONE, ()),
        (asked.trying, _TRIED, ()),
        (asked.bad, _FAILED, (asked.why or "refused",)),
    ):
        for row in await connection.fetch(_OF, asked.product, asked.boards, counter) if counter else ():
            if await connection.fetchval(sql, row["id"], device.device_id, now, *more):
                changed.append(row["id"])  # noqa: PERF401 (each is a write)
    return changed
