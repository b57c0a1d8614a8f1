"""An MFRC522 card reader as its SPI bus sees it: bytes in, bytes out, a transaction at a time; no I/O and no clock.

Registers as in NXP's data sheet, 9, as far as Type A cards need them; what a driver forgets to set up does not work
here either. Timings prove nothing about radio. `Fault` names what can go wrong.
"""

from dataclasses import dataclass, field
from enum import Enum, IntEnum

from simulators.cards import Card, State
from simulators.crc import crc_a
from simulators.rf_field import RfField

VERSION = 0x92  # MFRC522 version 2.0
FIFO_MAX = 64
_CASCADE_LEVELS = (0x93, 0x95, 0x97)
_REQA, _WUPA = 0x26, 0x52
_UID_GOES_ON = 0x04


class Register(IntEnum):
    """The addresses of the data sheet that are more than memory here."""

    COMMAND = 0x01
    COM_IRQ = 0x04
    DIV_IRQ = 0x05
    ERROR = 0x06
    FIFO = 0x09
    FIFO_LEVEL = 0x0A
    CONTROL = 0x0C
    BIT_FRAMING = 0x0D
    COLLISION = 0x0E
    MODE = 0x11
    TX_MODE = 0x12
    RX_MODE = 0x13
    TX_CONTROL = 0x14
    TX_ASK = 0x15
    CRC_HIGH = 0x21
    CRC_LOW = 0x22
    TIMER_MODE = 0x2A
    RELOAD_HIGH = 0x2C
    RELOAD_LOW = 0x2D
    VERSION = 0x37


_RESET: dict[int, int] = {
    Register.COMMAND: 0x20, Register.COM_IRQ: 0x14, Register.COLLISION: 0xA0, Register.MODE: 0x3F,
    Register.TX_CONTROL: 0x80, Register.VERSION: VERSION,
}  # fmt: skip
_CALCULATE_CRC, _TRANSCEIVE, _SOFT_RESET = 0x03, 0x0C, 0x0F
_CRC_DONE, _PRESET_A = 0x04, 0x01
_TX_DONE, _RECEIVED, _TIMER = 0x40, 0x20, 0x01
_BUFFER_OVERFLOW, _COLLIDED, _PARITY = 0x10, 0x08, 0x02
_NOT_VALID = 0x20


class Fault(Enum):
    """One way of going wrong; each spoils one answer or one transaction."""

    PARITY = "parity"  # a bit of an answer was changed in the air
    DEAF = "deaf"  # nothing is heard of the answer
    BROWN_OUT = "brown-out"  # the chip starts anew, with nothing set up


@dataclass(slots=True)
class _Heard:
    """What the receiver makes of all cards together: bits, lowest first, and the first that two sent differently."""

    bits: list[int]
    collided_at: int | None = None

    @property
    def content(self) -> bytes:
        padded = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(
            sum(bit << at for at, bit in enumerate(padded[begin : begin + 8])) for begin in range(0, len(padded), 8)
        )


