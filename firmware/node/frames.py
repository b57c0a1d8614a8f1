"""How the journal's ring lies in flash: a header in each sector, and frames after it, each with a CRC of its own.

    sector   header, header again, frames
    header   magic, serial number, oldest serial number still needed, epoch, first seq, CRC-32
    frame    kind, length, seq's lowest 16 bits, CRC-32, content
    record   chain digest before it (16 bytes), record (short or as it is)
    epoch    name (8 bytes): records from here on are of this epoch, from seq 1
    trim     name (8 bytes), seq: of that epoch everything up to seq is no longer needed

Rule: a frame lies in one sector. Erased flash (0xFF) ends a sector's frames; something else that fits no CRC is broken.
"""

from binascii import crc32
from struct import calcsize, pack, unpack

from firmware.node.flash import SECTOR
from firmware.node.shorthand import lengthen, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from firmware.node.flash import Region

FORMAT = 1
PLAIN, SHORT, EPOCH, TRIM = 0x50, 0x53, 0x45, 0x54
BROKEN = 0
_KINDS = (PLAIN, SHORT, EPOCH, TRIM)

_MAGIC = 0xE500 + FORMAT
_HEADER = "<HII8sI"
HEADER_BYTES = calcsize(_HEADER) + 4
FRAMES_AT = 2 * HEADER_BYTES
_HEAD = "<BBHI"
HEAD_BYTES = 8
LINK_BYTES = 16
RECORD_BYTES_MIN = HEAD_BYTES + LINK_BYTES + 1  # other frames are shorter
_HOLE_MAX = SECTOR // RECORD_BYTES_MIN  # records that damage can take out of one sector
_BLANK = b"\xff" * HEAD_BYTES
_PIECE = 128


def header(serial: int, tail: int, name: bytes, first: int) -> bytes:
    """Return a sector's header; `name` is the 8 bytes of the epoch that its first record, of seq `first`, is of."""
    content = pack(_HEADER, _MAGIC, serial, tail, name, first)
    return content + pack("<I", crc32(content))


def read_header(region: "Region", sector: int) -> "tuple[int, int, bytes, int] | None":
    """Return (serial, tail, name, first) of a sector by either copy of its header; None when neither can be read."""
    both = region.read(sector, 0, FRAMES_AT)
    for copy in (both[:HEADER_BYTES], both[HEADER_BYTES:]):
        magic, serial, tail, name, first = unpack(_HEADER, copy[:-4])
        if magic == _MAGIC and unpack("<I", copy[-4:])[0] == crc32(copy[:-4]) and serial % region.sectors == sector:
            return serial, tail, name, first
    return None


def frame(kind: int, number: int, content: bytes) -> bytes:
    """Return a frame; `number` is the record's seq, of which the lowest 16 bits are kept."""
    number &= 0xFFFF
    return pack(_HEAD, kind, len(content), number, _check(kind, number, content)) + content


def record_frame(seq: int, before: bytes, record: bytes) -> bytes:
    """Return the frame of a record; `before` is the chain digest before it."""
    short = shorten(record)
    if short is None:
        return frame(PLAIN, seq, before + record)
    return frame(SHORT, seq, before + short)


def record_of(kind: int, content: bytes) -> bytes:
    """Return the record that stands in a frame's content."""
    return lengthen(content[LINK_BYTES:]) if kind == SHORT else content[LINK_BYTES:]


def seq_of(number: int, before: int) -> int:
    """Return the seq of a frame's number, of a record that comes after `before`; 0 when it can be none of these."""
    ahead = (number - before - 1) & 0xFFFF
    return before + 1 + ahead if ahead < _HOLE_MAX else 0


def is_record(kind: int) -> bool:
    """Tell whether a frame holds a record."""
    return kind in (PLAIN, SHORT)


def walk(region: "Region", sector: int, offset: int = FRAMES_AT) -> "Iterator[tuple[int, int, int, bytes, int]]":
    """Yield (offset, kind, number, content, offset of what follows) for each frame of a sector.

    Where something stands that cannot be read, kind is BROKEN; what follows it is the next frame that can be, or the
    sector's end.
    """
    while offset + HEAD_BYTES <= SECTOR:
        head = region.read(sector, offset, HEAD_BYTES)
        if head == _BLANK:
            return
        content = _content(region, sector, offset, head)
        if content is None:
            following = _resync(region, sector, offset)
            yield offset, BROKEN, 0, b"", following
            offset = following
        else:
            following = offset + HEAD_BYTES + len(content)
            yield offset, head[0], head[2] | head[3] << 8, content, following
            offset = following


def is_whole(region: "Region", sector: int, offset: int) -> bool:
    """Tell whether a broken frame was written to its end, and so was damaged later: records end in no erased byte."""
    kind, length = region.read(sector, offset, 2)
    end = offset + HEAD_BYTES + length
    if kind not in (PLAIN, SHORT) or end > SECTOR or region.read(sector, end - 1, 1) == b"\xff":
        return False
    return region.is_blank(sector, end)


def _content(region: "Region", sector: int, offset: int, head: bytes) -> "bytes | None":
    kind, length, number, check = unpack(_HEAD, head)
    if kind not in _KINDS or offset + HEAD_BYTES + length > SECTOR:
        return None
    content = region.read(sector, offset + HEAD_BYTES, length)
    return content if _check(kind, number, content) == check else None


def _check(kind: int, number: int, content: bytes) -> int:
    return crc32(content, crc32(bytes((kind, len(content), number & 0xFF, number >> 8))))


def _resync(region: "Region", sector: int, offset: int) -> int:
    """Return where the next readable frame behind a broken one, at an offset, stands; the sector's end if none does."""
    offset += 1
    while offset + HEAD_BYTES <= SECTOR:
        piece = region.read(sector, offset, min(_PIECE, SECTOR - offset))
        for place in range(len(piece) - HEAD_BYTES + 1):
            if piece[place] in _KINDS:
                head = piece[place : place + HEAD_BYTES]
                if _content(region, sector, offset + place, head) is not None:
                    return offset + place
        offset += len(piece) - HEAD_BYTES + 1
    return SECTOR
