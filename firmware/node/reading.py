"""Finding records in the ring: sectors by binary search over their headers, then frame by frame.

Rule: memory holds no index; what a header or a frame says of its place is believed by its CRC only.
"""

from firmware.node import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from firmware.node.epochs import Epoch
    from firmware.node.ring import Ring

    Place = tuple[int, int, int]  # serial number, offset, number of the record before


def place(ring: "Ring", epoch: "Epoch", seq: int) -> "Place":
    """Return (serial, offset, number of the record before) from where record `seq` of an epoch is found by walking."""
    low, high = epoch.begin, epoch.end
    while low < high:
        middle = (low + high + 1) // 2
        known = ring.header(middle)
        if known is not None and known[2] == epoch.name and known[3] <= seq:
            low = middle
        else:  # damaged ones too: walking from an earlier sector comes past them
            high = middle - 1
    known = ring.header(low)
    if low == epoch.begin or known is None:
        return epoch.begin, epoch.offset, epoch.low - 1
    return low, frames.FRAMES_AT, known[3] - 1


def records(
    ring: "Ring", epoch: "Epoch", seq: int, start: "Place"
) -> "Iterator[tuple[int, bytes, bytes, tuple[int, int]]]":
    """Yield (seq, digest before it, record, (serial, offset) behind it) of an epoch's readable records from `seq` on.

    `start` is what `place` returned, or where an earlier reading ended. Where a sector's records are numbered as those
    at the end of the one before, these were refused, and could not be made void.
    """
    serial, offset, before = start
    while serial <= epoch.end:
        following = _first_of(ring, epoch, serial + 1)
        if offset == frames.FRAMES_AT:
            first = _first_of(ring, epoch, serial)
            before = before if first is None else first - 1
        for _, kind, number, content, behind in frames.walk(ring.region, ring.sector(serial), offset):
            if kind == frames.EPOCH and content != epoch.name:
                return
            found = frames.seq_of(number, before) if frames.is_record(kind) else 0
            if found:
                before = found
                if before >= seq and (following is None or before < following):
                    yield before, content[: frames.LINK_BYTES], frames.record_of(kind, content), (serial, behind)
        serial, offset = serial + 1, frames.FRAMES_AT


def _first_of(ring: "Ring", epoch: "Epoch", serial: int) -> "int | None":
    """Return the number of an epoch's first record in a sector, by its header; None when that does not tell."""
    known = ring.header(serial) if serial <= epoch.end else None
    return known[3] if known is not None and known[2] == epoch.name else None
