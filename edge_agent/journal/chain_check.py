"""Rows against their chain: what fits is an entry, what does not is an entry that cannot be read.

Rule: a hole never shows. Rows that are missing, and the first after them, stand as unreadable entries; a flipped digest
is mended when the next row proves it, and so is a flipped number, since a record that continues the chain is the next
one.
"""

from collections.abc import Iterator, Sequence

from edge_agent.journal.entry import Entry
from schemas.chain import DIGEST_BYTES, link

Row = tuple[int, bytes, bytes]  # seq, record, digest after it
UNKNOWN = bytes(DIGEST_BYTES)


def checked(
    epoch: str, previous: bytes | None, after_seq: int, head: int, rows: Sequence[Row], upto: int
) -> Iterator[tuple[Entry, bytes]]:
    """Yield the entries from `after_seq` to `head`, each with the bytes that stand in its row.

    `previous` is the digest after `after_seq`, or None when it is not known: then the first row is taken at its word.
    `rows` are all there are up to the number `upto`: what is missing there stands as unreadable, too.
    """
    expected, beyond = after_seq + 1, 0
    for position, (seq, record, digest) in enumerate(rows):
        is_next = previous is not None and link(previous, record) == digest  # whatever its number has become
        if not is_next and not expected <= seq <= head:
            continue
        if is_next and expected > head:
            return
        for missing in range(expected, expected if is_next else seq):
            yield Entry(epoch, missing, None, UNKNOWN), b""
        if is_next or previous is None:
            entry = Entry(epoch, expected if is_next else seq, record, digest)
        elif seq > expected:
            entry = Entry(epoch, seq, None, digest)
        else:
            follower = rows[position + 1] if position + 1 < len(rows) else None
            entry = _mended(epoch, previous, (seq, record, digest), follower)
        yield entry, record
        previous, expected = entry.digest, entry.seq + 1
        beyond = max(0, seq - entry.seq)  # the head was taken from this number, if it is the last
    for missing in range(expected, min(upto, head - beyond) + 1):
        yield Entry(epoch, missing, None, UNKNOWN), b""


def _mended(epoch: str, previous: bytes, row: Row, follower: Row | None) -> Entry:
    """Return the entry of a row that does not fit: readable when the next row proves that it was the digest."""
    seq, record, digest = row
    true = link(previous, record)
    if follower is not None and link(true, follower[1]) == follower[2]:
        return Entry(epoch, seq, record, true)
    return Entry(epoch, seq, None, digest)
