"""A Raspberry Pi Pico: a board that shows a drive while it waits for MicroPython, and takes it as a UF2 file."""

import asyncio
import contextlib
import struct
from pathlib import Path

from typing_extensions import override

from simulators.board import Board
from simulators.raw_repl_machine import Told

_INFO = "UF2 Bootloader v3.0\nModel: {model}\nBoard-ID: {board}\n"
_MODELS = {
    "rp2040": ("Raspberry Pi RP2", "RPI-RP2", 0xE48B_FF56),
    "rp2350": ("Raspberry Pi RP2350", "RP2350", 0xE48B_FF59),
}
_BLOCK = struct.Struct("<IIIIIIII")
_BLOCK_SIZE, _PAYLOAD = 512, 256
_FIRST, _SECOND, _LAST, _HAS_FAMILY = 0x0A32_4655, 0x9E5D_5157, 0x0AB1_6F30, 0x2000
_FLASH_AT = 0x1000_0000
_LOOK_S = 0.02


def make_uf2(chip: str, content: bytes) -> bytes:
    """Return a UF2 file for a chip."""
    family = _MODELS[chip][2]
    pieces = [content[at : at + _PAYLOAD] for at in range(0, len(content), _PAYLOAD)]
    return b"".join(
        (
            _BLOCK.pack(
                _FIRST, _SECOND, _HAS_FAMILY, _FLASH_AT + number * _PAYLOAD, _PAYLOAD, number, len(pieces), family
            )
            + piece
        ).ljust(_BLOCK_SIZE - 4, b"\0")
        + _LAST.to_bytes(4, "little")
        for number, piece in enumerate(pieces)
    )


class Pico(Board):
    """A board whose loader is a drive, in the folder `drive`; there is no file in it while the drive is not shown."""

    def __init__(self, folder: Path, drive: Path, *, chip: str = "rp2040") -> None:
        super().__init__(folder)
        model, board, self._family = _MODELS[chip]
        self.has_lines = False
        self._told = Told("rp2", f"Simulated Pico with {chip.upper()}")
        self._drive = drive
        self._info = _INFO.format(model=model, board=board)
        self._is_programmed = False
        self._watch: asyncio.Task[None] | None = None

    @override
    async def hold_boot(self) -> None:
        """Hold BOOTSEL while the cable is put in: the drive is there."""
        await self._stop()
        self._is_programmed = False
        (self._drive / "INFO_UF2.TXT").write_text(self._info)
        if self._watch is None:
            self._watch = asyncio.create_task(self._look(), name="pico.drive")

    @override
    async def unplug(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        await super().unplug()

    @override
    def _has_program(self) -> bool:
        return self._is_programmed

    async def _look(self) -> None:
        """Look for a file that is whole; then the drive goes and MicroPython starts."""
        while not self._has_file():  # noqa: ASYNC110 # a file does not say that it is whole
            await asyncio.sleep(_LOOK_S)
        for path in self._drive.iterdir():
            path.unlink()
        self._is_programmed = True
        self._watch = None
        await self._boot()

    def _has_file(self) -> bool:
        return any(self._is_whole(path.read_bytes()) for path in self._drive.glob("*.UF2"))

    def _is_whole(self, content: bytes) -> bool:
        if len(content) < _BLOCK_SIZE or len(content) % _BLOCK_SIZE:
            return False
        *_, number, count, family = _BLOCK.unpack_from(content, len(content) - _BLOCK_SIZE)
        return bool(number + 1 == count == len(content) // _BLOCK_SIZE and family == self._family)
