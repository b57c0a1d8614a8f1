"""Anchors are compared with the database: who rewrote it, and made its chains anew, is found by what left it before.

Rule: an anchor is believed by its signature alone; those of one chain follow one another without a gap, but for those
that a told restore left behind, which are named.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.audit.verifying import Tell
from cloud.core.services import Services
from cloud.integrity.anchor import TEXT_MAX, Anchor, AnchorRefused, opened
from cloud.integrity.delivering import anchors_in
from cloud.integrity.heads import books_digest
from cloud.integrity.keys import trusted_keys
from cloud.integrity.restores import restores_of

_AUDIT = "SELECT digest FROM audit_link WHERE chain = $1 AND number = $2"
_EPOCHS = """
SELECT told.device, told.epoch, told.seq, told.digest AS told, coalesce(
  (SELECT digest FROM record WHERE record.epoch = told.epoch AND record.device = told.device AND record.seq = told.seq
    ORDER BY digest = decode(told.digest, 'hex') DESC LIMIT 1),
  (SELECT digest FROM quarantine AS kept WHERE kept.device = told.device AND kept.epoch = told.epoch
    AND kept.seq = told.seq ORDER BY digest = decode(told.digest, 'hex') DESC LIMIT 1),
  (SELECT digest FROM loss WHERE loss.device = told.device AND loss.epoch = told.epoch AND loss.last_seq = told.seq
    ORDER BY digest = decode(told.digest, 'hex') DESC LIMIT 1),
  (SELECT digest FROM watermark AS mark WHERE mark.device = told.device AND mark.epoch = told.epoch
    AND mark.upto = told.seq)
) AS found, told.lost, (
  SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM loss
  WHERE loss.device = told.device AND loss.epoch = told.epoch AND last_seq <= told.seq
) AS lost_now
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[]) AS told (device, epoch, seq, digest, lost)
"""
_SCHOOL = "SELECT id FROM school WHERE code = $1"
_KNOWN = "SELECT chain, number, file_name, digest FROM anchor WHERE filed_at IS NOT NULL ORDER BY chain, number"


@dataclass(frozen=True, slots=True)
class Compared:
    """How many anchors were compared, and what those tell of that a restore left behind; they prove nothing now."""

    anchors: int
    left_behind: Sequence[tuple[str, str]] = ()


async def compare_folder(services: Services, folder: Path, tell: Tell) -> Compared:
    """Compare every anchor of a folder with the database; `tell` hears of each thing that differs."""
    trusted, anchors = trusted_keys(services.settings), []
    for path in await anchors_in(folder):
        content = await asyncio.to_thread(_read, path)
        if (anchor := _believed(path.name, content, trusted, tell)) is not None:
            anchors.append(anchor)
    restores = await restores_of(services)
    held = [each for each in anchors if not any(restore.left_behind(each) for restore in restores)]
    for problem in followed(held):
        tell(*problem)
    for anchor in held:
        await compare(services, anchor, tell)
    counts = [(each, sum(each.left_behind(anchor) for anchor in anchors)) for each in restores]
    return Compared(len(held), [restore.told(count) for restore, count in counts if count])


async def compare_own(services: Services, tell: Tell) -> Compared:
    """Compare the service's own folder, and look that none that was written there is missing."""
    folder = services.settings.anchors_folder
    compared = await compare_folder(services, folder, tell)
    there = {path.name for path in await anchors_in(folder)}
    for row in await services.database.pool.fetch(_KNOWN):
        if row["file_name"] not in there:
            tell(f"anchor {row['file_name']}", "it was written into the folder and is gone")
    return compared


async def compare(services: Services, anchor: Anchor, tell: Tell) -> None:
    """Compare one anchor that is believed with the database."""
    place = f"anchor {anchor.file_name}"
    async with (
        services.database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if anchor.school and await connection.fetchval(_SCHOOL, anchor.school) != anchor.chain:
            tell(place, f"school {anchor.school} is gone, or has another number: this is another database")
            return
        if anchor.audit is not None:
            found = await connection.fetchval(_AUDIT, anchor.chain, anchor.audit.number)
            if problem := _differs(found, anchor.audit.digest):
                tell(place, f"number {anchor.audit.number} of the audit journal {problem}")
        for problem in await _epochs(connection, anchor):
            tell(place, problem)
        books = anchor.books
        if books and await books_digest(connection, anchor.chain, books.first, books.last) != books.digest:
            tell(place, f"entries {books.first} to {books.last} of the ledger are not what they were")


def followed(anchors: Iterable[Anchor]) -> list[tuple[str, str]]:
    """Return what is wrong about the order of anchors: one is missing, or does not follow the one before."""
    problems: list[tuple[str, str]] = []
    last: dict[int, Anchor] = {}
    for anchor in sorted(anchors, key=lambda each: (each.chain, each.number)):
        before = last.get(anchor.chain)
        place = f"anchor {anchor.file_name}"
        if before is not None and anchor.number == before.number:
            if anchor.text != before.text:
                problems.append((place, "there are two of this number that differ"))
            continue
        if before is not None and anchor.number != before.number + 1:
            problems.append((place, f"those between it and number {before.number} are missing"))
        elif before is not None and anchor.previous != before.digest:
            problems.append((place, "it does not follow the one before it"))
        last[anchor.chain] = anchor
    return problems


def _believed(name: str, content: bytes, trusted: Sequence[Ed25519PublicKey], tell: Tell) -> Anchor | None:
    try:
        anchor = opened(content, trusted)
    except AnchorRefused as refused:
        tell(f"anchor {name}", str(refused))
        return None
    return anchor


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(TEXT_MAX + 1)


async def _epochs(connection: asyncpg.Connection, anchor: Anchor) -> list[str]:
    heads = ((each.device, each.epoch, each.seq, each.digest, each.lost) for each in anchor.records)
    columns = [list(column) for column in zip(*heads, strict=True)]
    rows = await connection.fetch(_EPOCHS, *columns) if columns else []
    problems = []
    for row in rows:
        epoch = f"{row['device']} {row['epoch']}"
        if problem := _differs(row["found"], row["told"]):
            problems.append(f"record {row['seq']} of {epoch} {problem}")
        if row["lost"] is not None and row["lost"] != row["lost_now"]:
            told = f"{row['lost_now']} are put down as lost, {row['lost']} were"
            problems.append(f"of the records of {epoch} up to {row['seq']} {told}")
    return problems


def _differs(found: bytes | None, told: str) -> str:
    if found is None:
        return "is gone"
    return "" if found.hex() == told else "is not what it was: the chain before it was made anew"
