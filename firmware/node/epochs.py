"""What a node's journal knows of its epochs in memory: which sectors hold them, what is held, what was given up.

Rule: memory holds only some epochs, the oldest; the others are found again when these are gone.
"""

from binascii import hexlify, unhexlify
from collections import namedtuple

from firmware.node import frames
from firmware.node.flash import SECTOR
from schemas.chain import link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.node.flash import Region

Entry = namedtuple("Entry", ("epoch", "seq", "record", "digest"))
EpochState = namedtuple("EpochState", ("epoch", "tail", "head", "tail_digest"))
Before = namedtuple("Before", ("epoch", "head", "digest"))
EPOCHS_MAX = 48
_GLANCE = 64  # bytes at a sector's begin by which one sees that it was used


class Epoch:
    """One epoch: its records `low` to `head` lie in the sectors of serial numbers `begin` to `end`, from `offset` on.

    What is before `tail` is given up; `tail_digest` is None while it has not been looked up. `is_noted` says that the
    flash knows the tail.
    """

    def __init__(self, name: bytes, begin: int, offset: int, low: int) -> None:
        self.name = name
        self.begin = self.end = begin
        self.offset = offset
        self.low = self.tail = low
        self.head = low - 1
        self.digest: "bytes | None" = None  # at the head
        self.tail_digest: "bytes | None" = None
        self.is_noted = True

    @property
    def text(self) -> str:
        """Return the name as 16 hex digits."""
        return hexlify(self.name).decode()

    @property
    def held(self) -> int:
        """Return how many records are not given up."""
        return self.head - self.tail + 1

    def give_up(self, upto: int, digest: bytes) -> None:
        """Move the tail behind `upto`, where the chain's digest is `digest`."""
        self.tail, self.tail_digest, self.is_noted = upto + 1, digest, False


class Found:
    """What a look through the flash found: `epochs`, oldest first; `last` of all, listed or not; where to go on."""

    def __init__(self) -> None:
        self.epochs: "list[Epoch]" = []
        self.last: "Epoch | None" = None
        self.beyond = 0  # records of epochs that are not listed
        self.newest = -1  # serial number of the newest sector
        self.tail = 0  # of the oldest that is needed
        self.offset = SECTOR  # where in the newest sector the next frame may stand; its end if nowhere
        self.why = "created"


def name_of(epoch: str) -> bytes:
    """Return the 8 bytes of an epoch's 16 hex digits; nothing for what is no epoch."""
    try:
        return unhexlify(epoch)
    except ValueError:
        return b""


def look_through(
    region: "Region",
    epochs_max: int = EPOCHS_MAX,
    oldest: int = 0,
    given_up: "dict[bytes, int] | None" = None,
    live: bytes = b"",
) -> Found:
    """Find the epochs that a region holds. Most sectors are known by the headers around them, and not read.

    Sectors before serial number `oldest` are left out; not listed are the epochs of `given_up`, {name: last seq given
    up}, that hold no more, and the one that is live.
    """
    found = Found()
    is_blank = True
    for sector in range(region.sectors):
        known = frames.read_header(region, sector)
        if known is not None and known[0] > found.newest:
            found.newest, found.tail = known[0], known[1]
        is_blank = is_blank and known is None and region.read(sector, 0, _GLANCE) == b"\xff" * _GLANCE
    if found.newest >= 0:
        found.why = "start"
        found.tail = max(oldest, found.tail, found.newest - region.sectors + 1)
        _Survey(region, found, epochs_max, given_up or {}, live).run()
    elif not is_blank:
        found.why = "set_aside"
    return found


