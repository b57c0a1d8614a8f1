"""A journal's life by chance: appends, acks, restarts and power cuts, beside a model of what must be kept."""

from dataclasses import dataclass, field
from random import Random

from edge_agent.journal.entry import Entry
from firmware.node.flash import Region
from firmware.node.journal import Journal
from firmware.node.ring import APPEND_BYTES_MAX, JournalUnavailable
from schemas.chain import genesis, link
from simulators.flash import Flash, PowerCut

DEVICE = "gate-1"


def record(rng: Random) -> bytes:
    """Return a record as a gate writes it, of any length up to the longest."""
    text = b'{"k":"decision","m":%d,"t":1790000000000,"q":"ntp","g":"main","d":"in","o":"allowed"' % rng.randrange(
        10**6
    )
    return text + b',"x":"' + bytes(rng.choices(b"abc\xd0\xb0", k=rng.randrange(193 - len(text)))) + b'"}'


@dataclass
class Story:
    """One flash and what is true of it: every accepted record by epoch, and how far each epoch was acknowledged."""

    seed: int
    sectors: int = 12
    accepted: dict[str, list[Entry]] = field(default_factory=dict)
    acked: dict[str, int] = field(default_factory=dict)
    maybe: dict[str, bytes] = field(default_factory=dict)  # the record that was under way when the power failed
    refused: int = 0

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.flash = Flash(self.sectors, self.seed)
        self.journal = self._opened()

    def live(self, steps: int) -> None:
        """Do this and that."""
        for _ in range(steps):
            choice = self.rng.random()
            if choice < 0.75:
                self.append()
            elif choice < 0.9:
                self.ack()
            elif choice < 0.95:
                self.journal.tidy()
            else:
                self.restart()

    def cut(self, steps_max: int) -> None:
        """Live until the power fails, and start again."""
        self.flash.cut_after(self.rng.randrange(steps_max))
        try:
            while True:
                self.live(20)
        except PowerCut:
            self.flash.restore()
        self.restart()

    def append(self) -> None:
        said = record(self.rng)
        self.maybe[self.journal.epoch] = said
        before = self.flash.programmed
        try:
            self.accepted[self.journal.epoch] += [Entry(*entry) for entry in self.journal.append([said])]
        except JournalUnavailable:
            self.refused += 1
            del self.maybe[self.journal.epoch]
            return
        assert self.flash.programmed - before <= APPEND_BYTES_MAX
        del self.maybe[self.journal.epoch]

    def ack(self) -> None:
        """Let the cloud have some more of the oldest epoch, or of any one."""
        held = [state for state in self.journal.epochs() if state.head >= state.tail]
        if held:
            state = held[0] if self.rng.random() < 0.8 else self.rng.choice(held)
            upto = self.rng.randint(state.tail, state.head)
            entry = self.journal.read(state.epoch, upto - 1, 1)[0]
            assert self.journal.trim(state.epoch, upto, entry.digest)
            self.acked[state.epoch] = upto

    def restart(self) -> None:
        self.journal = self._opened()

    def check(self) -> None:
        """Compare what the journal holds with what was accepted: nothing lost, nothing changed, nothing doubled."""
        states = {state.epoch: state for state in self.journal.epochs()}
        for epoch, entries in self.accepted.items():
            acked = self.acked.get(epoch, 0)
            if epoch not in states:
                assert acked >= len(entries), "records that nobody acknowledged are gone"
                continue
            state = states[epoch]
            self._take_in_what_was_under_way(epoch, state.head)
            assert state.tail <= acked + 1
            assert state.head == len(entries)
            found = [Entry(*entry) for entry in self.journal.read(epoch, state.tail - 1, 9_999)]
            assert found == entries[state.tail - 1 :]
            assert state.tail_digest == (entries[state.tail - 2].digest if state.tail > 1 else genesis(DEVICE, epoch))

    def lost(self) -> list[Entry]:
        """Return accepted records that nobody has acknowledged and that can no longer be read; none may have changed.

        None may be missing without a trace, either: every epoch still ends where it did.
        """
        states = {state.epoch: state for state in self.journal.epochs()}
        lost: list[Entry] = []
        for epoch, entries in self.accepted.items():
            held = entries[self.acked.get(epoch, 0) :]
            if held:
                assert states[epoch].head == len(entries)
                found = [Entry(*entry) for entry in self.journal.read(epoch, held[0].seq - 1, len(held))]
                lost += [one for one, other in zip(held, found, strict=True) if other.record is None]
                assert [other for one, other in zip(held, found, strict=True) if other not in (one, _gone(other))] == []
        return lost

    def _take_in_what_was_under_way(self, epoch: str, head: int) -> None:
        """Accept a record that was whole on the flash when the power failed, though its append did not return.

        When its very last byte was cut it cannot be told from one that a flipped bit spoiled: a gap is told for it.
        """
        entries, said = self.accepted[epoch], self.maybe.pop(epoch, None)
        if said is None or head != len(entries) + 1:
            return
        before = entries[-1].digest if entries else genesis(DEVICE, epoch)
        found = Entry(*self.journal.read(epoch, head - 1, 1)[0])
        assert found in (Entry(epoch, head, said, link(before, said)), Entry(epoch, head, None, bytes(16)))
        entries.append(found)

    def _opened(self) -> Journal:
        journal = Journal(Region(self.flash), DEVICE, self.rng.randbytes)
        self.accepted[journal.epoch] = []
        return journal


def _gone(entry: Entry) -> Entry:
    return Entry(entry.epoch, entry.seq, None, entry.digest)
