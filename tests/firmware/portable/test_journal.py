"""The ring journal, the same on CPython and MicroPython: what it keeps, what it costs, and a power that fails."""

from firmware.node.flash import Region
from firmware.node.journal import Journal
from schemas.chain import genesis, link
from simulators.flash import Chance, Flash, PowerCut

RECORD = (
    b'{"k":"decision","m":81234,"t":1790000000000,"q":"ntp","g":"main","d":"in","o":"allowed","w":"ok","r":12,'
    b'"p":"k3v9x0a7m2qd"}'
)


def test_what_is_written_is_read_after_a_restart() -> None:
    flash = Flash(8)
    first = Journal(Region(flash), "gate-1", Chance(1).bytes)
    written = first.append([RECORD, b"{}"])

    second = Journal(Region(flash), "gate-1", Chance(2).bytes)

    assert second.read(first.epoch, 0, 10) == written
    assert written[1].digest == link(link(genesis("gate-1", first.epoch), RECORD), b"{}")
    assert (second.before.epoch, second.before.head, second.before.digest) == (first.epoch, 2, written[1].digest)
    assert second.why == "start"


def test_a_power_that_fails_loses_nothing_that_was_accepted() -> None:
    for seed in range(4):
        _cut_off_four_times(seed)


def _cut_off_four_times(seed: int) -> None:
    flash, chance = Flash(6, seed), Chance(seed)
    accepted = {}  # the last of each epoch
    for _ in range(4):
        flash.cut_after(chance.below(2000))
        journal = Journal(Region(flash), "gate-1", chance.bytes)
        try:
            while True:
                accepted[journal.epoch] = journal.append([RECORD[: 40 + chance.below(80)] + b"}"])[0]
        except PowerCut:
            flash.restore()
    last = Journal(Region(flash), "gate-1", chance.bytes)
    states = {state.epoch: state for state in last.epochs()}
    for epoch, entry in accepted.items():
        assert last.read(epoch, entry.seq - 1, 1) == [entry]
        assert states[epoch].head - entry.seq in (0, 1)  # one more may have been whole
        assert states[epoch].tail == 1
