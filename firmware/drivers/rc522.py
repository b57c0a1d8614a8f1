"""An MFRC522 on SPI, as a node asks it (`Chip` in `given.py`): UIDs of Type A cards, no APDUs.

Registers: NXP MFRC522 data sheet, 9; SPI: 8.1.2. Cards: ISO/IEC 14443-3, 6.5 (bit by bit where two answer at once).

Rule: the field is on only while the chip looks, so that every card starts anew at every look.
"""

from firmware.drivers.chip import ChipTrouble
from firmware.drivers.pause import sleep_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Output, Spi

_COMMAND, _COM_IRQ, _ERROR, _FIFO, _FIFO_LEVEL, _BIT_FRAMING, _COLLISION = 0x01, 0x04, 0x06, 0x09, 0x0A, 0x0D, 0x0E
_MODE, _TX_CONTROL, _TX_ASK = 0x11, 0x14, 0x15
_TIMER_MODE, _PRESCALER, _RELOAD_HIGH, _RELOAD_LOW, _VERSION = 0x2A, 0x2B, 0x2C, 0x2D, 0x37

_IDLE, _TRANSCEIVE, _SOFT_RESET, _POWER_DOWN = 0x00, 0x0C, 0x0F, 0x10
_CLEAR_ALL, _RECEIVED, _TIMER = 0x7F, 0x20, 0x01
_FLUSH, _START_SEND = 0x80, 0x80
_ANTENNA_ON, _ANTENNA_OFF = 0x83, 0x80
_COLLIDED, _SPOILT = 0x08, 0x17  # CollErr; BufferOvfl, CRCErr, ParityErr, ProtocolErr
_POSITION_UNKNOWN = 0x20

# A timer of 25 us steps that starts when a frame is sent; no card takes longer than 10 ms.
_SETUP = (
    (_TIMER_MODE, 0x80), (_PRESCALER, 0xA9), (_RELOAD_HIGH, 0x01), (_RELOAD_LOW, 0x90),
    (_TX_ASK, 0x40), (_MODE, 0x3D), (_TX_CONTROL, _ANTENNA_OFF),
)  # fmt: skip
_FIELD_MS = 5  # ISO/IEC 14443-3, 5.1: what a card may take to wake
_RESET_TRIES = 20
_POLLS_MAX = 40

_REQA = b"\x26"
_LEVELS = (0x93, 0x95, 0x97)
_CASCADE = 0x88
_UID_GOES_ON = 0x04  # in SAK


