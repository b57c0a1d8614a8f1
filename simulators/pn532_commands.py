"""What a PN532 does for each command (NXP UM0701-02, 7): parameters in, answer out, cards in the field between."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.cards import Card, is_authentication
from simulators.crc import crc_a
from simulators.rf_field import RfField

BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_288_000)
FIRMWARE = bytes.fromhex("32010607")  # PN532 v1.6, all three card technologies
TARGETS_MAX = 2
FOREVER = 0xFF
AUTOPOLL_UNIT_MS = 150
_OK, _TIMEOUT, _WRONG_KEY, _NOT_NOW = b"\x00", b"\x01", b"\x14", b"\x27"
_NONE_FOUND = b"\x00"
_TX_MODE, _RX_MODE, _FIFO_DATA = 0x6302, 0x6303, 0x6339
_CRC_BY_CHIP = 0x80
_REQUEST = 0x26  # what stays in the FIFO when no card answered it
_AUTOMATIC_RATS = 0x10
_RATS = bytes.fromhex("e050")
_TYPES_106A = {0x00, 0x10, 0x20}
_MORE_TO_COME = 0x40


@dataclass(frozen=True, slots=True)
class Wait:
    """The answer comes when `again` finds it, or is `given_up` after `limit_ms` (None: never)."""

    again: Callable[[], bytes | None]
    given_up: bytes
    limit_ms: int | None


@dataclass(frozen=True, slots=True)
class Speed:
    """The line goes on at another speed once the host has confirmed it."""

    baud: int


class Sleep:
    """The chip powers down."""


Outcome = bytes | Wait | Speed | Sleep | None  # None: not understood


class Commands:
    """A PN532's state behind its link."""

    def __init__(self, field: RfField) -> None:
        self._field = field
        self._targets: dict[int, Card] = {}
        self._selected: int = 0
        self._registers = {_TX_MODE: _CRC_BY_CHIP, _RX_MODE: _CRC_BY_CHIP}
        self._parameters = 0x14  # after power-on
        self._retries = FOREVER
        self._apdu = b""
        self._verbs: dict[int, Callable[[bytes], Outcome]] = {
            0x00: self._diagnose,
            0x02: lambda _: FIRMWARE,
            0x04: self._general_status,
            0x06: self._read_registers,
            0x08: self._write_registers,
            0x0C: lambda _: bytes.fromhex("3f0703"),
            0x0E: lambda _: b"",
            0x10: self._set_speed,
            0x12: self._set_parameters,
            0x14: lambda sent: b"" if sent else None,
            0x16: lambda sent: Sleep() if sent else None,
            0x32: self._configure,
            0x40: self._data_exchange,
            0x42: self._communicate_through,
            0x44: self._deselect,
            0x46: lambda _: _TIMEOUT,  # no peer for DEP
            0x4A: self._list_passive_target,
            0x52: self._release,
            0x54: self._select,
            0x56: lambda _: _TIMEOUT,
            0x60: self._auto_poll,
        }

    def obey(self, code: int, parameters: bytes) -> Outcome:
        """Do what a command says; return its answer without the two bytes that every answer begins with."""
        verb = self._verbs.get(code)
        return verb(parameters) if verb is not None else None

    def _diagnose(self, sent: bytes) -> Outcome:
        match sent[:1]:
            case b"\x00":
                return sent
            case b"\x01" | b"\x02" | b"\x07":  # ROM, RAM, antenna
                return _OK
            case b"\x06":  # is the card that was activated still there
                card = self._targets.get(self._selected)
                return _OK if card is not None and self._field.is_near(card) else _TIMEOUT
            case _:
                return None

    def _general_status(self, _: bytes) -> bytes:
        cards = b"".join(bytes([number, 0x00, 0x00, 0x10]) for number in self._targets)
        return bytes([0x00, self._field.is_on, len(self._targets)]) + cards + b"\x00"

    def _read_registers(self, sent: bytes) -> Outcome:
        if not sent or len(sent) % 2:
            return None
        addresses = [int.from_bytes(sent[at : at + 2]) for at in range(0, len(sent), 2)]
        return bytes(self._registers.get(address, 0) for address in addresses)

    def _write_registers(self, sent: bytes) -> Outcome:
        if not sent or len(sent) % 3:
            return None
        for at in range(0, len(sent), 3):
            self._registers[int.from_bytes(sent[at : at + 2])] = sent[at + 2]
        return b""

    def _set_speed(self, sent: bytes) -> Outcome:
        return Speed(BAUDS[sent[0]]) if len(sent) == 1 and sent[0] < len(BAUDS) else None

    def _set_parameters(self, sent: bytes) -> Outcome:
        if len(sent) != 1:
            return None
        self._parameters = sent[0]
        return b""

    def _configure(self, sent: bytes) -> Outcome:
        match sent[:1]:
            case b"\x01" if len(sent) == 2:
                self._field.switch(bool(sent[1] & 1))
            case b"\x05" if len(sent) == 4:
                self._retries = sent[3]
            case b"":
                return None
            case _:  # timings and analog settings have no effect here
                pass
        return b""

    def _list_passive_target(self, sent: bytes) -> Outcome:
        if len(sent) < 2 or not 1 <= sent[0] <= TARGETS_MAX or sent[1] > 4:
            return None
        limit, kind, wanted = sent[0], sent[1], sent[2:]
        if kind != 0:
            return _NONE_FOUND if self._retries != FOREVER else Wait(lambda: None, _NONE_FOUND, None)

        def look() -> bytes | None:
            return self._activate(limit, wanted)

        return look() or self._missing(look)

    def _missing(self, look: Callable[[], bytes | None]) -> Outcome:
        self._registers[_FIFO_DATA] = _REQUEST
        return _NONE_FOUND if self._retries != FOREVER else Wait(look, _NONE_FOUND, None)

    def _activate(self, limit: int, wanted: bytes) -> bytes | None:
        """Find up to `limit` cards and return what is told of them, None when there is none."""
        self._targets.clear()
        self._registers[_RX_MODE] = self._registers[_TX_MODE] = _CRC_BY_CHIP
        self._field.switch(on=True)
        self._field.restart()
        told = b""
        while len(self._targets) < limit and (card := self._field.activate(wanted)):
            self._selected = len(self._targets) + 1
            self._targets[self._selected] = card
            told += bytes([self._selected]) + self._describe(card)
        self._registers[_FIFO_DATA] = 0x00 if told else _REQUEST
        return bytes([len(self._targets)]) + told if told else None

    def _describe(self, card: Card) -> bytes:
        told = card.sens_res + bytes([card.sel_res, len(card.uid)]) + card.uid
        if card.sel_res & 0x20 and self._parameters & _AUTOMATIC_RATS:
            told += card.exchange(_RATS) or b""
        return told

    def _auto_poll(self, sent: bytes) -> Outcome:
        if len(sent) < 3:
            return None
        rounds, period, kinds = sent[0], sent[1], sent[2:]

        def look() -> bytes | None:
            found = self._activate(1, b"") if _TYPES_106A & set(kinds) else None
            if found is None:
                return None
            card = self._targets[1]
            kind = 0x20 if card.sel_res & 0x20 else 0x10
            return bytes([1, kind, len(found) - 1]) + found[1:]

        limit_ms = None if rounds == FOREVER else rounds * period * len(kinds) * AUTOPOLL_UNIT_MS
        return look() or Wait(look, _NONE_FOUND, limit_ms)

    def _data_exchange(self, sent: bytes) -> Outcome:
        if not sent:
            return None
        card = self._targets.get(sent[0] & 0x3F)
        if card is None:
            return _NOT_NOW
        data = sent[1:]
        if card.session is not None:
            return self._apdu_exchange(card, data, more=bool(sent[0] & _MORE_TO_COME))
        answer = self._field.exchange(card, data)
        if answer is None and is_authentication(data) and card in self._field.cards:
            return _WRONG_KEY
        return _TIMEOUT if answer is None else _OK + answer

    def _apdu_exchange(self, card: Card, part: bytes, *, more: bool) -> bytes:
        """Carry an APDU; cutting it into blocks is the chip's business."""
        self._apdu += part
        if more:
            return _OK
        apdu, self._apdu = self._apdu, b""
        if not self._field.reach(card) or card.session is None:
            return _TIMEOUT
        return _OK + card.session.transmit(apdu)

    def _communicate_through(self, sent: bytes) -> Outcome:
        card = self._targets.get(self._selected)
        if card is None or not sent:
            return _TIMEOUT
        if not self._registers[_TX_MODE] & _CRC_BY_CHIP:
            if crc_a(sent[:-2]) != sent[-2:]:
                return _TIMEOUT
            sent = sent[:-2]
        answer = self._field.exchange(card, sent)
        if answer is None:
            return _TIMEOUT
        by_chip = self._registers[_RX_MODE] & _CRC_BY_CHIP
        return _OK + answer + (b"" if by_chip else crc_a(answer))

    def _deselect(self, sent: bytes) -> Outcome:
        return self._part(sent, forget=False)

    def _release(self, sent: bytes) -> Outcome:
        return self._part(sent, forget=True)

    def _part(self, sent: bytes, *, forget: bool) -> Outcome:
        """Send cards to sleep: one by its number, or all by 0."""
        if len(sent) != 1:
            return None
        numbers = [sent[0]] if sent[0] else list(self._targets)
        if any(number not in self._targets for number in numbers):
            return _NOT_NOW
        for number in numbers:
            self._targets[number].halt()
            if forget:
                del self._targets[number]
        return _OK

    def _select(self, sent: bytes) -> Outcome:
        if len(sent) != 1:
            return None
        if sent[0] not in self._targets:
            return _NOT_NOW
        self._selected = sent[0]
        return _OK
