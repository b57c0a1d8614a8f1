"""Anchors leave the database: into a folder, and to the school by e-mail.

Rule: what did not leave is tried again at every look, and an alarm tells of what does not leave.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from cloud.audit.chain import NO_SCHOOL
from cloud.core.files import NotWritten, whole
from cloud.core.i18n import Language, translate
from cloud.core.mail import Attachment, Letter, LetterRefused, NotSent, Post
from cloud.core.messages import Message, message
from cloud.core.services import Services
from cloud.devices.alarms import note_alarm
from cloud.integrity.anchor import EMAIL

AT_ONCE = 1_000
TRIED_FOR = timedelta(days=2)  # then an alarm tells that an anchor did not leave
SEND_S = 60.0
LETTERS_IN = (Language.KK, Language.RU)
_UNFILED = "SELECT chain, number, file_name, file FROM anchor WHERE filed_at IS NULL ORDER BY at LIMIT $1"
_FILED = "UPDATE anchor SET filed_at = $3 WHERE chain = $1 AND number = $2"
_UNSENT = """
SELECT anchor.chain, anchor.number, at, file_name, file, email_encrypted, school.code, school.name_kk AS kk,
  school.name_ru AS ru, school.zone
FROM anchor JOIN anchor_address AS address ON address.school_id = anchor.chain JOIN school ON school.id = anchor.chain
WHERE sent_at IS NULL AND at >= address.since ORDER BY at LIMIT $1
"""
_SENT = "UPDATE anchor SET sent_at = $3 WHERE chain = $1 AND number = $2"
log = structlog.get_logger()


async def deliver_due(services: Services, post: Post | None) -> None:
    """Write anchors that are not in the folder yet, and send those that are not with their schools yet."""
    await _file_due(services)
    if post is None:
        return
    for row in await services.database.pool.fetch(_UNSENT, AT_ONCE):
        await _send(services, post, row, services.clock.now())


async def anchors_in(folder: Path) -> Sequence[Path]:
    """Return the anchors of a folder, in the order of their names."""
    return await asyncio.to_thread(lambda: sorted(folder.glob("*.anchor")) if folder.is_dir() else [])


async def _file_due(services: Services) -> None:
    now = services.clock.now()
    for row in await services.database.pool.fetch(_UNFILED, AT_ONCE):
        path = services.settings.anchors_folder / row["file_name"]
        try:
            await asyncio.to_thread(_write, path, row["file"])
        except NotWritten as error:
            await _alarm(services, row["chain"], str(error), now)
            return
        await services.database.pool.execute(_FILED, row["chain"], row["number"], now)


async def _send(services: Services, post: Post, row: asyncpg.Record, now: datetime) -> None:
    try:
        async with asyncio.timeout(SEND_S):
            await post.send(_letter(services, row))
    except (NotSent, LetterRefused, TimeoutError) as error:
        log.warning("anchor.not_sent", school=row["code"], error=type(error).__name__)
        if isinstance(error, LetterRefused) or now - row["at"] > TRIED_FOR:
            await _alarm(services, row["chain"], f"number {row['number']} was not sent: {error}", now)
        return
    await services.database.pool.execute(_SENT, row["chain"], row["number"], now)


def _letter(services: Services, row: asyncpg.Record) -> Letter:
    to = services.vault.decrypt(row["email_encrypted"], EMAIL)
    day = row["at"].astimezone(ZoneInfo(row["zone"])).strftime("%d.%m.%Y")
    subject = " / ".join(translate(each, _subject(day)) for each in LETTERS_IN)
    text = "\n\n".join(translate(each, _told(row[each.value], day)) for each in LETTERS_IN)
    key = hashlib.sha256(row["file_name"].encode()).hexdigest()[:32]
    attached = Attachment(row["file_name"], "application/octet-stream", bytes(row["file"]))
    return Letter(f"anchor-{key}", to, subject, text, row["at"], [attached])


def _subject(day: str) -> Message:
    return message("Anchor of {day}: keep this file", day=day)


def _told(school: str, day: str) -> Message:
    return message(
        "This file proves what the records of {school} were on {day}. Keep it where the service's operator cannot "
        "reach it: with the files before it, it shows whether anything was changed later. Nobody's data stand in it.",
        school=school, day=day,
    )  # fmt: skip


def _write(path: Path, content: bytes) -> None:
    """Write an anchor into the folder; one that is there already is left as it is, and compared at night."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise NotWritten(
            message("{file} cannot be written: {why}. Make room, or choose another folder.",
                    file=str(path.parent), why=error.strerror or "")
        ) from error  # fmt: skip
    if not path.exists():
        with whole(path) as out:
            out.write(content)


async def _alarm(services: Services, chain: int, detail: str, now: datetime) -> None:
    school_id = chain if chain != NO_SCHOOL else None
    async with services.database.pool.acquire() as connection:
        await note_alarm(connection, school_id, "service", "anchor_stays", detail, now)
