"""A conversation with a chip by APDUs: selecting, authenticating, and native commands under the session's protection.

Rule: it ends by itself: so many APDUs, until such a time. What a card refuses is CardRefuses; where it contradicts the
key that it claims, NotGenuine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from edge_agent.cards.aes import BLOCK
from edge_agent.cards.ev2 import AUTHENTICATE_FIRST, AUTHENTICATE_NON_FIRST, MORE, Channel, CommMode, Handshake
from edge_agent.clock import Clock
from edge_agent.readers.chip import CardGone, Conversing

SELECT_APPLICATION, GET_KEY_VERSION, GET_CARD_UID = 0x5A, 0x64, 0x51
NDEF_APPLICATION = bytes.fromhex("d2760000850101")
NDEF_FILE = bytes.fromhex("e104")
_OK, _NATIVE, _ISO_OK = 0x00, 0x91, b"\x90\x00"
_READ_MAX = 0xFF


class CardRefuses(Exception):
    """A card does not do what was asked; `status` is the second byte of its status word."""

    def __init__(self, code: int, word: bytes) -> None:
        super().__init__(f"command {code:02X} was answered {word.hex().upper()}")
        self.status = word[-1]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a conversation may be. `talk_ms` counts from its begin."""

    apdus: int
    talk_ms: int


class Conversation:
    """One conversation with a card that is held."""

    def __init__(self, chip: Conversing, rng: Random, clock: Clock, limits: Limits) -> None:
        """Take what to draw random bytes from: at a gate, the system's own source."""
        self._exchange: Callable[[bytes], bytes] = chip.exchange
        self._rng = rng
        self._clock = clock
        self._limits = limits
        self._ends_ms = clock.monotonic_ms() + limits.talk_ms
        self._channel: Channel | None = None
        self.apdus = 0

    def select_application(self, number: bytes) -> bool:
        """Select an application by its three bytes; tell whether there is one."""
        self._channel = None
        return self._native(SELECT_APPLICATION, number)[-2:] == bytes([_NATIVE, _OK])

    def select_ndef_application(self) -> bool:
        """Select the application that phones read; tell whether there is one."""
        self._channel = None
        return self._send(bytes([0, 0xA4, 4, 0, len(NDEF_APPLICATION)]) + NDEF_APPLICATION + b"\0")[-2:] == _ISO_OK

    def read_ndef_file(self, length: int) -> bytes | None:
        """Return the begin of the file that phones read, up to 255 bytes; None when it cannot be read."""
        assert length <= _READ_MAX, "one APDU gives no more"  # noqa: S101
        if self._send(bytes([0, 0xA4, 0, 0x0C, len(NDEF_FILE)]) + NDEF_FILE)[-2:] != _ISO_OK:
            return None
        answer = self._send(bytes([0, 0xB0, 0, 0, length]))
        return answer[:-2] if answer[-2:] == _ISO_OK else None

    def key_version(self, number: int) -> int:
        """Return the version of a key, which nobody vouches for. Raises CardRefuses."""
        return self.command(GET_KEY_VERSION, bytes([number]), mode=CommMode.PLAIN)[0]

    def authenticate(self, number: int, key: bytes) -> None:
        """Prove a key to the card, and have it prove it. Raises NotGenuine, or CardRefuses for one it will not try."""
        before = self._channel
        handshake = Handshake(key, self._rng.randbytes(BLOCK))
        if before is None:
            challenge = self._part(AUTHENTICATE_FIRST, bytes([number, 0]), MORE)
            self._channel = handshake.begin(self._part(MORE, handshake.respond(challenge), _OK))
        else:
            challenge = self._part(AUTHENTICATE_NON_FIRST, bytes([number]), MORE)
            self._channel = handshake.go_on(self._part(MORE, handshake.respond(challenge), _OK), before)

    def card_uid(self) -> bytes:
        """Return the card's own UID, as it says it to who proved a key. Raises NotGenuine or CardRefuses."""
        return self.command(GET_CARD_UID, mode=CommMode.FULL)

    def command(self, code: int, header: bytes = b"", plain: bytes = b"", *, mode: CommMode) -> bytes:
        """Do a native command and return its data; outside a session nothing is protected."""
        if self._channel is None:
            return self._part(code, header + plain, _OK)
        answer = self._part(code, self._channel.protect(code, header, plain, mode), _OK)
        return self._channel.open(_OK, answer, mode)

    def parts(self, code: int) -> list[bytes]:
        """Do a command outside a session whose answer comes in parts, and return these."""
        found, answer = [], self._native(code, b"")
        while answer[-2:] == bytes([_NATIVE, MORE]):
            found.append(answer[:-2])
            answer = self._native(MORE, b"")
        if answer[-2:] != bytes([_NATIVE, _OK]):
            raise CardRefuses(code, answer[-2:])
        return [*found, answer[:-2]]

    def end_session(self, code: int, header: bytes, plain: bytes) -> None:
        """Do a command that takes away the key the session stands on: its answer is not protected."""
        assert self._channel is not None, "nobody is authenticated"  # noqa: S101
        self._part(code, self._channel.protect(code, header, plain, CommMode.FULL), _OK)
        self._channel = None

    def _part(self, code: int, sent: bytes, wanted: int) -> bytes:
        answer = self._native(code, sent)
        if answer[-2:] != bytes([_NATIVE, wanted]):
            self._channel = None
            raise CardRefuses(code, answer[-2:])
        return answer[:-2]

    def _native(self, code: int, sent: bytes) -> bytes:
        return self._send(bytes([0x90, code, 0, 0]) + (bytes([len(sent)]) + sent if sent else b"") + b"\0")

    def _send(self, apdu: bytes) -> bytes:
        """Exchange one APDU; a card that needs too many, or too long, is as good as gone."""
        self.apdus += 1
        if self.apdus > self._limits.apdus or self._clock.monotonic_ms() > self._ends_ms:
            raise CardGone("the card talks for too long")
        answer = self._exchange(apdu)
        if len(answer) < len(_ISO_OK):
            raise CardGone("the card did not finish its answer")
        return answer