class _Survey:
    """One look through the sectors from the oldest that is needed to the newest."""

    def __init__(
        self, region: "Region", found: Found, epochs_max: int, given_up: "dict[bytes, int]", live: bytes
    ) -> None:
        self._region = region
        self._found = found
        self._epochs_max = epochs_max
        self._given_up = given_up
        self._live = live
        self._trims = dict(given_up)
        self._now: "Epoch | None" = None  # the epoch that the records at this place are of
        self._link: "tuple[int, bytes] | None" = None  # kind and content of its last record's frame, if that was read

    def run(self) -> None:
        found = self._found
        serial, known = found.tail, self._header(found.tail)
        while serial <= found.newest:
            following = self._header(serial + 1) if serial < found.newest else None
            self._enter(serial, known)
            is_plain = known is not None and following is not None and known[2] == following[2]
            if not is_plain or serial >= found.newest - 1:  # the last two hold what was noted of trims
                self._read(serial)
            if serial == found.newest and self._continues(serial + 1):
                found.newest += 1
            serial, known = serial + 1, following
        self._close()
        for epoch in found.epochs:
            upto = min(self._trims.get(epoch.name, 0), epoch.head)
            if upto >= epoch.tail:
                epoch.tail = upto + 1

    def _header(self, serial: int) -> "tuple[int, int, bytes, int] | None":
        known = frames.read_header(self._region, serial % self._region.sectors)
        return known if known is not None and known[0] == serial else None

    def _enter(self, serial: int, known: "tuple[int, int, bytes, int] | None") -> None:
        """Begin a sector: what its header says of epoch and seq is believed."""
        if known is not None and (self._now is None or self._now.name != known[2]):
            self._begin(known[2], serial, frames.FRAMES_AT, known[3])
        elif known is not None and self._now is not None and known[3] != self._now.head + 1:
            self._now.head, self._link = known[3] - 1, None
        if self._now is not None:
            self._now.end = serial

    def _read(self, serial: int) -> None:
        found = self._found
        sector = serial % self._region.sectors
        found.offset = frames.FRAMES_AT
        broken = -1  # where the last frame stands, when it cannot be read
        for offset, kind, number, content, following in frames.walk(self._region, sector):
            if kind == frames.EPOCH and (self._now is None or self._now.name != content):
                if broken >= 0 and offset - broken >= frames.RECORD_BYTES_MIN:
                    self._count_lost()  # what stands before the next epoch was whole once
                self._begin(content, serial, offset, 1)
            elif kind == frames.TRIM:
                name, upto = content[:8], int.from_bytes(content[8:], "little")
                self._trims[name] = max(upto, self._trims.get(name, 0))
            elif frames.is_record(kind) and self._now is not None:
                self._count(self._now, number, kind, content)
            found.offset = following
            broken = offset if kind == frames.BROKEN else -1
        if broken >= 0 or not self._region.is_blank(sector, found.offset):
            found.offset = SECTOR
        if broken >= 0 and frames.is_whole(self._region, sector, broken):
            self._count_lost()
        elif broken >= 0 and serial == found.newest:
            found.why = "recovered"

    def _count_lost(self) -> None:
        """Count a record that stands there and cannot be read: a gap, not an end."""
        if self._now is not None:
            self._now.head, self._link = self._now.head + 1, None

    def _count(self, now: Epoch, number: int, kind: int, content: bytes) -> None:
        seq = frames.seq_of(number, now.head)
        if seq:
            now.head, self._link = seq, (kind, content)

    def _continues(self, serial: int) -> bool:
        """Tell whether the next sector holds what comes next though its header is broken: the chain proves it."""
        sector, now = serial % self._region.sectors, self._now
        if now is None or self._found.newest - self._found.tail + 1 >= self._region.sectors:
            return False
        for _, kind, number, content, _ in frames.walk(self._region, sector):
            return (
                frames.is_record(kind)
                and number == now.head + 1 & 0xFFFF
                and content[: frames.LINK_BYTES] == self._digest()
            )
        return False

    def _digest(self) -> "bytes | None":
        """Return the digest at the head of the epoch at this place; None when its last record was not read."""
        if self._link is None:
            return None
        kind, content = self._link
        return link(content[: frames.LINK_BYTES], frames.record_of(kind, content))

    def _begin(self, name: bytes, serial: int, offset: int, first: int) -> None:
        self._close()
        self._now = Epoch(name, serial, offset, first)
        self._link = None

    def _close(self) -> None:
        """Note the epoch at this place, which ends here."""
        now, found = self._now, self._found
        if now is None or now.head < now.low:
            return
        now.digest = self._digest()
        found.last = now
        if now.name == self._live or self._given_up.get(now.name, 0) >= now.head:
            return
        if len(found.epochs) < self._epochs_max:
            found.epochs.append(now)
        else:
            found.beyond += now.held
