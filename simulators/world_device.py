"""A device of a simulated world: the product's own agent, part by part, on a machine that dies and starts again.

Rule: what decides, writes, sends and trims here is the code of `edge_agent`; only the clock, the disk, the wire, the
gate and the people in front of it are simulated.
"""

import asyncio
from collections.abc import Callable
from random import Random

from simulators import disk
from simulators.disk import Image
from simulators.loop import running
from simulators.world_machine import Moment, Site, WorldClock
from simulators.world_program import Program, Surroundings, ignore


class WorldDevice:
    """A machine with its card in it: switched on, killed, its disk broken, its card copied."""

    def __init__(self, around: Surroundings, place: str, device: str, gate: str, rng: Random) -> None:
        self.place = place
        self.device = device
        self.gate = gate
        self.program: Program | None = None
        self.boots = 0
        self.wrong_by_ms = 0
        self.latency_ms = 0
        self.is_read_only = False
        self.excuse = ""
        self.image = Image({})
        self.marker = b""
        self._around = around
        self._rng = rng
        self._page = around.ledger.machine(place, device)
        self._life: asyncio.Task[None] | None = None
        self._honest: Image | None = None  # the last that a lying disk really kept
        self._backup: tuple[Image, bytes] | None = None
        self._next_doom: Moment | None = None

    @property
    def is_on(self) -> bool:
        return self.program is not None

    async def live(self, crowd_s: float, until_s: float, down_s: Callable[[], float]) -> None:
        """Start the program, and again a while after each death, until cancelled."""
        while True:
            self._life = asyncio.create_task(self._run_once(crowd_s, until_s), name=f"{self.place}.life")
            try:
                await asyncio.wait((self._life,))
            finally:
                self._life.cancel()
            if not self._life.cancelled() and (error := self._life.exception()) is not None:
                raise error
            await asyncio.sleep(down_s())

    async def _run_once(self, crowd_s: float, until_s: float) -> None:
        program = self._boot()
        if program is None:
            return
        self.program = program
        try:
            await program.run(crowd_s, until_s)
        finally:
            if self.program is program:  # else it is off already, and another image may stand on its disk
                self._power_off(program)

    def _boot(self) -> Program | None:
        """Start the program; None when the machine died over it."""
        self.boots += 1
        path = self._around.folder / f"{self.place}-{self.boots}" / "journal.db"
        path.parent.mkdir()
        self.image.write(path)
        site = Site(
            self.place, path, self._rng, self._around.ledger, self._page,
            excuse=self.excuse, latency_ms=self.latency_ms, is_read_only=self.is_read_only, doom=self._next_doom,
            on_death=self._die,
        )  # fmt: skip
        self._next_doom = None
        if self.marker:
            site.marker().write_bytes(self.marker)
        clock = WorldClock(running().now_ms, self.wrong_by_ms)
        program = Program(self._around, site, self.device, self.gate, self._rng, clock)
        if site.is_dead:
            self._power_off(program)
            return None
        self._around.trace(f"{self.place}: boot {self.boots}, epoch {program.journal.epoch}")
        return program

    def _power_off(self, program: Program) -> None:
        """Take out of a dead machine what stands on its disk."""
        program.site.die()
        self._answer_excuse(program)
        self.image = program.site.image
        self.marker = program.site.marked()
        if program.file is not None:
            program.file.close()
        self.program = None

    def _answer_excuse(self, program: Program) -> None:
        """Let a fault of the medium excuse no more than what was missing when the journal was opened."""
        if program.file is not None and self.excuse not in STICKY:
            self.excuse = ""

    def _die(self) -> None:
        self._around.trace(f"{self.place}: killed")
        if self._life is not None:
            self._life.cancel()

    # What the story does to it

    def kill(self, moment: Moment | None = None) -> None:
        """Kill the program: now, or at a moment of its next append, which may be the first after the next start."""
        if self.program is None:
            self._next_doom = moment
        elif moment is None:
            self.program.site.die()
        else:
            self.program.site.doom = moment

    def mend(self) -> None:
        """Put this machine right: its disk, and its clock."""
        self._honest = None  # by now the lying disk has written everything after all
        self.slow_down(0)
        self.set_clock(0)
        self.mend_disk()

    def fill_disk(self) -> None:
        """Let the disk be full."""
        if self.program is not None and self.program.file is not None:
            self.program.file.fill_disk()

    def forbid_writes(self) -> None:
        """Let the disk be read-only, also for a program that starts."""
        self.is_read_only = True
        if self.program is not None:
            self.program.site.is_read_only = True
        if self.program is not None and self.program.file is not None:
            self.program.file.forbid_writes()

    def mend_disk(self) -> None:
        """Let the disk take everything again."""
        self.is_read_only = False
        if self.program is not None:
            self.program.site.is_read_only = False
        if self.program is not None and self.program.file is not None:
            self.program.file.mend_disk()

    def write(self, record: bytes) -> None:
        """Let the agent write a record of its own."""
        if self.program is not None:
            self.program.journal.append(record).add_done_callback(ignore)

    def describe(self) -> str:
        """Return how it stands, for whoever looks into a world that does not come to rest."""
        if self.program is None:
            return "off"
        session, journal = self.program.session, self.program.journal
        return f"{session.phase.value}, unsent {session.unsent}, held {journal.held}, {session.counters}"

    def slow_down(self, latency_ms: int) -> None:
        """Let every visit to the disk take so long."""
        self.latency_ms = latency_ms
        if self.program is not None:
            self.program.site.latency_ms = latency_ms

    def set_clock(self, wrong_by_ms: int) -> None:
        """Move the machine's wall clock."""
        self.wrong_by_ms = wrong_by_ms
        if self.program is not None:
            self.program.clock.wrong_by_ms = wrong_by_ms

    def lie(self) -> None:
        """Let the disk keep nothing of what it acknowledges from now on."""
        if self.program is not None and self._honest is None:
            self._honest = Image.of(self.program.site.path)

    def cut_power(self) -> None:
        """Cut the power of a machine; if its disk lied, that comes out now."""
        if self.program is None:
            return
        image = None
        if self._honest is not None:
            image = disk.lied(self._honest, Image.of(self.program.site.path), self._rng)
            self.excuse, self._honest = LIED, None
        self.program.site.die(image)

    def back_up(self) -> None:
        """Copy the card of the running machine."""
        if self.program is not None:
            site = self.program.site
            self._backup = Image.of(site.path), site.marked()

    def restore(self) -> None:
        """Put the copy in place of the card."""
        if self._backup is not None:
            self._replace(self._backup[0], RESTORED)
            self.marker = self._backup[1]

    def delete(self) -> None:
        """Delete the journal; the marker beside it stays."""
        self._replace(Image({}), DELETED)

    def flip(self, bits: int) -> None:
        """Flip bits on the disk of a machine that is off, inside a record if there is one."""
        self._off()
        within = next(iter(sorted(self._around.ledger.held_records(self._page))), b"")
        self._replace(disk.flipped(self.image, self._rng, bits=bits, within=within), FLIPPED)

    def _replace(self, image: Image, excuse: str) -> None:
        self._off()
        self.image, self.excuse = image, excuse

    def _off(self) -> None:
        if self.program is not None:
            program = self.program
            program.site.die()
            self._power_off(program)

    def copy_to(self, other: "WorldDevice") -> None:
        """Clone this machine's card."""
        if self.program is not None:
            self._answer_excuse(self.program)
            other.image, other.marker = Image.of(self.program.site.path), self.program.site.marked()
        else:
            other.image, other.marker = self.image, self.marker
        other.excuse = self.excuse
        self._around.ledger.copy(self._page, other.place)


LIED = "the disk lied about fsync"
RESTORED = "an old image was restored"
DELETED = "the journal was deleted"
FLIPPED = "bits flipped on the disk"
STICKY = (LIED, FLIPPED)  # what they spoilt may come to light much later
