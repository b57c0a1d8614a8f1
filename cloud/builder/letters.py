"""Letters that a report is ready, or is made no more: to its owner, with a link, and nothing of what it holds.

Rule: neither the report's name nor anything of it stands in a letter; who has no e-mail address is told at the page.
"""

from datetime import datetime, timedelta

import asyncpg
import structlog

from cloud.accounts.logins import opened
from cloud.core.i18n import Language, as_language, translate
from cloud.core.mail import Letter, LetterRefused, NotSent, Post
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.texts import is_email, one_line

AT_ONCE = 50
AGAIN_MIN, AGAIN_MAX = timedelta(minutes=1), timedelta(hours=2)
TRIES_MAX = 30  # some two days
NO_ADDRESS, NO_MAIL = "no_address", "no_mail"
_DUE = """
SELECT run.id, run.report_id, run.state, run.letter_tries, account.login_encrypted, account.language, school.code,
  school.name_kk, school.name_ru, school.name_en
FROM built_run AS run JOIN built_report AS report ON report.id = run.report_id
JOIN account ON account.id = report.account_id JOIN school ON school.id = report.school_id
WHERE letter_next_at <= $1 ORDER BY letter_next_at LIMIT $2
"""
_SENT = "UPDATE built_run SET letter_sent_at = $2, letter_next_at = NULL, letter_tries = letter_tries + 1 WHERE id = $1"
_LATER = "UPDATE built_run SET letter_next_at = $2, letter_tries = letter_tries + 1 WHERE id = $1"
_FAILED = (
    "UPDATE built_run SET letter_failed = $2, letter_next_at = NULL, letter_tries = letter_tries + 1 WHERE id = $1"
)
log = structlog.get_logger()


async def send_ready(services: Services, post: Post | None) -> int:
    """Send the letters that are due, and return how many were taken."""
    rows = await services.database.pool.fetch(_DUE, services.clock.now(), AT_ONCE)
    return sum([await _send_one(services, post, row) for row in rows])


def letter_of(services: Services, row: asyncpg.Record, address: str, now: datetime) -> Letter:
    """Return the letter of a run, in its owner's language."""
    language = as_language(row["language"]) or Language.KK
    school = one_line({Language.RU: row["name_ru"], Language.EN: row["name_en"]}.get(language, row["name_kk"]))
    url = f"{services.settings.public_url.rstrip('/')}/schools/{row['code']}/builder/{row['report_id']}"
    match row["state"]:
        case "made":
            title = message("{school}: a report that you asked for is ready", school=school)
            body = message(
                "A report that you let be made by itself is ready. Sign in to read it:\n\n{url}\n\nFor the sake of "
                "people's data nothing of it stands in this letter.",
                url=url,
            )
        case "cut":
            title = message("{school}: a report that you asked for took too long", school=school)
            body = message(
                "A report that you let be made by itself took too long and was stopped. Open it and choose fewer days "
                "or a part of the school:\n\n{url}",
                url=url,
            )
        case _:
            title = message("{school}: a report is not made by itself any more", school=school)
            body = message(
                "A report of yours is not made by itself any more: your role does not show any more what it is about, "
                "or it was chosen in another version. See the page:\n\n{url}",
                url=url,
            )
    return Letter(
        f"built-{row['id']}", address, translate(language, title), translate(language, body), now
    )  # fmt: skip


async def _send_one(services: Services, post: Post | None, row: asyncpg.Record) -> bool:
    pool, now = services.database.pool, services.clock.now()
    address = opened(services.vault, row["login_encrypted"])
    if post is None or not is_email(address):
        await pool.execute(_FAILED, row["id"], NO_MAIL if post is None else NO_ADDRESS)
        return False
    try:
        await post.send(letter_of(services, row, address, now))
    except LetterRefused as refused:
        await pool.execute(_FAILED, row["id"], str(refused)[:200])
        log.warning("built_letter.refused", run=row["id"], why=str(refused)[:100])
        return False
    except NotSent as failed:
        await _later(pool, row, now, str(failed))
        return False
    await pool.execute(_SENT, row["id"], now)
    return True


async def _later(pool: asyncpg.Pool, row: asyncpg.Record, now: datetime, why: str) -> None:
    if row["letter_tries"] + 1 >= TRIES_MAX:
        await pool.execute(_FAILED, row["id"], why[:200])
    else:
        await pool.execute(_LATER, row["id"], now + min(AGAIN_MAX, AGAIN_MIN * 2 ** min(row["letter_tries"], 10)))
    log.warning("built_letter.not_sent", run=row["id"], why=why[:100])
