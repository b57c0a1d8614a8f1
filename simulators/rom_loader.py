"""An ESP32's boot loader, byte for byte what Espressif's esptool speaks with; no line, no clock.

It follows "Serial Protocol" of esptool's documentation: packets in SLIP, each a direction, a command, a length, a
checksum and data. A chip comes up as the ROM's loader; a flasher stub that is loaded into its memory and started is
not run but spoken for: from then on the chip answers as that stub does.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from simulators.nor_flash import FlashRefused, NorFlash
from simulators.rom_registers import Registers
from simulators.slip import SlipReader, slip

_HEADER = struct.Struct("<BBHI")
_REQUEST, _ANSWER = 0, 1
_CHECKSUM_SEED = 0xEF
_ROM_VALUE = 0x2012_0707  # what the ROM answers to SYNC; a stub answers 0
_SYNC_ANSWERS = 8
_BLOCK_HEADER = 16
_FAILED, _INVALID, _BAD_CHECKSUM, _BAD_INFLATE = 0x06, 0x05, 0x07, 0x09


@dataclass(frozen=True, slots=True)
class Make:
    """A kind of chip: its name, what it calls itself in GET_SECURITY_INFO, and its MAC address."""

    name: str
    chip_id: int
    mac: bytes = bytes.fromhex("7cdfa1e05a3c")


MAKES = {"esp32s3": Make("ESP32-S3", 9), "esp32c3": Make("ESP32-C3", 5), "esp32c6": Make("ESP32-C6", 13)}


class Op(IntEnum):
    """Commands, as Espressif numbers them."""

    FLASH_BEGIN = 0x02
    FLASH_DATA = 0x03
    FLASH_END = 0x04
    MEM_BEGIN = 0x05
    MEM_END = 0x06
    MEM_DATA = 0x07
    SYNC = 0x08
    WRITE_REG = 0x09
    READ_REG = 0x0A
    SPI_SET_PARAMS = 0x0B
    SPI_ATTACH = 0x0D
    CHANGE_BAUDRATE = 0x0F
    FLASH_DEFL_BEGIN = 0x10
    FLASH_DEFL_DATA = 0x11
    FLASH_DEFL_END = 0x12
    SPI_FLASH_MD5 = 0x13
    GET_SECURITY_INFO = 0x14
    ERASE_FLASH = 0xD0
    ERASE_REGION = 0xD1


_STUB_ONLY = {Op.ERASE_FLASH, Op.ERASE_REGION}


class OpRefused(Exception):
    """A command that fails; `reason` is the byte that says why."""

    def __init__(self, reason: int) -> None:
        super().__init__(f"reason {reason:#x}")
        self.reason = reason


@dataclass(slots=True)
class Download:
    """What is being written: where, and what of it has come."""

    at: int = 0
    size: int = 0
    block: int = 0
    inflate: "zlib._Decompress | None" = None
    written: int = 0
    next_seq: int = 0


@dataclass(slots=True)
class RomLoader:
    """A chip that waits for a download. `receive` takes what the host sent and returns what the chip answers."""

    make: Make
    flash: NorFlash
    written: int = 0  # bytes of flash since power-on
    is_stub: bool = False
    reset_asked: bool = False  # by a command, or by the registers that the host sets before it pulls the reset line
    registers: Registers = field(init=False)
    _slip: SlipReader = field(default_factory=SlipReader)
    _memory: dict[int, bytes] = field(default_factory=dict)  # what was loaded into RAM, by its address
    _download: Download = field(default_factory=Download)

    def __post_init__(self) -> None:
        self.registers = Registers(self.make.mac, self.flash)

    def receive(self, chunk: bytes) -> bytes:
        """Take bytes, cut anywhere; return the answers."""
        return b"".join(self._obey(packet) for packet in self._slip.feed(chunk))

    def _obey(self, packet: bytes) -> bytes:
        if len(packet) < _HEADER.size:
            return b""
        direction, code, length, checksum = _HEADER.unpack_from(packet)
        body = packet[_HEADER.size :]
        if direction != _REQUEST or length != len(body):
            return b""
        try:
            return self._perform(Op(code), body, checksum)
        except ValueError:
            return self._answer(code, failed=_INVALID)
        except OpRefused as refused:
            return self._answer(code, failed=refused.reason)

    def _perform(self, op: Op, body: bytes, checksum: int) -> bytes:
        if op in _STUB_ONLY and not self.is_stub:
            raise OpRefused(_INVALID)
        if op is Op.SYNC:
            return self._answer(op, value=0 if self.is_stub else _ROM_VALUE) * _SYNC_ANSWERS
        if op is Op.READ_REG:
            return self._answer(op, value=self.registers.read(*_words(body, 1)))
        if op is Op.MEM_END:
            return self._start(*_words(body, 2))
        if op in {Op.FLASH_END, Op.FLASH_DEFL_END}:
            return self._end(op, *_words(body, 1))
        answers: dict[Op, Callable[[], bytes | None]] = {
            Op.WRITE_REG: lambda: self._write_registers(body),
            Op.MEM_BEGIN: lambda: self._begin(body),
            Op.MEM_DATA: lambda: self._load(body, checksum),
            Op.FLASH_BEGIN: lambda: self._begin_flash(body, None),
            Op.FLASH_DATA: lambda: self._write(_block(body, checksum), self._download),
            Op.FLASH_DEFL_BEGIN: lambda: self._begin_flash(body, zlib.decompressobj()),
            Op.FLASH_DEFL_DATA: lambda: self._write(_block(body, checksum), self._download),
            Op.SPI_FLASH_MD5: lambda: self._md5(*_words(body, 2)),
            Op.GET_SECURITY_INFO: lambda: struct.pack("<IB7xII", 0, 0, self.make.chip_id, 0),
            Op.ERASE_FLASH: lambda: self._erase(0, self.flash.size),
            Op.ERASE_REGION: lambda: self._erase(*_words(body, 2)),
        }
        perform = answers.get(op)  # what is not there is taken and needs nothing done
        return self._answer(op, body=(perform() if perform else None) or b"")

    def _answer(self, code: int, *, body: bytes = b"", value: int = 0, failed: int = 0) -> bytes:
        """Return an answer with its status: two bytes from a stub, four from a ROM."""
        status = bytes([failed != 0, failed]) + (b"" if self.is_stub else b"\0\0")
        return slip(_HEADER.pack(_ANSWER, code, len(body) + len(status), value) + body + status)

    def _write_registers(self, body: bytes) -> None:
        for at in range(0, len(body) - 15, 16):
            address, value, mask, _ = struct.unpack_from("<IIII", body, at)
            self.reset_asked |= self.registers.write(address, value, mask)

    def _begin(self, body: bytes) -> None:
        size, _, block, at = _words(body, 4)
        self._download = Download(at, size, block)

    def _load(self, body: bytes, checksum: int) -> None:
        seq, block = _block(body, checksum)
        self._memory[self._download.at + seq * self._download.block] = block

    def _start(self, stays: int, entry: int) -> bytes:
        """Start what was loaded: the stub greets with OHAI."""
        if stays:
            return self._answer(Op.MEM_END)
        if not any(at <= entry < at + len(segment) for at, segment in self._memory.items()):
            return self._answer(Op.MEM_END, failed=_FAILED)  # a real chip would crash here
        answer = self._answer(Op.MEM_END)
        self.is_stub = True
        return answer + slip(b"OHAI")

    def _end(self, op: Op, stays: int) -> bytes:
        """Leave the download: a stub then gives way to the ROM's loader, the ROM to what is in the flash."""
        answer = self._answer(op)
        if not stays:
            self.reset_asked |= not self.is_stub
            self.is_stub = False
        return answer

    def _begin_flash(self, body: bytes, inflate: "zlib._Decompress | None") -> None:
        size, _, block, at = _words(body, 4)
        self._download = Download(at, size, block, inflate)
        if not self.is_stub:  # the ROM erases at once, a stub as it goes
            self._erase(at, size)

    def _write(self, block: tuple[int, bytes], download: Download) -> None:
        seq, sent = block
        if seq != download.next_seq:
            raise OpRefused(_FAILED)
        download.next_seq += 1
        try:
            content = sent if download.inflate is None else download.inflate.decompress(sent)
        except zlib.error:
            raise OpRefused(_BAD_INFLATE) from None
        if download.inflate is not None:
            content = content[: download.size - download.written]
        at = download.at + download.written
        if self.is_stub:
            self._erase_ahead(at, len(content))
        try:
            self.flash.write(at, content)
        except FlashRefused:
            raise OpRefused(_FAILED) from None
        download.written += len(content)
        self.written += len(content)

    def _erase_ahead(self, at: int, size: int) -> None:
        """Erase the sectors that begin within what is written now, and that of the download's own beginning."""
        first = at if at == self._download.at else -(-at // 4_096) * 4_096
        if first < at + size:
            self._erase(first, at + size - first)

    def _erase(self, at: int, size: int) -> None:
        try:
            self.flash.erase(at, size)
        except FlashRefused:
            raise OpRefused(_FAILED) from None

    def _md5(self, at: int, size: int) -> bytes:
        try:
            digest = self.flash.md5(at, size)
        except FlashRefused:
            raise OpRefused(_FAILED) from None
        return digest if self.is_stub else digest.hex().encode()


def _words(body: bytes, count: int) -> tuple[int, ...]:
    if len(body) < 4 * count:
        raise OpRefused(_INVALID)
    return struct.unpack_from(f"<{count}I", body)


def _block(body: bytes, checksum: int) -> tuple[int, bytes]:
    """Return a block's number and bytes; refuse one that was spoilt on the way."""
    size, seq = _words(body, 2)
    block = body[_BLOCK_HEADER:]
    if size != len(block):
        raise OpRefused(_INVALID)
    seen = _CHECKSUM_SEED
    for byte in block:
        seen ^= byte
    if seen != checksum & 0xFF:
        raise OpRefused(_BAD_CHECKSUM)
    return seq, block
