"""What a reader's settings are, and the reader made from them."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from edge_agent.clock import Clock
from edge_agent.readers.credentials import ByteOrder, Spelling, UidFormat
from edge_agent.readers.direct_chip import open_direct
from edge_agent.readers.head import Alone, HeadReader, Wall
from edge_agent.readers.keyboard import KeyboardReader
from edge_agent.readers.line import LineReader
from edge_agent.readers.osdp import OsdpReader
from edge_agent.readers.osdp_card import CardBits
from edge_agent.readers.osdp_line import ADDRESS_MAX, Place
from edge_agent.readers.pn532 import Pn532Reader
from edge_agent.readers.proving import Prover
from edge_agent.readers.replay import ReplayReader
from edge_agent.readers.tap import Medium

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
# nfcpy hands a serial line's path to a shell (`stty -F`), so nothing that a shell would read as more than a path.
DEVICE_PATH = re.compile(r"/[A-Za-z0-9_./:+@-]{1,255}")
BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200)


class Driver(Enum):
    """How a reader is talked to; the values stand in the agent's settings."""

    PN532 = "pn532"  # a PN532 on a serial line, through nfcpy
    PN532_DIRECT = "pn532-direct"  # the same, through our own few lines
    HEAD = "head"  # a reader head: a microcontroller with our firmware, on a serial line
    KEYBOARD = "keyboard"  # a USB reader that types, by its input device
    LINE = "line"  # a reader or a scanner that sends lines of text over a serial line, a pipe or a terminal
    OSDP = "osdp"  # a reader that is on the wall already, on an RS-485 line
    REPLAY = "replay"  # a file of taps


CAN_ASK_CARDS = (Driver.PN532, Driver.PN532_DIRECT)


class ReaderRefused(ValueError):
    """A reader's setting is wrong; `field` says which."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """One reader. Raises ReaderRefused for what cannot work, whether or not the device is there.

    `path` is a serial line (`/dev/serial/by-id/...`), an input device (`/dev/input/by-id/...-event-kbd`), or a file to
    replay. `format` and `byte_order` say how a reader that types writes a UID; `medium` is `qr` for a scanner.
    """

    name: str
    driver: Driver
    path: str
    format: UidFormat = UidFormat.HEX
    byte_order: ByteOrder = ByteOrder.CARD
    medium: Medium = Medium.UID
    baud: int = 9_600
    grab: bool = True  # a keyboard's letters reach nobody else
    alone: Alone = Alone.CLOSED  # what a head does with a card while this agent is silent
    address: int = 0  # of an OSDP reader on its line
    key_file: str = ""  # of an OSDP reader: 32 hex digits, made by `esik edge osdp install`
    bits: CardBits = CardBits.WHOLE  # which cards of an OSDP reader, or of a Wiegand reader on a head, are taken

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ReaderRefused("name", f"{self.name[:40]!r} is not 1 to 32 of a-z, 0-9 and '-'")
        if not DEVICE_PATH.fullmatch(self.path):
            raise ReaderRefused("path", f"{self.path[:80]!r} is not an absolute path of letters, digits and _./:+@-")
        if self.baud not in BAUDS:
            raise ReaderRefused("baud", f"{self.baud} is none of {', '.join(map(str, BAUDS))}")
        if self.medium not in {Medium.UID, Medium.QR}:
            raise ReaderRefused("medium", f"{self.medium.value!r} cannot be chosen here; it is 'uid' or 'qr'")
        if self.alone is not Alone.CLOSED and self.driver is not Driver.HEAD:
            raise ReaderRefused("alone", "only a reader with driver = 'head' can do anything without the agent")
        if self.medium is Medium.QR and self.driver in {Driver.PN532, Driver.PN532_DIRECT}:
            raise ReaderRefused("medium", "a PN532 reads cards, not QR codes")
        self._check_osdp()

    def _check_osdp(self) -> None:
        """Refuse what an OSDP reader has not, and what only it has."""
        if self.driver is not Driver.OSDP:
            if (self.address, self.key_file) != (0, ""):
                raise ReaderRefused("driver", "only a reader with driver = 'osdp' has address and key_file")
            if self.bits is not CardBits.WHOLE and self.driver is not Driver.HEAD:
                raise ReaderRefused("bits", "only a reader with driver = 'osdp' or 'head' has bits to choose from")
            return
        if not 0 <= self.address <= ADDRESS_MAX:
            raise ReaderRefused("address", f"{self.address} is not from 0 to {ADDRESS_MAX}")
        if not self.key_file.startswith("/"):
            raise ReaderRefused(
                "key_file", "needs the key file's absolute path; `esik edge osdp install` makes the file"
            )
        if self.medium is not Medium.UID:
            raise ReaderRefused("medium", "an OSDP reader sends cards' bits, not QR codes")

    @property
    def osdp(self) -> Place:
        """Return where an OSDP reader is."""
        return Place(self.path, self.baud, self.address)

    @property
    def spelling(self) -> Spelling:
        """Return how a reader that types writes."""
        return Spelling(self.format, self.byte_order, self.medium)


AnyReader = Pn532Reader | HeadReader | KeyboardReader | LineReader | OsdpReader | ReplayReader


def open_reader(settings: ReaderSettings, clock: Clock, prover: Prover | None = None) -> AnyReader:
    """Return a reader; the device itself is opened, and opened again, by its `taps`.

    `prover` asks the cards at a reader that can.
    """
    match settings.driver:
        case Driver.PN532:
            return Pn532Reader(settings.name, settings.path, clock, prover=prover)
        case Driver.PN532_DIRECT:
            return Pn532Reader(settings.name, settings.path, clock, partial(open_direct, clock=clock), prover)
        case Driver.HEAD:
            wall = Wall(settings.byte_order, settings.bits)
            return HeadReader(settings.name, settings.path, clock, alone=settings.alone, wall=wall, prover=prover)
        case Driver.OSDP:
            key_file, order = Path(settings.key_file), settings.byte_order
            return OsdpReader(settings.name, settings.osdp, key_file, clock, bits=settings.bits, byte_order=order)
        case Driver.KEYBOARD | Driver.LINE | Driver.REPLAY:
            return _open_writing(settings, clock)


def _open_writing(settings: ReaderSettings, clock: Clock) -> KeyboardReader | LineReader | ReplayReader:
    """Return a reader of what somebody types or writes."""
    match settings.driver:
        case Driver.KEYBOARD:
            return KeyboardReader(settings.name, settings.path, clock, settings.spelling, grab=settings.grab)
        case Driver.LINE:
            return LineReader(settings.name, settings.path, clock, settings.spelling, baud=settings.baud)
        case _:
            return ReplayReader(settings.name, settings.path, clock)
