"""An ESP32 board on a pseudo-terminal, for programs that flash real ones: esptool, mpremote, `esik device flash`.

Its boot loader is ours at the level of bytes, its MicroPython is a real one with LittleFS in the board's flash. A
pseudo-terminal has no modem lines, by which a real board is reset: the host's SYNC stands for the way into the loader,
and the register that esptool clears just before it pulls the line for the way out.
"""

import asyncio
import contextlib
import os
import tty
from collections import deque
from collections.abc import Coroutine
from pathlib import Path

from simulators.esp_image import PROGRAM_AT, is_whole, partitions
from simulators.nor_flash import NorFlash
from simulators.raw_repl import RawRepl
from simulators.raw_repl_machine import Told, Vm
from simulators.rom_loader import MAKES, Make, RomLoader

COMMANDS = "plug, unplug, pull BYTES (after so many more), boot (hold BOOT, press RESET), lines on|off, status"
FLASH_SIZE = 4 * 1024 * 1024
_CHUNK = 4_096
_WAITING_MAX = 64 * 1024  # bytes that came while a program ran; more are lost, as in a chip's buffer
_INTERRUPT = 0x03
_SYNC = b"\xc0\x00\x08\x24\x00"


class Board:
    """A board with a cable. Belongs to the running event loop.

    `folder` holds its file system while MicroPython runs. `link`, when given, is kept as a symbolic link to the
    pseudo-terminal while the cable is in. `files_size` makes the board's file system smaller than its partition,
    `version` makes its MicroPython call itself an older one.
    """

    def __init__(
        self, folder: Path, *, chip: str = "esp32s3", link: Path | None = None, files_size: int = 0, version: str = ""
    ) -> None:
        self.make: Make = MAKES[chip]
        self.flash = NorFlash(FLASH_SIZE)
        self.path = ""
        self.has_lines = True  # the host can reset it; else only the button BOOT leads to the loader
        self.boots = 0
        self._told = Told("esp32", f"Simulated {self.make.name} board with {self.make.name}", version)
        self._files = folder / "files.img"
        self._files_size_max = files_size or FLASH_SIZE
        self._link = link
        self._loader: RomLoader | None = None
        self._repl: RawRepl | None = None
        self._vm: Vm | None = None
        self._master, self._slave = -1, -1
        self._gone = -1  # the far end of a line whose cable is out
        self._pull_after = -1  # bytes until the cable comes out; -1: it stays
        self._waiting: deque[int] = deque(maxlen=_WAITING_MAX)
        self._unsent = bytearray()
        self._arrived = asyncio.Event()
        self._is_busy = False
        self._worker: asyncio.Task[None] | None = None
        self._doing: asyncio.Task[None] | None = None

    @property
    def is_plugged(self) -> bool:
        """Tell whether the cable is in."""
        return self._master >= 0

    @property
    def is_running(self) -> bool:
        """Tell whether MicroPython came up."""
        return self._repl is not None

    async def plug(self) -> str:
        """Put the cable in, unless it is; return the pseudo-terminal's path. The chip starts."""
        if self.is_plugged:
            return self.path
        await self.unplug()  # what a cable that was pulled in the middle left
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.path)
        await self._boot()
        asyncio.get_running_loop().add_reader(self._master, self._read)
        self._worker = asyncio.create_task(self._work(), name="board.prompt")
        return self.path

    async def unplug(self) -> None:
        """Pull the cable, and with it the power."""
        self._let_go()
        if self._worker is not None:
            await self._worker
            self._worker = None
        await self._stop()
        self._loader = None
        if self._gone >= 0:
            os.close(self._gone)
            self._gone = -1

    def obey(self, line: str) -> str:
        """Do what a command line says; what takes a while is done soon after the answer."""
        match line.split():
            case ["plug"]:
                self._do(self.plug())
            case ["unplug"]:
                self._do(self.unplug())
            case ["boot"]:
                self._do(self.hold_boot())
            case ["pull", count] if count.isdigit():
                self.pull_after(int(count))
            case ["lines", ("on" | "off") as word]:
                self.has_lines = word == "on"
            case ["status"]:
                pass
            case words:
                return f"not understood: {' '.join(words)[:40]!r}; commands: {COMMANDS}"
        return self._status()

    def _do(self, work: Coroutine[None, None, object]) -> None:
        self._doing = asyncio.get_running_loop().create_task(_finish(work), name="board.command")

    def _status(self) -> str:
        state = "python" if self.is_running else "loader" if self._loader is not None else "off"
        return f"{self.path if self.is_plugged else 'unplugged'} {self.make.name} {state} boots={self.boots}"

    def pull_after(self, count: int) -> None:
        """Pull the cable as soon as so many bytes more have come from the host."""
        self._pull_after = count

    async def hold_boot(self) -> None:
        """Hold the button BOOT and press RESET: the chip waits for a download."""
        await self._stop()
        self._loader = RomLoader(self.make, self.flash)

    async def _boot(self) -> None:
        """Start what is in the flash; a chip without a program that is whole waits for a download."""
        is_asked = self._vm is not None and self._vm.is_loader_asked
        await self._stop()
        self.boots += 1
        if is_asked or not self._has_program():
            await self.hold_boot()
            return
        self._loader = None
        self._files.write_bytes(self.flash.read(*self._place()))
        self._repl = RawRepl(await self._start(), self._send, self._restart)

    def _has_program(self) -> bool:
        return all(is_whole(self._program(), at, self.make.chip_id) for at in (0, PROGRAM_AT))

    def _program(self) -> bytes:
        return self.flash.read(0, FLASH_SIZE // 2)

    def _place(self) -> tuple[int, int]:
        """Return where the file system is in the flash, and its size."""
        at, size = partitions(self._program()).get("vfs", (FLASH_SIZE // 2, FLASH_SIZE // 2))
        return at, min(size, self._files_size_max)

    async def _start(self) -> Vm:
        self._vm = await Vm.start(self._files, self._place()[1], self._told, list(partitions(self._program())))
        return self._vm

    async def _restart(self) -> Vm:
        if self._vm is not None:
            await self._vm.stop()
        return await self._start()

    async def _stop(self) -> None:
        """Stop MicroPython; what its file system holds is in the flash."""
        if self._vm is None:
            return
        await self._vm.stop()
        self._vm = self._repl = None
        at, size = self._place()
        self.flash.erase(at, size)
        self.flash.write(at, self._files.read_bytes())

    def _read(self) -> None:
        try:
            chunk = os.read(self._master, _CHUNK)
        except (BlockingIOError, OSError):
            return
        if 0 <= self._pull_after <= len(chunk):
            self._pull_after = -1
            self._let_go()
            return
        self._pull_after -= len(chunk) if self._pull_after >= 0 else 0
        if self._is_busy and self._vm is not None and _INTERRUPT in chunk:
            self._vm.interrupt()
        self._waiting.extend(chunk)
        self._arrived.set()

    async def _work(self) -> None:
        while self.is_plugged:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting and self.is_plugged:
                await self._take()

    async def _take(self) -> None:
        if self._repl is not None and not (self.has_lines and self._is_syncing()):
            self._is_busy = True
            await self._repl.take(self._waiting.popleft())
            self._is_busy = False
            if self._vm is not None and self._vm.has_ended and self.is_plugged:
                await self._boot()
            return
        if self._repl is not None:
            await self.hold_boot()
        chunk = bytes(self._waiting)
        self._waiting.clear()
        if self._loader is None:
            return
        self._send(self._loader.receive(chunk))
        if self._loader.reset_asked:
            await self._boot()

    def _is_syncing(self) -> bool:
        return bytes(self._waiting[at] for at in range(min(len(_SYNC), len(self._waiting)))) == _SYNC

    def _send(self, said: bytes) -> None:
        self._unsent += said
        self._write()

    def _write(self) -> None:
        if not self.is_plugged:
            self._unsent.clear()
            return
        loop = asyncio.get_running_loop()
        loop.remove_writer(self._master)
        with contextlib.suppress(BlockingIOError):
            del self._unsent[: os.write(self._master, self._unsent)]
        if self._unsent:
            loop.add_writer(self._master, self._write)

    def _let_go(self) -> None:
        """Close our end: whoever has the line open gets errors. MicroPython stops where it is.

        The other end stays until `unplug`: a program that looks for the port again, as esptool does, must not find
        another board under its number.
        """
        if not self.is_plugged:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        os.close(self._master)
        self._gone, self._master, self._slave = self._slave, -1, -1
        self._waiting.clear()
        self._arrived.set()
        if self._vm is not None:
            self._vm.kill()
        if self._link is not None:
            self._link.unlink(missing_ok=True)


async def _finish(work: Coroutine[None, None, object]) -> None:
    await work
