"""What stands in SQLite's write-ahead log: commits that SQLite itself passes over in silence when a frame is damaged.

SQLite takes the log up to the first frame whose checksum fails and forgets the rest: right for a write that a power
cut tore, which can only be the last; a loss when a bit flipped in the middle. The form is that of
sqlite.org/walformat.html.
"""

import struct
from pathlib import Path

_HEADER = struct.Struct(">8I")  # magic, version, page size, sequence, two salts, two checksums
_FRAME = struct.Struct(">6I")  # page, pages after a commit or 0, two salts, two checksums
_MAGIC, _BIG_ENDIAN = 0x377F0682, 1
_WORD = 0xFFFF_FFFF
FRAMES_MAX = 1_000_000


def commits_in(log: Path) -> list[int]:
    """Return the numbers, from 1, of the frames that end a transaction; none when there is no log."""
    try:
        with log.open("rb") as file:
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return []
            page_bytes = _HEADER.unpack(header)[2]
            salts = _HEADER.unpack(header)[4:6] if _is_whole(header) else None
            commits: list[int] = []
            for number in range(1, FRAMES_MAX):
                frame = file.read(_FRAME.size)
                if len(frame) < _FRAME.size or not 512 <= page_bytes <= 65_536:
                    return commits
                _, pages, *found = _FRAME.unpack(frame)
                salts = salts or (found[0], found[1])
                if (found[0], found[1]) == salts and pages:
                    commits.append(number)
                file.seek(page_bytes, 1)
            return commits
    except OSError:
        return []


def lost_commits(commits: list[int], frames_taken: int) -> int:
    """Return how many commits that were on the disk SQLite did not take; the last is taken for one that was torn."""
    return max(0, sum(number > frames_taken for number in commits) - 1)


def _is_whole(header: bytes) -> bool:
    """Tell whether the header's own checksum fits."""
    order = ">" if _HEADER.unpack(header)[0] == _MAGIC | _BIG_ENDIAN else "<"
    first = second = 0
    words = struct.unpack(order + "6I", header[:24])
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & _WORD
        second = (second + other + first) & _WORD
    return (first, second) == _HEADER.unpack(header)[6:8]
