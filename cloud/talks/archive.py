"""A talk taken out whole: a ZIP with a page to read, the same as JSON, and the files, for who may; it is written down.

Rule: what was edited, deleted or hidden is in it, as who moderates sees it, with what members told of posts: not of the
posts of whoever takes it out.
"""

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.handed_files import ending_of
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.talks.files import FILES
from cloud.talks.kinds import BEFORE, HIDDEN, REPORTED, Seat, TalkRefused
from cloud.talks.reach import seat_of
from cloud.talks.reading import words_of

POSTS_MAX = 50_000
BYTES_MAX = 64 * 1024 * 1024  # of files in one archive; the page and the JSON are whole all the same
_POSTS = """
SELECT id, as_a, author, at, words_encrypted, reply_to, edited_at, deleted_at, hidden_at, hidden_by, why_encrypted
FROM talk_post WHERE talk_id = $1 ORDER BY id LIMIT $2
"""
_REVISIONS = """
SELECT talk_revision.id, post_id, talk_revision.words_encrypted, until_at FROM talk_revision
JOIN talk_post ON talk_post.id = post_id WHERE talk_id = $1 ORDER BY talk_revision.id LIMIT $2
"""
_REPORTS = """
SELECT talk_report.id, post_id, by_name, talk_report.words_encrypted, talk_report.at, decided_at, decided_by, outcome
FROM talk_report JOIN talk_post ON talk_post.id = post_id WHERE talk_id = $1 AND talk_post.account_id <> $3
ORDER BY talk_report.id LIMIT $2
"""
_FILES = """
SELECT talk_file.id, post_id, name_encrypted, media, size FROM talk_file JOIN talk_post ON talk_post.id = post_id
WHERE talk_id = $1 ORDER BY talk_file.id LIMIT $2
"""
_CONTENT = "SELECT content_encrypted FROM talk_file WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Kept:
    """A talk as it is taken out; each post is what its page and its JSON say."""

    seat: Seat
    at: datetime
    posts: Sequence[Mapping[str, Any]]
    files: Sequence[tuple[int, str]]  # id, and path within the archive
    left_out: int  # files for which there was no room


async def kept_of(services: Services, actor: Actor, school_id: int, talk_id: int) -> Kept:
    """Return all of a talk, and note that it was taken out. Raises NotAllowed, NotFound or TalkRefused."""
    actor.require(Right.TALKS_EXPORT, school_id)
    seat, now = await seat_of(services, actor, talk_id), services.clock.now()
    if seat.school_id != school_id:
        raise NotFound
    async with (
        services.database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        posts, revisions, attached = [
            await connection.fetch(query, talk_id, POSTS_MAX) for query in (_POSTS, _REVISIONS, _FILES)
        ]
        reports = await connection.fetch(_REPORTS, talk_id, POSTS_MAX, actor.account_id or 0)
    if len(posts) >= POSTS_MAX:
        raise TalkRefused(message("This talk is too long to be taken out here. Ask for the school's whole export."))
    files, left_out = _files(services, attached)
    told = _posts(services, posts, revisions, reports, files)
    async with services.database.transaction() as transaction:
        await audit(transaction, actor, "talk.taken_out", f"talk:{talk_id}", {"posts": str(len(told))},
                    school_id=school_id, at=now)  # fmt: skip
    return Kept(seat, now, told, [(file_id, path) for _, file_id, path in files], left_out)


async def zipped(services: Services, kept: Kept, page: str) -> bytes:
    """Return the archive, with the page that was made of it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("talk.html", page)
        told = {
            "talk": kept.seat.talk_id, "kind": kept.seat.kind.value, "year": kept.seat.year,
            "name": {each: kept.seat.name(each) for each in ("kk", "ru", "en")},
            "taken_out_at": kept.at.isoformat(), "files_left_out": kept.left_out, "posts": kept.posts,
        }  # fmt: skip
        archive.writestr("talk.json", json.dumps(told, ensure_ascii=False, indent=1, default=_written))
        for file_id, path in kept.files:
            sealed = await services.database.pool.fetchval(_CONTENT, file_id)
            if sealed is not None:
                content = services.vault.decrypt_bytes(sealed, FILES.content, str(file_id))
                await asyncio.to_thread(archive.writestr, path, content, zipfile.ZIP_STORED)
    return out.getvalue()


def _posts(
    services: Services, posts: Sequence[asyncpg.Record], revisions: Sequence[asyncpg.Record],
    reports: Sequence[asyncpg.Record], files: Sequence[tuple[int, int, str]],
) -> list[dict[str, Any]]:  # fmt: skip
    vault = services.vault
    before: dict[int, list[dict[str, Any]]] = {}
    for row in revisions:
        words = vault.decrypt(row["words_encrypted"], BEFORE, str(row["id"]))
        before.setdefault(row["post_id"], []).append({"until": row["until_at"], "words": words})
    told: dict[int, list[dict[str, Any]]] = {}
    for row in reports:
        words = vault.decrypt(row["words_encrypted"], REPORTED, str(row["id"]))
        told.setdefault(row["post_id"], []).append({
            "by": row["by_name"], "at": row["at"], "words": words, "decided_at": row["decided_at"],
            "decided_by": row["decided_by"], "outcome": row["outcome"],
        })  # fmt: skip
    attached: dict[int, list[str]] = {}
    for post_id, _, path in files:
        attached.setdefault(post_id, []).append(path)
    return [
        {
            "id": row["id"], "author": row["author"], "as": row["as_a"], "at": row["at"],
            "words": words_of(services, row), "reply_to": row["reply_to"], "edited_at": row["edited_at"],
            "before": before.get(row["id"], []), "deleted_at": row["deleted_at"], "hidden_at": row["hidden_at"],
            "hidden_by": row["hidden_by"], "why": _why(services, row), "reports": told.get(row["id"], []),
            "files": attached.get(row["id"], []),
        }
        for row in posts
    ]  # fmt: skip


def _why(services: Services, row: asyncpg.Record) -> str:
    return "" if row["why_encrypted"] is None else services.vault.decrypt(row["why_encrypted"], HIDDEN, str(row["id"]))


def _files(services: Services, rows: Sequence[asyncpg.Record]) -> tuple[list[tuple[int, int, str]], int]:
    """Return post, id and path of the files that there is room for, and how many there is none for."""
    files, held = [], 0
    for row in rows:
        held += row["size"]
        if held > BYTES_MAX:
            break
        name = services.vault.decrypt(row["name_encrypted"], FILES.name, str(row["id"]))
        files.append(
            (row["post_id"], row["id"], f"files/{row['id']}-{name.rpartition('.')[0][:40]}{ending_of(row['media'])}")
        )
    return files, len(rows) - len(files)


def _written(value: object) -> str:
    assert isinstance(value, datetime), "nothing else in it is not JSON"  # noqa: S101
    return value.isoformat()
