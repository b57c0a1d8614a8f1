"""A board from the box, or one that ran before, to one with MicroPython and our files, checked by what it says itself.

Every step can be cut by a pulled cable. Whoever runs it again goes on from there: an image is written anew, of the
files only those that are missing or differ.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from firmware.tools.boardfiles import BoardFile, BoardKind, Role
from firmware.tools.boardfiles_layout import MANIFEST, OURS, RELEASE_KEY, START, BoardSet
from firmware.tools.flash_chips import Chip, Way
from firmware.tools.flash_errors import FlashRefused, ImageRefused, PortRefused
from firmware.tools.flash_image import Image, check_fits
from firmware.tools.flash_partitions import JOURNAL, ROSTER, takes_updates, with_room
from firmware.tools.flash_ports import Drive, Port, check_port, find_boards
from firmware.tools.flash_programs import Programs, Tell
from firmware.tools.flash_talk import VERSION_MIN, State, Talk
from firmware.tools.flash_write import identify, write_by_esptool, write_to_drive

COMES_BACK_S = 20.0  # after a reset: a board on its own USB goes and comes, and makes its file system
_PAUSE_S = 0.25
_ASKED_MAX, _ASKED_RUNNING_MAX = 4, 2  # some ten seconds each: after a reset, and of a board that should run
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Flashed:
    """What a board said of itself in the end."""

    kind: BoardKind
    port: str
    state: State
    copied: int
    kept: int


@dataclass(slots=True)
class Flashing:
    """One board being flashed. `find` tells which boards are there, `pause` waits."""

    programs: Programs
    wanted: BoardSet
    tell: Tell
    find: Callable[[], Sequence[Port | Drive]] = find_boards
    pause: Callable[[float], None] = time.sleep
    comes_back_s: float = COMES_BACK_S
    _before: frozenset[str] = field(default=frozenset())

    def run(self, place: Port | Drive, image: Image | None) -> Flashed:
        """Write the image, if there is one, then our files, and check both. Raises FlashRefused."""
        self._before = frozenset(found.path for found in self.find() if isinstance(found, Port))
        port = self._write(place, image) if image is not None else place
        if isinstance(port, Drive):
            raise FlashRefused(
                "the board waits for MicroPython: it shows a drive", "give MicroPython's file with --image and --sha256"
            )
        return self._fill(port.path, _ASKED_MAX if image is not None else _ASKED_RUNNING_MAX)

    def _write(self, place: Port | Drive, image: Image) -> Port:
        """Write MicroPython; return where the board is afterwards."""
        self._check_image(image)
        if image.chip.way is Way.UF2:
            return self._copy(place, image)
        if isinstance(place, Drive):
            check_fits(image, place.chip)
        self.programs.check_port(place.path)
        chip, size = identify(self.programs, place.path)
        self.tell(f"found {chip.name} with {size // 1024 // 1024} MB of flash on {place.path}")
        self._check_kind(chip)
        check_fits(image, chip)
        if len(image.content) + image.chip.image_at > size // 2:
            raise FlashRefused(
                f"the board has {size // 1024 // 1024} MB of flash: MicroPython would leave too little for our files",
                "take a board with at least 4 MB",
            )
        if self.wanted.kind.role is Role.GATE:
            image = Image(with_room(image.content, chip.image_at, size), chip)
            if not takes_updates(image.content, chip.image_at):
                self.tell("this flash is too small for updates over the network: bring new versions by cable")
        write_by_esptool(self.programs, place.path, image, self.tell)
        return self._await_port(place.path)

    def _copy(self, place: Port | Drive, image: Image) -> Port:
        """Write MicroPython to the drive of an RP2040 or RP2350, which one that runs is asked to show."""
        drive = place if isinstance(place, Drive) else self._ask_for_drive(place)
        self.tell(f"found {drive.chip.name} on {drive.path}")
        self._check_kind(drive.chip)
        check_fits(image, drive.chip)
        write_to_drive(drive, image, self.tell)
        return self._await_port("")

    def _ask_for_drive(self, place: Port) -> Drive:
        self.programs.check_port(place.path)
        try:
            Talk(self.programs, place.path, OURS).go_to_loader()
        except FlashRefused:
            self.tell("the board does not take the way to its drive by itself")
        drive = self._await(lambda: next((found for found in self.find() if isinstance(found, Drive)), None))
        if drive is None:
            raise FlashRefused(
                "the board's drive did not appear",
                "hold BOOTSEL while you put the cable in; without a desktop, mount the drive by hand; run this again",
            )
        return drive

    def _check_image(self, image: Image) -> None:
        """Refuse another board's image before anything is asked of the one that is there."""
        if image.chip.family != self.wanted.kind.chip:
            raise ImageRefused(
                f"the image is for {image.chip.name}, a {self.wanted.kind.name} has {self.wanted.kind.chip}",
                "take MicroPython for this board, or name the board that it is with --board",
            )

    def _check_kind(self, chip: Chip) -> None:
        if chip.family != self.wanted.kind.chip:
            raise FlashRefused(
                f"the board has {chip.name}, a {self.wanted.kind.name} has {self.wanted.kind.chip}",
                "name the board that it is with --board, or the port of the other board with --port",
            )

    def _await_port(self, path: str) -> Port:
        """Return the port under which a board is back after a reset: its own, or a new one."""
        port = self._await(lambda: self._back(path))
        if port is None:
            raise FlashRefused(
                "the board did not come back after it was written",
                "press RESET, or take out the cable and put it in again, then run this again without --image",
            )
        return port

    def _back(self, path: str) -> Port | None:
        there = [found for found in self.find() if isinstance(found, Port)]
        fresh = [found for found in there if found.path not in self._before]
        for port in [Port(path, "")] if path else []:
            try:
                check_port(port.path)
            except PortRefused:
                continue
            return port
        return fresh[0] if len(fresh) == 1 else None

    def _await(self, look: Callable[[], Found | None]) -> Found | None:
        for _ in range(int(self.comes_back_s / _PAUSE_S)):
            if (found := look()) is not None:
                return found
            self.pause(_PAUSE_S)
        return None

    def _fill(self, port: str, asked_max: int) -> Flashed:
        """Put our files on a board whose MicroPython runs."""
        self.programs.check_port(port)
        talk = Talk(self.programs, port, OURS)
        self.tell(f"asking MicroPython on {port} what is there")
        state = self._ask(talk, asked_max)
        self.tell(f"MicroPython {state.micropython} on {state.machine}")
        self._check_runs(state)
        wanted = self.wanted
        if wanted.kind.role is Role.GATE and not {JOURNAL, ROSTER} <= set(state.partitions):
            raise FlashRefused(
                "the board's flash has no room set apart for a gate's journal and rosters",
                "run this with --image and --sha256: the board is erased and divided anew",
            )
        if _missing(state, wanted) and START in state.files:
            state = self._quiet(talk, port)
        missing = _missing(state, wanted)
        if outdated := _outdated(state, wanted):
            talk.remove(outdated)
            state = talk.state()
        talk.check_space(state, missing)
        talk.put(missing, state.folders, self.tell)
        after = self._ask(talk)
        _check_whole(after, wanted)
        talk.restart()
        return Flashed(self.wanted.kind, port, after, len(missing), len(wanted.files) - len(missing))

    def _quiet(self, talk: Talk, port: str) -> State:
        """Keep what is on the board from starting while it is half old and half new, with a watchdog behind it."""
        talk.remove([START])
        talk.restart()
        self._await_port(port)
        return self._ask(talk)

    def _ask(self, talk: Talk, asked_max: int = _ASKED_MAX) -> State:
        """Ask the board, patiently: on its first start it makes its file system before it answers."""
        for asked in range(1, asked_max + 1):
            try:
                return talk.state()
            except PortRefused:
                raise
            except FlashRefused as refused:
                if asked == asked_max:
                    raise
                self.tell(f"{refused}; asking again, {asked + 1} of {asked_max}, some ten seconds each")
                self.pause(_PAUSE_S)
        raise AssertionError("asked until an answer or a refusal")

    def _check_runs(self, state: State) -> None:
        kind = self.wanted.kind
        if state.version < VERSION_MIN:
            raise FlashRefused(
                f"the board runs MicroPython {state.micropython}; {'.'.join(map(str, VERSION_MIN))} or newer is needed",
                "give a newer one with --image and --sha256",
            )
        if state.platform != ("rp2" if kind.chip == "rp2" else "esp32"):
            raise FlashRefused(
                f"the board says it is {state.machine} ({state.platform}), a {kind.name} has {kind.chip}",
                "name the board that it is with --board, or the port of the other board with --port",
            )


def _missing(state: State, wanted: BoardSet) -> list[BoardFile]:
    """Return the files to copy, in their order; where one is missing, the list comes anew, after it."""
    differing = {path for path, digest in wanted.digests.items() if state.files.get(path) != digest}
    return [file for file in wanted.files if file.path in differing or (differing and file.path == MANIFEST)]


def _outdated(state: State, wanted: BoardSet) -> list[str]:
    """Return the files to remove: what belongs to nothing, and first the list of what will not be whole for a while."""
    strange = [path for path in state.files if path not in wanted.digests and path != RELEASE_KEY]
    is_cut = bool(_missing(state, wanted)) and MANIFEST in state.files
    return [MANIFEST, *strange] if is_cut else strange


def _check_whole(state: State, wanted: BoardSet) -> None:
    differing = [path for path, digest in wanted.digests.items() if state.files.get(path) != digest]
    if differing:
        raise FlashRefused(
            f"{len(differing)} files on the board are not as they were sent, {differing[0]} among them",
            "run this again; if it fails again, the board's flash is worn out: take another board",
        )