@dataclass(slots=True)
class Rc522:
    """One chip over a field. `transfer` is one transaction, from select low to select high."""

    rf: RfField
    is_present: bool = True
    faults: list[Fault] = field(default_factory=list)
    transfers: int = 0
    _registers: dict[int, int] = field(default_factory=dict)
    _fifo: bytearray = field(default_factory=bytearray)
    _ready: list[Card] = field(default_factory=list)  # those that heard a request and are not selected yet

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start as after power-on."""
        self._registers = dict(_RESET)
        self._fifo.clear()
        self._field_off()

    def transfer(self, sent: bytes) -> bytes:
        """Answer one transaction (8.1.2): an address, then bytes to write or further addresses to read."""
        self.transfers += 1
        if not self.is_present:
            return b"\xff" * len(sent)
        if Fault.BROWN_OUT in self.faults:
            self.faults.remove(Fault.BROWN_OUT)
            self.reset()
        if not sent:
            return b""
        if sent[0] & 0x80:
            return b"\x00" + bytes(self._read(byte >> 1 & 0x3F) if byte & 0x80 else 0 for byte in sent[:-1])
        for byte in sent[1:]:
            self._write(sent[0] >> 1 & 0x3F, byte)
        return bytes(len(sent))

    # Registers

    def _read(self, address: int) -> int:
        match address:
            case Register.FIFO:
                return self._fifo.pop(0) if self._fifo else 0
            case Register.FIFO_LEVEL:
                return len(self._fifo)
            case _:
                return self._registers.get(address, 0)

    def _write(self, address: int, value: int) -> None:
        match address:
            case Register.FIFO:
                self._push(value)
            case Register.FIFO_LEVEL:
                if value & 0x80:
                    self._fifo.clear()
                    self._registers[Register.ERROR] = self._registers.get(Register.ERROR, 0) & ~_BUFFER_OVERFLOW
            case Register.COM_IRQ | Register.DIV_IRQ:
                self._mark(address, value)
            case Register.COMMAND:
                self._command(value)
            case Register.TX_CONTROL:
                self._registers[address] = value
                self._antenna(is_on=value & 0x03 == 0x03)
            case Register.BIT_FRAMING:
                self._registers[address] = value & 0x7F
                if value & 0x80 and self._registers[Register.COMMAND] & 0x0F == _TRANSCEIVE:
                    self._transceive()
            case Register.ERROR | Register.VERSION:  # read only
                pass
            case _:
                self._registers[address] = value

    def _push(self, value: int) -> None:
        if len(self._fifo) >= FIFO_MAX:
            self._registers[Register.ERROR] = self._registers.get(Register.ERROR, 0) | _BUFFER_OVERFLOW
        else:
            self._fifo.append(value)

    def _mark(self, address: int, value: int) -> None:
        """Set1 and Set2 tell whether the marked bits are set or cleared."""
        marked = value & 0x7F
        before = self._registers.get(address, 0)
        self._registers[address] = before | marked if value & 0x80 else before & ~marked

    def _command(self, value: int) -> None:
        if value & 0x0F == _SOFT_RESET:
            self.reset()
            return
        self._registers[Register.COMMAND] = value
        if value & 0x0F == _TRANSCEIVE:
            self._registers[Register.ERROR] = 0  # 9.3.1.7: cleared by every new command but SoftReset
        if value & 0x0F == _CALCULATE_CRC and self._registers.get(Register.MODE, 0) & 0x03 == _PRESET_A:
            low, high = crc_a(bytes(self._fifo))
            self._fifo.clear()
            self._registers[Register.CRC_LOW], self._registers[Register.CRC_HIGH] = low, high
            self._registers[Register.DIV_IRQ] = self._registers.get(Register.DIV_IRQ, 0) | _CRC_DONE

    def _antenna(self, *, is_on: bool) -> None:
        if is_on:
            self.rf.switch(on=True)
        else:
            self._field_off()

    def _field_off(self) -> None:
        self.rf.switch(on=False)
        self._ready.clear()

    # The air

    def _transceive(self) -> None:
        """Send the FIFO and take the answer into it."""
        sent = bytes(self._fifo)
        self._fifo.clear()
        last_bits = self._registers[Register.BIT_FRAMING] & 0x07
        self._raise(_TX_DONE)
        heard = self._heard(sent, last_bits) if self._is_on_air() else None
        if heard is not None and Fault.DEAF in self.faults:
            self.faults.remove(Fault.DEAF)
            heard = None
        if heard is None:
            if self._registers.get(Register.TIMER_MODE, 0) & 0x80 and self._reload():
                self._raise(_TIMER)
            return
        self._receive(heard)

    def _is_on_air(self) -> bool:
        """Tell whether a card can make sense of the carrier: on, and switched fully off for a pause (9.3.2.6)."""
        return self.rf.is_on and bool(self._registers.get(Register.TX_ASK, 0) & 0x40)

    def _reload(self) -> int:
        return self._registers.get(Register.RELOAD_HIGH, 0) << 8 | self._registers.get(Register.RELOAD_LOW, 0)

    def _receive(self, heard: _Heard) -> None:
        align = self._registers[Register.BIT_FRAMING] >> 4 & 0x07
        shifted = _Heard([0] * align + heard.bits)
        for byte in shifted.content:
            self._push(byte)
        self._registers[Register.CONTROL] = len(shifted.bits) % 8  # RxLastBits
        collision = _NOT_VALID
        if heard.collided_at is not None:
            self._registers[Register.ERROR] |= _COLLIDED
            at = align + heard.collided_at + 1
            collision = at & 0x1F if at <= 32 else _NOT_VALID
        self._registers[Register.COLLISION] = self._registers[Register.COLLISION] & 0x80 | collision
        if Fault.PARITY in self.faults:
            self.faults.remove(Fault.PARITY)
            self._registers[Register.ERROR] |= _PARITY
        self._raise(_RECEIVED)

    def _raise(self, bits: int) -> None:
        self._registers[Register.COM_IRQ] |= bits

    def _heard(self, sent: bytes, last_bits: int) -> _Heard | None:
        """Return what all cards in the field say to a frame, None when they are silent (ISO/IEC 14443-3, 6.5)."""
        if len(sent) == 1 and last_bits == 7 and sent[0] in (_REQA, _WUPA):
            return self._request(is_for_halted=sent[0] == _WUPA)
        if len(sent) >= 2 and sent[0] in _CASCADE_LEVELS:
            level = _CASCADE_LEVELS.index(sent[0])
            return self._select(level, sent) if sent[1] == 0x70 else self._anticollision(level, sent, last_bits)
        return self._exchange(sent)

    def _request(self, *, is_for_halted: bool) -> _Heard | None:
        heeding = {State.IDLE, State.HALTED} if is_for_halted else {State.IDLE}
        self.rf.restart()
        self._ready = [card for card in self.rf.cards if card.state in heeding]
        # SENS_RES goes over the air low byte first.
        return _together([card.sens_res[::-1] for card in self._ready])

    def _anticollision(self, level: int, sent: bytes, last_bits: int) -> _Heard | None:
        whole = (sent[1] >> 4) - 2
        bits = whole * 8 + (sent[1] & 0x0F)
        known = _bits(sent[2:])[:bits]
        if sent[1] & 0x0F != last_bits or len(sent) != 2 + whole + (1 if last_bits else 0):
            return None  # NVB tells another length than the frame has
        said = [_bits(part) for card in self._ready if (part := _part(card, level))]
        return _merged([part[bits:] for part in said if part[:bits] == known])

    def _select(self, level: int, sent: bytes) -> _Heard | None:
        if len(sent) != 9 or crc_a(sent[:-2]) != sent[-2:]:
            return None
        self._ready = [card for card in self._ready if _part(card, level) == sent[2:7]]
        if not self._ready:
            return None
        goes_on = len(self._ready[0].cascade) > 4 * (level + 1)
        sak = _UID_GOES_ON if goes_on else self._ready[0].sel_res
        if not goes_on:
            for card in self._ready:
                card.state = State.ACTIVE
        answer = bytes([sak])
        return _together([answer + crc_a(answer)])

    def _exchange(self, sent: bytes) -> _Heard | None:
        """Carry a frame to the card that is selected; its checksum is the driver's business."""
        if len(sent) < 3 or crc_a(sent[:-2]) != sent[-2:]:
            return None
        active = next((card for card in self._ready if card.state is State.ACTIVE), None)
        answer = self.rf.exchange(active, sent[:-2]) if active is not None else None
        return None if answer is None else _together([answer + crc_a(answer)])


def _part(card: Card, level: int) -> bytes:
    """Return the four bytes and the check byte that a card says at a level of its cascade; nothing beyond the last."""
    four = card.cascade[4 * level : 4 * level + 4]
    return four + bytes([four[0] ^ four[1] ^ four[2] ^ four[3]]) if four else b""


def _bits(content: bytes) -> list[int]:
    return [byte >> at & 1 for byte in content for at in range(8)]


def _together(answers: list[bytes]) -> _Heard | None:
    return _merged([_bits(answer) for answer in answers])


def _merged(said: list[list[int]]) -> _Heard | None:
    """Lay answers over one another. Where two differ the receiver takes a 1, and what follows means little."""
    if not said:
        return None
    longest = max(said, key=len)
    for at in range(len(longest)):
        if len({part[at] for part in said if at < len(part)}) > 1:
            both = [max(part[at] if at < len(part) else 0 for part in said) for at in range(len(longest))]
            return _Heard(both, at)
    return _Heard(longest)
