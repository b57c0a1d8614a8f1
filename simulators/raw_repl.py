"""The prompt of a MicroPython board, as programs use it: raw mode, raw paste, interrupt and soft reset.

The bytes are those of "The MicroPython Interactive Interpreter Mode" in MicroPython's documentation. What is run is run
by a real MicroPython (see `Vm`); only the prompt around it is ours.
"""

from collections.abc import Awaitable, Callable
from enum import Enum

from simulators.raw_repl_machine import Vm

_TO_RAW, _TO_FRIENDLY, _INTERRUPT, _END, _PASTE = 0x01, 0x02, 0x03, 0x04, 0x05
_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
_BANNER = b'MicroPython (simulated board)\r\nType "help()" for more information.\r\n>>> '
_REBOOT = b"MPY: soft reboot\r\n"
WINDOW = 128  # bytes of a paste between two signs to go on
PROGRAM_MAX = 256 * 1024


class Mode(Enum):
    """What the prompt waits for."""

    FRIENDLY = "friendly"
    RAW = "raw"
    PASTE = "paste"


class RawRepl:
    """A board's prompt. `send` takes what the board says; `restart` starts the VM anew after a soft reset."""

    def __init__(self, vm: Vm, send: Callable[[bytes], None], restart: Callable[[], Awaitable[Vm]]) -> None:
        self._vm = vm
        self._send = send
        self._restart = restart
        self._mode = Mode.FRIENDLY
        self._program = bytearray()
        self._asked_paste = 0  # how much of the three bytes that ask for a paste has come

    async def take(self, byte: int) -> None:
        """Take one byte; returns when what it caused is done, a whole program at most."""
        match self._mode:
            case Mode.FRIENDLY:
                await self._take_friendly(byte)
            case Mode.RAW:
                await self._take_raw(byte)
            case Mode.PASTE:
                await self._take_paste(byte)

    async def _take_friendly(self, byte: int) -> None:
        """Know only the keys that programs use; what a person types is not run."""
        if byte == _TO_RAW:
            self._mode = Mode.RAW
            self._program.clear()
            self._send(_RAW_PROMPT)
        elif byte == _END:
            await self._reset(_BANNER)
        elif byte == _TO_FRIENDLY:
            self._send(b"\r\n" + _BANNER)
        elif byte == _INTERRUPT:
            self._send(b"\r\n>>> ")

    async def _take_raw(self, byte: int) -> None:
        if self._asked_paste or byte == _PASTE:
            self._ask_paste(byte)
        elif byte == _END:
            if not self._program:
                await self._reset(_RAW_PROMPT)
                return
            self._send(b"OK")
            await self._run()
        elif byte == _TO_FRIENDLY:
            self._mode = Mode.FRIENDLY
            self._send(b"\r\n" + _BANNER)
        elif byte == _TO_RAW:
            self._program.clear()
            self._send(_RAW_PROMPT)
        elif byte == _INTERRUPT:
            self._program.clear()
        elif len(self._program) < PROGRAM_MAX and not (byte == ord("\r") and not self._program):
            self._program.append(byte)

    def _ask_paste(self, byte: int) -> None:
        self._asked_paste += 1
        if byte != (_PASTE, ord("A"), 1)[self._asked_paste - 1]:
            self._asked_paste = 0
        elif self._asked_paste == 3:
            self._asked_paste = 0
            self._mode = Mode.PASTE
            self._program.clear()
            self._send(b"R\x01" + WINDOW.to_bytes(2, "little"))

    async def _take_paste(self, byte: int) -> None:
        if byte == _END:
            self._mode = Mode.RAW
            self._send(b"\x04")
            await self._run()
        elif byte == _INTERRUPT:
            self._mode = Mode.RAW
            self._send(b"\x04>")
        else:
            self._program.append(byte)
            if len(self._program) % WINDOW == 0:
                self._send(b"\x01")

    async def _run(self) -> None:
        program = bytes(self._program)
        self._program.clear()
        await self._vm.run(program, self._send)
        if not self._vm.has_ended:
            self._send(b">")

    async def _reset(self, prompt: bytes) -> None:
        self._send(b"\r\n" + _REBOOT)
        self._vm = await self._restart()
        self._send(prompt)
