"""A microcontroller's journal: a ring of records in its own region of flash, durable when `append` returns.

    journal = Journal(Region(partition), device, os.urandom)
    entry = journal.append([record])[0]             # Entry(epoch, seq, record, digest)
    journal.epochs()                                # [EpochState(epoch, tail, head, tail_digest)], the live one last
    journal.read(epoch, after_seq, limit)           # entries, without a hole
    journal.trim(epoch, upto, digest)               # after an ack; its digest must fit

Epochs are 16 hex digits, digests 16 bytes. The first record of an epoch must be `open`; `before` is what it names.

Rule: every opening begins an epoch; older ones are only read and trimmed. Nothing that is not trimmed is overwritten:
a full journal refuses. What was written last and is torn never was: its `append` did not return.
"""

from firmware.node import frames
from firmware.node.epochs import EPOCHS_MAX, Before, Entry, Epoch, EpochState, look_through, name_of
from firmware.node.flash import SECTOR
from firmware.node.reading import place, records
from firmware.node.ring import JournalUnavailable, Ring
from schemas.chain import DIGEST_BYTES, genesis, link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from firmware.node.flash import Region
    from firmware.node.reading import Place

ROOMY, WARN, COLLAPSE, RESERVE = "roomy", "warn", "collapse", "reserve"
WARN_PERCENT, COLLAPSE_PERCENT, RESERVE_PERCENT = 80, 90, 98
RECORD_BYTES_MAX = 200
RECORD_BYTES_TYPICAL = 90  # in flash, with its frame: what a gate's records take
_UNKNOWN = bytes(DIGEST_BYTES)


