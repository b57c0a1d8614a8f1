"""What a school and a family have of their own data: exports in every state, and requests to correct something."""

from datetime import timedelta

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.people.corrections import Kept, Outcome, Wrong, answer_correction, ask_correction

_JOB = """
INSERT INTO export_job (school_id, asked_at, asked_by, secrets, state, tries, done, total, size, finished_at,
  expires_at, failed, held_until)
VALUES ($1, $2, 'Бақыт Оразов', $3, $4, 1, $5, 100, $6, $7, $8, $9, $10)
"""
_GUARDIAN = """
SELECT account_id, guardian.school_id, ref FROM guardian JOIN guardianship ON guardian_id = guardian.id
WHERE person_id = $1 AND account_id IS NOT NULL LIMIT 1
"""
_CERTIFICATE = """
INSERT INTO deletion (school_id, rule, before, at, counts, digest)
VALUES ($1, 'days', $3, $2, '{"movement": 812, "presence": 406}', '')
"""
_PLAN = """
INSERT INTO deletion_plan (school_id, rule, told_at, begins_at, before, counts)
VALUES ($1, 'notices', $2, $3, $4, '{"notice": 40}')
"""
_REF = "SELECT ref FROM person WHERE id = $1"


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
    await _requests(services, child_id, school_id)
    await pool.execute(_CERTIFICATE, school_id, now - timedelta(days=2), now.date() - timedelta(days=732))
    await pool.execute(_PLAN, school_id, now, now + timedelta(days=7), now.date() - timedelta(days=365))


async def _requests(services: Services, child_id: int, school_id: int) -> None:
    """Write a request that was refused with its reason, and one that waits."""
    row = await services.database.pool.fetchrow(_GUARDIAN, child_id)
    ref = await services.database.pool.fetchval(_REF, child_id)
    mother = Actor("Айгүл Қожахмет", row["account_id"], frozenset({Reach(Role.GUARDIAN, school_id)}))
    office = Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.OFFICE, school_id)}))
    refused = Wrong(Kept.DAYS, "28 тамызда бала мектепте болды", "28 тамыз, 08:05-те кірді")
    await ask_correction(services, mother, ref, refused)
    await ask_correction(services, mother, ref, Wrong(Kept.CONTACTS, "Телефон ескі", "+7 701 000 11 22"))
    number = await services.database.pool.fetchval("SELECT min(id) FROM correction_request")
    reason = "Қақпада бұл күні картаның жазбасы жоқ, күзетші де белгілемеген."
    await answer_correction(services, office, school_id, number, Outcome.REFUSED, reason)