class Rc522:
    """One chip. `select` is the pin of its SDA (NSS), driven high; the SPI runs in mode 0, at most 10 MHz."""

    has_apdus = False

    def __init__(self, spi: "Spi", select: "Output") -> None:
        self._spi = spi
        self._select = select

    async def start(self) -> None:
        """Reset the chip and set it up. Raises ChipTrouble when none answers."""
        self._write(_COMMAND, _SOFT_RESET)
        for _ in range(_RESET_TRIES):
            await sleep_ms(1)
            if not self._read(_COMMAND) & _POWER_DOWN:
                break
        if self._read(_VERSION) in (0x00, 0xFF):
            raise ChipTrouble("no RC522 answers: is it wired to the pins of this board?")
        for register, value in _SETUP:
            self._write(register, value)

    async def sense(self) -> "bytes | None":
        if self._read(_TIMER_MODE) != 0x80:
            raise ChipTrouble("the RC522 has lost its settings: is its power steady?")
        self._write(_TX_CONTROL, _ANTENNA_ON)
        await sleep_ms(_FIELD_MS)
        try:
            return await self._find()
        finally:
            self._write(_TX_CONTROL, _ANTENNA_OFF)

    async def hold(self) -> "bytes | None":
        """Hold nothing: this chip leaves the blocks of ISO/IEC 14443-4 to its host, and ours does not make them."""
        return None

    async def exchange(self, apdu: bytes) -> "bytes | None":  # noqa: ARG002  nothing is ever held
        return None

    async def release(self) -> None:
        pass

    async def _find(self) -> "bytes | None":
        """Return the UID of the card that answers, of one of them where there are two."""
        answer, _ = await self._transceive(_REQA, 7)
        if answer is None:
            return None
        uid = b""
        for level in _LEVELS:
            part = await self._part(level)
            sak = await self._pick(level, part) if part else None
            if part is None or sak is None:
                return None
            if not sak & _UID_GOES_ON:
                return uid + part[:4]
            uid += part[1:4]
        return None

    async def _part(self, level: int) -> "bytes | None":
        """Return the four bytes of one level and their check byte."""
        part, bits = await self._transceive(bytes([level, 0x20]))
        if part and bits:
            part = await self._resolved(level, part, bits)
        if not part or len(part) != 5 or part[0] ^ part[1] ^ part[2] ^ part[3] != part[4]:
            return None
        return part

    async def _resolved(self, level: int, part: bytes, bits: int) -> "bytes | None":
        """Ask again those whose first bit that differs is a 1; of three cards none may be found."""
        whole, rest = divmod(bits, 8)
        known = bytearray(part[: whole + (1 if rest else 0)])
        known[(bits - 1) // 8] &= (2 << (bits - 1) % 8) - 1
        known[(bits - 1) // 8] |= 1 << (bits - 1) % 8
        others, again = await self._transceive(bytes([level, (whole + 2) << 4 | rest]) + known, rest)
        if not others or again:
            return None
        if rest:  # the first byte is shared: the low bits were ours
            known[whole] |= others[0] & ~((1 << rest) - 1)
            others = others[1:]
        return bytes(known) + others

    async def _pick(self, level: int, part: bytes) -> "int | None":
        """Select the card; return its SAK."""
        asked = bytes([level, 0x70]) + part
        answer, _ = await self._transceive(asked + crc_a(asked))
        return answer[0] if answer and len(answer) == 3 and crc_a(answer[:1]) == answer[1:] else None

    async def _transceive(self, sent: bytes, last_bits: int = 0) -> "tuple[bytes | None, int]":
        """Send a frame, of its last byte only the low `last_bits` (0: all); return the answer, and how far it is sure.

        None is silence, or an answer that was spoilt. 0 is an answer of one card; else so many bits of it, from the
        first that is asked for in this level, end in one that two cards sent differently.
        """
        align = last_bits if sent != _REQA else 0  # an answer goes on in the byte that the question ended in
        self._write(_COMMAND, _IDLE)
        self._write(_COM_IRQ, _CLEAR_ALL)
        self._write(_FIFO_LEVEL, _FLUSH)
        self._transfer(bytes([_FIFO << 1]) + sent)
        self._write(_BIT_FRAMING, align << 4 | last_bits)
        self._write(_COMMAND, _TRANSCEIVE)
        self._write(_BIT_FRAMING, _START_SEND | align << 4 | last_bits)
        is_heard = await self._wait()
        self._write(_COMMAND, _IDLE)
        error = self._read(_ERROR)
        if not is_heard or error & _SPOILT:
            return None, 0
        answer = self._read_fifo()
        if not error & _COLLIDED:
            return answer, 0
        collision = self._read(_COLLISION)
        return (b"", 0) if collision & _POSITION_UNKNOWN else (answer, (collision & 0x1F) or 32)

    async def _wait(self) -> bool:
        """Wait until a card has answered; False when none did."""
        for _ in range(_POLLS_MAX):
            told = self._read(_COM_IRQ)
            if told & (_RECEIVED | _TIMER):
                return bool(told & _RECEIVED)
            await sleep_ms(1)
        raise ChipTrouble("the RC522 neither received nor gave up")

    def _read_fifo(self) -> bytes:
        count = self._read(_FIFO_LEVEL) & 0x7F
        return self._transfer(bytes([_FIFO << 1 | 0x80]) * count + b"\x00")[1:] if count else b""

    def _write(self, register: int, value: int) -> None:
        self._transfer(bytes([register << 1, value]))

    def _read(self, register: int) -> int:
        return self._transfer(bytes([register << 1 | 0x80, 0]))[1]

    def _transfer(self, sent: bytes) -> bytes:
        received = bytearray(len(sent))
        self._select(0)
        self._spi.write_readinto(sent, received)
        self._select(1)
        return bytes(received)


def crc_a(frame: bytes) -> bytes:
    """Return the checksum that Type A cards want, low byte first (ISO/IEC 14443-3, annex B)."""
    crc = 0x6363
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return bytes([crc & 0xFF, crc >> 8])