class Journal:
    """One open journal. Dropping it without `close` loses nothing durable."""

    def __init__(
        self, region: "Region", device: str, draw: "Callable[[int], bytes]", epochs_max: int = EPOCHS_MAX
    ) -> None:
        """Find what the region holds and begin an epoch; `draw(8)` returns random bytes, good enough for keys.

        Nothing is written until the first record is. `why` says what was found: start, created, recovered (a torn
        record was cut off), or set_aside (something stood there that is no journal any more).
        """
        self.device = device
        self._epochs_max = epochs_max
        found = look_through(region, epochs_max)
        self._ring = Ring(region, found.newest, found.tail, found.offset)
        self._epochs = found.epochs
        self._beyond = found.beyond  # records of epochs that memory has no room for
        last = found.last
        self.before = Before("", 0, b"") if last is None else Before(last.text, last.head, last.digest or _UNKNOWN)
        self.why = found.why
        self._live = Epoch(self._drawn(draw), -1, 0, 1)
        self._live.digest = self._live.tail_digest = self._head_digest = genesis(device, self.epoch)
        self._next: "tuple[bytes, int, tuple[int, int]] | None" = (
            None  # where the last reading ended: epoch, seq, and its place
        )
        self._look_for_more()

    @property
    def epoch(self) -> str:
        """Return the live epoch, 16 hex digits."""
        return self._live.text

    @property
    def head(self) -> int:
        """Return the last sequence number of the live epoch."""
        return self._live.head

    @property
    def digest(self) -> bytes:
        """Return the chain digest at the live epoch's head."""
        return self._head_digest

    @property
    def held(self) -> int:
        """Return how many records are not trimmed."""
        return sum([epoch.held for epoch in self._known()]) + self._beyond

    @property
    def capacity(self) -> int:
        """Return how many records of a gate it holds."""
        sectors = self._ring.region.sectors - self._ring.reserve
        return sectors * ((SECTOR - frames.FRAMES_AT) // RECORD_BYTES_TYPICAL)

    @property
    def fill(self) -> str:
        """Return how full it is: ROOMY, WARN (80 %), COLLAPSE (90 %: count denials) or RESERVE (98 %: urgent only)."""
        self._release()
        percent = self._ring.percent
        if percent >= RESERVE_PERCENT:
            return RESERVE
        if percent >= COLLAPSE_PERCENT:
            return COLLAPSE
        return WARN if percent >= WARN_PERCENT else ROOMY

    @property
    def wear(self) -> int:
        """Return how often each sector was erased, about; flash is good for some 100,000 times."""
        return (self._ring.newest + 1) // self._ring.region.sectors

    # Writing

    def append(self, records: "Sequence[bytes]") -> "list[Entry]":
        """Write records, each durable before the next; none may be longer than 200 bytes or hold a line feed.

        Raises JournalUnavailable, and then nothing from that record on was written: disk_full also when all that is
        left is the reserve, which only the first record of an epoch may take: `open`. With no records, what is not
        noted yet of trims is written.
        """
        if not records:
            self._note_trims()
        return [self._append(record, self._ring.reserve) for record in records]

    def append_urgent(self, records: "Sequence[bytes]") -> "list[Entry]":
        """Write records into the reserve too: what tells of a loss or an alarm. Raises as `append` does."""
        return [self._append(record, 0) for record in records]

    def tidy(self) -> None:
        """Erase the next sector ahead, so that no append has to wait for it (some 50 ms). Raises JournalUnavailable."""
        if self._ring.is_erasable:
            self._ring.erase_next()

    @property
    def is_untidy(self) -> bool:
        """Tell whether `tidy` has something to do."""
        return self._ring.is_erasable

    def close(self) -> None:
        """Write what only memory knows; nothing is lost without."""
        self._note_trims()

    # Reading

    def epochs(self) -> "list[EpochState]":
        """Return the epochs that hold records, oldest first, as many as memory knows; the live one last."""
        return [
            EpochState(epoch.text, epoch.tail, epoch.head, self._tail_digest(epoch))
            for epoch in self._known()
            if epoch.held > 0 or epoch is self._live
        ]

    def read(self, epoch: str, after_seq: int, limit: int) -> "list[Entry]":
        """Return up to `limit` entries after `after_seq`, without a hole; one that cannot be read has record None.

        Its digest is zeros where that is lost as well: the one before a readable record is known.
        """
        known = self._find(epoch)
        if known is None or known.begin < 0:
            return []
        seq = max(after_seq + 1, known.low)
        entries: list[Entry] = []
        for number, before, record, behind in records(self._ring, known, seq, self._start(known, seq)):
            while seq < number and len(entries) < limit:
                entries.append(Entry(epoch, seq, None, before if seq == number - 1 else _UNKNOWN))
                seq += 1
            if seq == number and len(entries) < limit:
                entries.append(Entry(epoch, seq, record, link(before, record)))
                seq += 1
                self._next = (known.name, seq, behind)
            if len(entries) == limit:
                return entries
        while seq <= known.head and len(entries) < limit:
            entries.append(Entry(epoch, seq, None, (seq == known.head and known.digest) or _UNKNOWN))
            seq += 1
        return entries

    def trim(self, epoch: str, upto: int, digest: "bytes | None") -> bool:
        """Give up records up to `upto` if `digest` fits there; None gives up a closed epoch whole. Tell whether it did.

        A record that can no longer be read fits every digest. The flash hears of it with the next append.
        """
        known = self._find(epoch)
        if known is None or (digest is None and known is self._live):
            return False
        if digest is None:
            upto, digest = known.head, known.digest or _UNKNOWN
        elif upto == known.tail - 1:
            return digest == self._tail_digest(known)
        elif not self._fits(epoch, upto, digest):
            return False
        if upto >= known.tail:
            known.give_up(upto, digest)
            self._look_for_more()
        return True

    def _fits(self, epoch: str, upto: int, digest: bytes) -> bool:
        entries = self.read(epoch, upto - 1, 1)
        if not entries or entries[0].seq != upto:
            return False
        return entries[0].record is None or entries[0].digest == digest  # What cannot be read contradicts nobody.

    def _start(self, known: Epoch, seq: int) -> "Place":
        following = self._next
        if following is not None and following[0] == known.name and following[1] == seq:
            return following[2][0], following[2][1], seq - 1
        return place(self._ring, known, seq)

    def _tail_digest(self, epoch: Epoch) -> bytes:
        """Return the chain digest before an epoch's tail: known, written with the record there, or the one before's."""
        if epoch.tail_digest is None and epoch.tail == 1:
            epoch.tail_digest = genesis(self.device, epoch.text)
        if epoch.tail_digest is None and epoch.held == 0:
            epoch.tail_digest = epoch.digest
        if epoch.tail_digest is None:
            for number, before, _, _ in records(self._ring, epoch, epoch.tail, self._start(epoch, epoch.tail)):
                epoch.tail_digest = before if number == epoch.tail else None
                break
        if epoch.tail_digest is None and epoch.tail > epoch.low:
            epoch.tail_digest = self.read(epoch.text, epoch.tail - 2, 1)[0].digest
        return epoch.tail_digest or _UNKNOWN

    # Appending

    def _append(self, record: bytes, reserve: int) -> Entry:
        if not 0 < len(record) <= RECORD_BYTES_MAX:
            raise ValueError("a record has 1 to %d bytes; this one has %d" % (RECORD_BYTES_MAX, len(record)))
        live = self._live
        reserve = reserve if live.head else 0
        entry = Entry(live.text, live.head + 1, record, link(self._head_digest, record))
        self._put(frames.record_frame(entry.seq, self._head_digest, record), reserve)
        # From here on nothing needs memory: what is written is known.
        live.head, live.digest, self._head_digest = entry.seq, entry.digest, entry.digest
        return entry

    def _put(self, frame: bytes, reserve: int) -> None:
        """Write a record's frame where there is room, with the one small thing that is most urgent."""
        ring, live = self._ring, self._live
        if ring.percent >= RESERVE_PERCENT and reserve and self.fill == RESERVE:
            raise JournalUnavailable("disk_full", "%d records are not acknowledged" % self.held)
        begin = frames.frame(frames.EPOCH, 0, live.name) * 2 if live.begin < 0 else b""
        if ring.room < len(begin) + len(frame):
            self._open_sector(reserve)
            begin = b""  # the header names the epoch
        elif ring.owes_copy:
            ring.write_copy()
        elif not begin:
            begin = self._pending_note(ring.room - len(frame))
        content = begin + frame
        if live.begin < 0:
            live.begin, live.offset = ring.newest, ring.at
        live.end = ring.newest
        ring.write(content)

    def _open_sector(self, reserve: int) -> None:
        self._release()
        if not self._ring.has_next(reserve):
            raise JournalUnavailable("disk_full", "%d records are not acknowledged" % self.held)
        for epoch in self._known():
            epoch.is_noted = epoch.tail == epoch.low  # notes are looked for in the newest sectors only
        self._ring.open_sector(self._live.name, self._live.head + 1)

    # Trimming

    def _pending_note(self, room: int) -> bytes:
        """Return the frame that notes one trim, if there is one to note and room for it."""
        for epoch in self._known():
            if not epoch.is_noted:
                note = frames.frame(frames.TRIM, 0, epoch.name + (epoch.tail - 1).to_bytes(4, "little"))
                epoch.is_noted = len(note) <= room
                return note if epoch.is_noted else b""
        return b""

    def _note_trims(self) -> None:
        """Write every trim that is not noted, as far as the sector has room; what is not costs a second sending."""
        note = self._pending_note(self._ring.room)
        while note:
            self._ring.write(note)
            note = self._pending_note(self._ring.room)

    def _release(self) -> None:
        """Give free the sectors before the first record that is held, and forget the epochs that lay in them."""
        ring, oldest = self._ring, self._first_held()
        if oldest <= ring.oldest:
            return
        ring.oldest = oldest
        self._epochs = [epoch for epoch in self._epochs if epoch.end >= oldest]
        known = ring.header(oldest)
        for epoch in self._known():
            if 0 <= epoch.begin < oldest:
                low = known[3] if known is not None and known[2] == epoch.name else epoch.tail
                epoch.begin, epoch.offset, epoch.low = oldest, frames.FRAMES_AT, low

    def _first_held(self) -> int:
        """Return the serial number of the first sector that holds what is not given up."""
        for epoch in self._known():
            if epoch.held > 0 and (epoch is not self._live or not self._beyond):
                return place(self._ring, epoch, epoch.tail)[0]
        return self._epochs[-1].end if self._beyond else self._ring.newest

    def _look_for_more(self) -> None:
        """Look through the flash again for epochs that memory had no room for, when those it knows are given up."""
        while self._beyond and not any([epoch.held for epoch in self._epochs]):
            self._release()
            given_up = {epoch.name: epoch.tail - 1 for epoch in self._epochs}
            found = look_through(self._ring.region, self._epochs_max, self._ring.oldest, given_up, self._live.name)
            self._epochs, self._beyond = self._epochs + found.epochs, found.beyond

    # Epochs

    def _known(self) -> "list[Epoch]":
        return self._epochs + [self._live]

    def _find(self, epoch: str) -> "Epoch | None":
        name = name_of(epoch)
        for known in self._known():
            if known.name == name:
                return known
        return None

    def _drawn(self, draw: "Callable[[int], bytes]") -> bytes:
        name = draw(8)
        while name_of(self.before.epoch) == name or any([epoch.name == name for epoch in self._epochs]):
            name = draw(8)  # A machine that was cloned before its first tap may draw the same again.
        return name
