"""Cards as a reader's field sees them: ISO/IEC 14443 Type A, with UIDs of 4, 7 and 10 bytes, fixed or drawn by lot.

A card with a chip that can prove itself keeps the chip's memory from one time in a field to the next: see Drawer.
"""

from dataclasses import dataclass
from enum import Enum
from random import Random

from simulators.desfire import Desfire
from simulators.desfire_chip import Chip
from simulators.iso_dep import DESELECT, RATS, Applet, IsoDep, empty_applet
from simulators.ntag424 import Ntag424

CASCADE = 0x88
UID_LENGTHS = (4, 7, 10)
_READ, _GET_VERSION, _AUTHENTICATE = 0x30, 0x60, {0x60, 0x61}
_NTAG213 = bytes.fromhex("0004040201000f03")
_PAGES = 45


class Family(Enum):
    """What kind of card it is; the values are words of the simulator's commands."""

    ULTRALIGHT = "ultralight"
    CLASSIC = "classic"
    ISO_DEP = "iso-dep"
    DESFIRE = "desfire"
    NTAG424 = "ntag424"


_SAK = {Family.ULTRALIGHT: 0x00, Family.CLASSIC: 0x08}
_WITH_CHIP = {Family.DESFIRE, Family.NTAG424}
_CHIP_UID_BYTES = 7


class State(Enum):
    """Where a card stands in ISO/IEC 14443-3."""

    IDLE = "idle"
    ACTIVE = "active"
    HALTED = "halted"
    MUTED = "muted"  # says nothing until the field was off


class CardRefused(ValueError):
    """There is no such card; the message says why."""


@dataclass(frozen=True, slots=True)
class Make:
    """What a card is made to be. `uid` is empty for one that draws a new random UID in every field."""

    uid: bytes
    family: Family

    def __post_init__(self) -> None:
        if self.uid and len(self.uid) not in UID_LENGTHS:
            raise CardRefused(f"a UID has 4, 7 or 10 bytes, not {len(self.uid)}")
        if self.uid[:1] == bytes([CASCADE]):
            raise CardRefused("a UID does not begin with 88: that byte announces that more follows")
        if self.family in _WITH_CHIP and len(self.uid) != _CHIP_UID_BYTES:
            raise CardRefused(f"a {self.family.value} has a UID of {_CHIP_UID_BYTES} bytes")

    @property
    def takes_apdus(self) -> bool:
        return self.family in _WITH_CHIP or self.family is Family.ISO_DEP


def card_make(uid: str, family: str = "") -> Make:
    """Return the make that two words describe: a UID in hexadecimal or `random`, and a family or nothing."""
    try:
        number = b"" if uid == "random" else bytes.fromhex(uid)
    except ValueError:
        raise CardRefused(f"{uid[:40]!r} is not a UID in hexadecimal, nor 'random'") from None
    usual = {0: Family.ISO_DEP, 4: Family.CLASSIC}.get(len(number), Family.ULTRALIGHT)
    try:
        return Make(number, Family(family) if family else usual)
    except ValueError as error:
        names = ", ".join(kind.value for kind in Family)
        raise (
            error
            if isinstance(error, CardRefused)
            else CardRefused(f"{family[:40]!r} is no family of cards; there are {names}")
        ) from None


class Drawer:
    """The chips of cards that were in a field once, by make: what was written to them stays."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._chips: dict[Make, Chip] = {}

    def chip_of(self, make: Make) -> Chip | None:
        """Return a card's chip, new the first time; None for a card without one."""
        if make.family not in _WITH_CHIP:
            return None
        if make not in self._chips:
            kind = Desfire if make.family is Family.DESFIRE else Ntag424
            self._chips[make] = kind(make.uid, self._rng)
        return self._chips[make]


