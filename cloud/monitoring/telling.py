"""Telling operators of troubles: each target once that it began and once that it is over, by the channels there are.

Rule: what was not taken is tried again, with longer pauses, for two days; no transaction waits for a channel.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import structlog

from cloud.core.i18n import Language, translate
from cloud.core.messages import Message, message
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.monitoring.kinds import ABOUT, Kind
from cloud.monitoring.targets import NeverTold, NotTold, Target, Telling, targets_of

AT_ONCE = 20
AGAIN_MIN, AGAIN_MAX = timedelta(seconds=30), timedelta(hours=1)
TRIED_FOR = timedelta(days=2)
RUNBOOKS = "docs/runbooks.md"
_DUE = """
SELECT trouble_id, stage, target, tries, kind, subject, detail, began_at, ended_at FROM trouble_message
JOIN trouble ON trouble.id = trouble_id WHERE sent_at IS NULL AND failed = '' AND next_at <= $1
ORDER BY next_at LIMIT $2
"""
_OF_ONE = "WHERE trouble_id = $1 AND stage = $2 AND target = $3"
_SENT = f"UPDATE trouble_message SET sent_at = $4, tries = tries + 1 {_OF_ONE}"  # noqa: S608 (of our own words)
_LATER = f"UPDATE trouble_message SET next_at = $4, tries = tries + 1 {_OF_ONE}"  # noqa: S608
_FAILED = f"UPDATE trouble_message SET failed = $4, tries = tries + 1 {_OF_ONE}"  # noqa: S608
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """A trouble as it is told."""

    kind: Kind
    subject: str
    detail: str
    began_at: datetime
    ended_at: datetime | None  # None: it goes on


async def tell_due(services: Services) -> int:
    """Tell what is due; return how many were taken."""
    targets, sent = targets_of(services.settings), 0
    for row in await services.database.pool.fetch(_DUE, services.clock.now(), AT_ONCE):
        sent += await _tell_one(services, targets.get(row["target"]), row)
    return sent


async def _tell_one(services: Services, target: Target | None, row: asyncpg.Record) -> bool:
    pool, now = services.database.pool, services.clock.now()
    own = (row["trouble_id"], row["stage"], row["target"])
    is_over = row["stage"] == "over"
    told = Told(Kind(row["kind"]), row["subject"], row["detail"], row["began_at"], row["ended_at"] if is_over else None)
    if target is None:
        await pool.execute(_FAILED, *own, "no longer in the settings")
        return False
    try:
        await target.tell(services.settings, telling_of(services.settings, told, f"trouble-{own[0]}-{own[1]}", now))
    except NeverTold as error:
        await pool.execute(_FAILED, *own, str(error)[:200])
        log.warning("trouble.not_told", trouble=own[0], target=own[2], why=str(error)[:100])
        return False
    except NotTold as error:
        log.warning("trouble.told_later", trouble=own[0], target=own[2], why=str(error)[:100])
        if now - (row["ended_at"] or row["began_at"]) > TRIED_FOR:
            await pool.execute(_FAILED, *own, str(error)[:200])
        else:
            await pool.execute(_LATER, *own, now + min(AGAIN_MAX, AGAIN_MIN * 2 ** min(row["tries"], 10)))
        return False
    await pool.execute(_SENT, *own, now)
    return True


def telling_of(settings: Settings, told: Told, key: str, now: datetime) -> Telling:
    """Return what is told of a trouble, in the language of the settings."""
    language = Language(settings.operator_language)
    about = ABOUT[told.kind]
    word = translate(language, about.word)
    title = translate(language, _over_title(word, told.subject)) if told.ended_at else f"{word}: {told.subject}"
    body = [title, told.detail, translate(language, _when(told))]
    if told.ended_at is None:
        body += [translate(language, about.step), translate(language, _where(told.kind, settings.public_url))]
    return Telling(key, title, "\n\n".join(each for each in body if each), now)


def _over_title(word: str, subject: str) -> Message:
    return message("Over: {word}: {subject}", word=word, subject=subject)


def _when(told: Told) -> Message:
    began = f"{told.began_at:%d.%m.%Y %H:%M}"
    if told.ended_at is None:
        return message("Since {began} UTC.", began=began)
    return message("It lasted from {began} to {ended} UTC.", began=began, ended=f"{told.ended_at:%d.%m.%Y %H:%M}")


def _where(kind: Kind, url: str) -> Message:
    return message("Step by step: {runbook}. As it is now: {page}", runbook=f"{RUNBOOKS}#{kind.value}",
                   page=f"{url.rstrip('/')}/servers")  # fmt: skip
