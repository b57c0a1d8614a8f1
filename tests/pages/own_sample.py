"""What a school has of its own data: exports in every state."""

from datetime import timedelta

from cloud.core.services import Services

_JOB = """
INSERT INTO export_job (school_id, asked_at, asked_by, secrets, state, tries, done, total, size, finished_at,
  expires_at, failed, held_until)
VALUES ($1, $2, 'Бақыт Оразов', $3, $4, 1, $5, 100, $6, $7, $8, $9, $10)
"""


async def write(services: Services, child_id: int) -> None:
    """Write an export that is being made, one that is ready, one that failed, and one whose days are over."""
    pool, now = services.database.pool, services.clock.now()
    school_id = await pool.fetchval("SELECT school_id FROM person WHERE id = $1", child_id)
    for days, state, secrets, done, size, failed in (
        (40, "gone", [], 100, 181_400_000, ""),
        (30, "failed", [], 0, 0, "NotWritten"),
        (1, "done", ["card number", "iin"], 100, 187_300_000, ""),
        (0, "running", [], 41, 0, ""),
    ):
        at = now - timedelta(days=days, minutes=9)
        ended = at + timedelta(minutes=2) if state in {"done", "gone"} else None
        expires = None if ended is None else ended + timedelta(days=3)
        held = now + timedelta(days=1) if state == "running" else None  # no worker of a test takes it up
        await pool.execute(_JOB, school_id, at, secrets, state, done, size, ended, expires, failed, held)