class Card:
    """One card in a field. Its applet answers APDUs; a chip is one that keeps a memory."""

    def __init__(self, make: Make, rng: Random, applet: Applet = empty_applet, chip: Chip | None = None) -> None:
        self.make = make
        self.state = State.IDLE
        self.uid = make.uid
        self._rng = rng
        self._applet = applet if chip is None else chip.transmit
        self._chip = chip
        self._session: IsoDep | None = None
        self.lose_power()

    @property
    def sens_res(self) -> bytes:
        """ATQA, most significant byte first as a PN532 gives it; its bits 7 and 6 tell the UID's size."""
        return bytes([0x03 if self.make.takes_apdus else 0x00, 0x04 | UID_LENGTHS.index(len(self.uid)) << 6])

    @property
    def sel_res(self) -> int:
        return _SAK.get(self.make.family, 0x20)

    @property
    def cascade(self) -> bytes:
        """The UID as anticollision hears it, with a cascade tag before all but the last three or four bytes."""
        tag = bytes([CASCADE])
        if len(self.uid) == 4:
            return self.uid
        if len(self.uid) == 7:
            return tag + self.uid
        return tag + self.uid[:3] + tag + self.uid[3:]

    @property
    def session(self) -> IsoDep | None:
        """The ISO-DEP activation, when there is one."""
        return self._session

    def lose_power(self) -> None:
        """Forget everything; a card with random UIDs draws its next one."""
        self.state = State.IDLE
        self._session = None
        if self._chip is not None:
            self._chip.lose_power()
        if not self.make.uid or (self._chip is not None and self._chip.has_random_uid):
            self.uid = b"\x08" + self._rng.randbytes(3)

    def fall_back(self) -> None:
        """Hear a request while selected: the selection ends."""
        if self.state is State.ACTIVE:
            self.state = State.IDLE
            self._session = None

    def halt(self) -> None:
        """Hear that the reader is done; stay silent until the field was off."""
        self._session = None
        if self.state is not State.MUTED:
            self.state = State.HALTED

    def exchange(self, frame: bytes) -> bytes | None:
        """Answer a frame without its CRC; None is silence."""
        if self.state is not State.ACTIVE or not frame:
            return None
        answer = self._answer(frame)
        if answer is None and self._session is None:
            self.state = State.MUTED  # a Type A card that hears nonsense waits for the next field
        return answer

    def _answer(self, frame: bytes) -> bytes | None:
        match self.make.family:
            case Family.ULTRALIGHT:
                return self._read_memory(frame)
            case Family.CLASSIC:
                return None
            case Family.ISO_DEP | Family.DESFIRE | Family.NTAG424:
                return self._carry(frame)

    def _carry(self, frame: bytes) -> bytes | None:
        if self._session is None:
            if frame[0] != RATS or len(frame) != 2:
                return None
            self._session = IsoDep(self._applet)
            return self._session.activate(frame)
        answer = self._session.exchange(frame)
        if frame[0] == DESELECT:
            self.halt()
        return answer

    def _read_memory(self, frame: bytes) -> bytes | None:
        if frame == bytes([_GET_VERSION]):
            return _NTAG213
        if frame[0] != _READ or len(frame) != 2 or frame[1] >= _PAGES:
            return None
        memory = self._memory()
        begin = frame[1] * 4
        return (memory + memory)[begin : begin + 16]

    def _memory(self) -> bytes:
        """Lay out the UID with its check bytes and an empty NDEF area (NTAG213 data sheet, 8.5)."""
        first, rest = self.uid[:3], self.uid[3:7]
        head = first + bytes([CASCADE ^ first[0] ^ first[1] ^ first[2]])
        check = rest[0] ^ (rest[1] ^ rest[2] ^ rest[3] if len(rest) == 4 else 0)
        pages = head + rest + bytes([check]) + bytes.fromhex("480000e1101200 0300fe")
        return pages.ljust(_PAGES * 4, b"\x00")


def is_authentication(frame: bytes) -> bool:
    """Tell whether a frame asks a MIFARE Classic to prove a key, which the chip does by itself."""
    return len(frame) >= 12 and frame[0] in _AUTHENTICATE
