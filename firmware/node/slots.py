"""Two places in flash for a node's roster: the one gone by, and one for the next.

    slots = Slots(Region(partition), school, derive(secret, "http"))
    slots.load()                                    # after a start; `slots.roster` is None when there is none
    intake = slots.begin(now_ms)                    # now_ms: 0 while the clock is not good
    intake.feed(chunk)                              # as the file arrives, in pieces of any size
    slots.flip(intake)                              # from now on `slots.roster` is the new one

Rule: a roster is gone by only when header, signature, school, version, age, length, digest and order fit; what is
refused leaves the one held as it was. The last thing written is a mark, and the newest slot that verifies is the one
gone by: so no pointer can be wrong, and a power cut leaves the old one or the new one, never a mixture.
"""

from binascii import crc32, hexlify
from hashlib import sha256
from struct import pack, unpack

from firmware.node.flash import SECTOR
from firmware.node.roster import Body, Roster
from schemas.roster_header import RosterRefused, header_of, refuse_unless_believed
from schemas.seal import is_same, mac

HEADER_MAX = 1024
_MAGIC = 0xE511
_MARK = "<HHI"  # magic, length of the header line, its CRC-32; the line follows
_MARK_BYTES = 8
_PIECE = 512  # of a sector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.node.flash import Region


class Slots:
    """Both slots, halves of a region. A slot's first sector holds its mark and header line, the others the body."""

    def __init__(self, region: "Region", school: str, key: bytes) -> None:
        """`key` is the device's own http key: no other device's roster is believed."""
        self.roster: "Roster | None" = None
        self.refusals: "list[str]" = []  # reasons, of slots that were found spoiled
        self.region = region
        self.school = school
        self.sectors = region.sectors // 2
        self._key = key
        self._held = 1  # the slot gone by

    @property
    def version(self) -> int:
        """Return the version gone by; 0 when there is none."""
        return self.roster.version if self.roster is not None else 0

    def load(self) -> "Roster | None":
        """Take the newest roster that verifies, however old: what an expired one is good for is the policy's to say."""
        self.refusals = []
        for slot in (0, 1):
            try:
                found = self._read(slot)
            except RosterRefused as error:
                self.refusals.append(error.reason)
                continue
            if found is not None and (self.roster is None or found.version > self.roster.version):
                self.roster, self._held = found, slot
        return self.roster

    def begin(self, now_ms: int) -> "Intake":
        """Return what takes the next file, in the slot that is not gone by."""
        return Intake(self, 1 - self._held, now_ms)

    def flip(self, intake: "Intake") -> Roster:
        """Go by a file that has come whole. Raises RosterRefused, or OSError when the flash fails."""
        roster = intake.verified()
        intake.mark()
        self.roster, self._held = roster, intake.slot
        return roster

    def first_sector(self, slot: int) -> int:
        """Return where a slot begins in the region."""
        return slot * self.sectors

    def is_signed(self, signature: bytes, message: bytes) -> bool:
        """Tell whether a signature is this device's own."""
        return is_same(hexlify(mac(self._key, message)).decode(), hexlify(signature).decode())

    def _read(self, slot: int) -> "Roster | None":
        first = self.first_sector(slot)
        magic, length, check = unpack(_MARK, self.region.read(first, 0, _MARK_BYTES))
        if magic != _MAGIC:
            return None
        line = self.region.read(first, _MARK_BYTES, min(length, HEADER_MAX))
        if crc32(line) != check:
            raise RosterRefused("malformed", "the header line in slot %d is damaged" % slot)
        header = header_of(line)
        refuse_unless_believed(header, self.is_signed, self.school, 0, 0)
        body = Body(self.region, first + 1, int(header["length"]))  # type: ignore[call-overload]
        if _digest(body) != header["digest"]:
            raise RosterRefused("digest", "the roster in slot %d is damaged" % slot)
        return Roster(header, body)


class Intake:
    """A file on its way into a slot. It is verified as it comes; nothing is erased before its header is believed."""

    def __init__(self, slots: Slots, slot: int, now_ms: int) -> None:
        self.slot = slot
        self.received = 0  # bytes of the whole file; where to go on after a connection broke
        self._slots = slots
        self._now_ms = now_ms
        self._line = b""
        self._header: "dict[str, object] | None" = None
        self._length = 0
        self._taken = 0  # bytes of the body in flash
        self._waiting = b""  # less than a piece, not in flash yet
        self._digest = sha256()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file. Raises RosterRefused, or OSError when the flash fails."""
        self.received += len(chunk)
        if self._header is None:
            chunk = self._take_header(chunk)
        if self._taken + len(self._waiting) + len(chunk) > self._length and self._header is not None:
            raise RosterRefused("truncated", "more follows than the %d bytes of the header" % self._length)
        self._waiting += chunk
        while len(self._waiting) >= _PIECE:
            self._write(self._waiting[:_PIECE])
            self._waiting = self._waiting[_PIECE:]

    def verified(self) -> Roster:
        """Return the roster, if the file has come whole and is one to go by. Raises RosterRefused."""
        if self._header is None or self._taken + len(self._waiting) != self._length:
            raise RosterRefused("truncated", "the body has %d bytes of %d" % (self._taken, self._length))
        self._write(self._waiting)
        self._waiting = b""
        if hexlify(self._digest.digest()).decode() != self._header["digest"]:
            raise RosterRefused("digest", "its content is not what the header promises")
        roster = Roster(self._header, Body(self._slots.region, self._slots.first_sector(self.slot) + 1, self._length))
        roster.refuse_unless_sorted()
        return roster

    def mark(self) -> None:
        """Write the mark by which the slot counts: the last thing."""
        mark = pack(_MARK, _MAGIC, len(self._line), crc32(self._line))
        first = self._slots.first_sector(self.slot)
        self._slots.region.program(first, _MARK_BYTES, self._line)
        self._slots.region.program(first, 0, mark)

    def _take_header(self, chunk: bytes) -> bytes:
        """Gather the header line; once it is whole and believed, erase the slot's mark and return the body's begin."""
        line, feed, rest = (self._line + chunk).partition(b"\n")
        self._line = line
        if len(line) > HEADER_MAX:
            raise RosterRefused("malformed", "the first line is too long for a header")
        if not feed:
            return b""
        slots, header = self._slots, header_of(line)
        refuse_unless_believed(header, slots.is_signed, slots.school, slots.version, self._now_ms)
        if header["base"]:
            raise RosterRefused("base", "a microcontroller takes no delta")
        self._length = int(header["length"])  # type: ignore[call-overload]
        if not 0 < self._length <= (slots.sectors - 1) * SECTOR:
            raise RosterRefused("too_large", "%d bytes do not fit into a slot" % self._length)
        self._header = header
        slots.region.erase(slots.first_sector(self.slot))
        return rest

    def _write(self, piece: bytes) -> None:
        """Put the next piece of the body into the flash, erasing each sector as it is reached."""
        region, sector = self._slots.region, self._slots.first_sector(self.slot) + 1 + self._taken // SECTOR
        if not piece:
            return
        if self._taken % SECTOR == 0:
            region.erase(sector)
        region.program(sector, self._taken % SECTOR, piece)
        self._digest.update(piece)
        self._taken += len(piece)


def _digest(body: Body) -> str:
    """Return the SHA-256 of a body in flash."""
    digest = sha256()
    for at in range(0, body.length, _PIECE):
        digest.update(body.read(at, _PIECE))
    return hexlify(digest.digest()).decode()
