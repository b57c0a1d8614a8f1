"""The ring of sectors that a node's journal writes into: where it stands, what is free, what is erased ahead.

Rule: sectors are taken in turn, each under the next serial number; one that is still needed is never taken. An append
programs one frame and at most one small thing besides, so that it stays below 256 bytes.
"""

from firmware.node import frames
from firmware.node.flash import SECTOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.node.flash import Region

APPEND_BYTES_MAX = 256


class JournalUnavailable(Exception):
    """Nothing was written: `reason` is disk_full or io_error. Later appends may succeed."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__("the journal cannot be written (%s): %s" % (reason, text))
        self.reason = reason


class Ring:
    """The place to write: sector of serial number `newest`, from offset `at` on. `oldest` is the oldest one needed."""

    def __init__(self, region: "Region", newest: int, oldest: int, at: int) -> None:
        self.region = region
        self.newest = newest
        self.oldest = oldest
        self.at = at
        self.reserve = max(1, region.sectors * 2 // 100)  # sectors that only what is urgent may take
        self._copy = b""  # of the newest sector's header, not written yet
        self._erased = -1  # serial number of the sector that was erased ahead

    @property
    def room(self) -> int:
        """Return how many bytes the newest sector still takes."""
        return SECTOR - self.at

    @property
    def percent(self) -> int:
        """Return how much of what ordinary records may take is taken."""
        usable = (self.region.sectors - self.reserve) * SECTOR
        return max(0, (self.newest - self.oldest) * SECTOR + self.at) * 100 // usable

    def sector(self, serial: int) -> int:
        """Return which sector of the region a serial number is."""
        return serial % self.region.sectors

    def header(self, serial: int) -> "tuple[int, int, bytes, int] | None":
        """Return (serial, tail, name, first) from the header of a sector; None when it is damaged or another's."""
        known = frames.read_header(self.region, self.sector(serial))
        return known if known is not None and known[0] == serial else None

    def has_next(self, reserve: int) -> bool:
        """Tell whether another sector may be taken when `reserve` of them are kept back."""
        return self.newest + 1 - self.oldest < self.region.sectors - reserve

    @property
    def is_erasable(self) -> bool:
        """Tell whether it is time to erase the next sector ahead."""
        return self.at > SECTOR // 2 and self._erased <= self.newest and self.has_next(0)

    def erase_next(self) -> None:
        """Erase the next sector ahead. Raises JournalUnavailable."""
        try:
            self.region.erase(self.sector(self.newest + 1))
        except OSError as error:
            raise JournalUnavailable("io_error", str(error))
        self._erased = self.newest + 1

    def open_sector(self, name: bytes, first: int) -> None:
        """Take the next sector for records of epoch `name` from seq `first` on. Raises JournalUnavailable."""
        if self._erased <= self.newest:  # one that was erased before the last start may have been cut short in it
            self.erase_next()
        header = frames.header(self.newest + 1, self.oldest, name, first)
        self.newest, self.at, self._copy = self.newest + 1, SECTOR, b""
        self._program(0, header)
        self.at, self._copy = frames.FRAMES_AT, header

    @property
    def owes_copy(self) -> bool:
        """Tell whether the second copy of the sector's header is still to be written."""
        return bool(self._copy)

    def write_copy(self) -> None:
        """Write the second copy of the sector's header. Raises JournalUnavailable."""
        copy, self._copy = self._copy, b""
        self._program(frames.HEADER_BYTES, copy)

    def write(self, content: bytes) -> int:
        """Write frames behind the last one; return their offset. Raises JournalUnavailable, and then leaves none."""
        at, behind = self.at, self.at + len(content)
        self.at = SECTOR  # whatever goes wrong, be it memory: no hole is left to be taken for the end
        self._program(at, content)
        self.at = behind
        return at

    def _program(self, offset: int, content: bytes) -> None:
        sector = self.sector(self.newest)
        try:
            self.region.program(sector, offset, content)
        except OSError as error:
            self.at = SECTOR  # what stands there is not known: go on in another sector
            self._void(sector, offset, len(content))
            raise JournalUnavailable("io_error", str(error))

    def _void(self, sector: int, offset: int, length: int) -> None:
        """Make frames that were not written as they should be none at all: zeros, which can always be written."""
        try:
            self.region.program(sector, offset, bytes(length))
        except OSError:
            return
