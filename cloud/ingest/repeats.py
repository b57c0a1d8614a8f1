"""Batches of numbers we already have: which of them are the same, which fill a gap, which tell another story."""

from collections.abc import Iterable, Mapping, Sequence

from schemas.chain import link


def chain_of(previous_digest: str, lines: Iterable[bytes]) -> list[bytes]:
    """Return the chain's digest after each line, from the digest before the first one in hex."""
    digest = bytes.fromhex(previous_digest)
    chain = []
    for line in lines:
        digest = link(digest, line)
        chain.append(digest)
    return chain


def told_apart(first: int, chain: Sequence[bytes], known: Mapping[int, bytes | None]) -> list[int]:
    """Return the numbers that are told otherwise than we have them; none if the whole chain is ours.

    A digest covers all records before it: where one is as we know it, everything before it is, too. Behind the last
    such place a number is another story if we know it otherwise, or if one that we know otherwise follows.
    """
    numbers = range(first, first + len(chain))
    agreed = max((seq for seq in numbers if known[seq] == chain[seq - first]), default=first - 1)
    is_forked = any(known[seq] not in (None, chain[seq - first]) for seq in numbers if seq > agreed)
    return [seq for seq in numbers if seq > agreed] if is_forked else []


def covered(seq: int, gaps: Iterable[tuple[int, int]]) -> bool:
    """Tell whether a number lies in a gap."""
    return any(low <= seq <= high for low, high in gaps)


def filled(gaps: Iterable[tuple[int, int]], places: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return what is left of some gaps when these numbers have turned up."""
    left = list(gaps)
    for seq in places:
        left = [piece for gap in left for piece in _without(gap, seq)]
    return tuple(left)


def _without(gap: tuple[int, int], seq: int) -> list[tuple[int, int]]:
    low, high = gap
    if not low <= seq <= high:
        return [gap]
    return [piece for piece in ((low, seq - 1), (seq + 1, high)) if piece[0] <= piece[1]]
