"""What a driver is given, in types; a microcontroller, which has none, reads nothing of it.

Use it as `if TYPE_CHECKING: from firmware.drivers.given import Spi`, after `TYPE_CHECKING = False`.
"""

# ruff: noqa: PYI063  # MicroPython's compiler, which reads this file too, knows no `/`

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Clock(Protocol):
        """Milliseconds that never wrap nor run back."""

        def monotonic_ms(self) -> int: ...

    class Output(Protocol):
        """`machine.Pin` that puts out a level."""

        def __call__(self, __level: int) -> object: ...

    class Input(Protocol):
        """`machine.Pin` that senses one."""

        def value(self) -> int: ...
        def irq(self, handler: Callable[[object], None], trigger: int) -> object: ...

    class Spi(Protocol):
        """`machine.SPI`."""

        def write_readinto(self, __out: bytes | bytearray, __into: bytearray) -> object: ...

    class I2c(Protocol):
        """`machine.I2C`; both raise OSError."""

        def writeto(self, __address: int, __content: bytes) -> object: ...
        def readfrom(self, __address: int, __nbytes: int) -> bytes: ...

    class Uart(Protocol):
        """`machine.UART` that never waits."""

        def read(self, __nbytes: int) -> bytes | None: ...
        def write(self, __content: bytes) -> object: ...

    class Wire(Protocol):
        """How a PN532 is wired. `wake` goes out before the first frame."""

        wake: bytes

        async def rouse(self) -> None:
            """Wake a chip that sleeps."""
            ...

        def write(self, frame: bytes) -> None:
            """Send a frame; raise OSError when the bus fails."""
            ...

        def read(self, length: int) -> bytes:
            """Return what has come so far: on SPI and I2C a whole frame, at most so long, or nothing; raise OSError."""
            ...

    class Chip(Protocol):
        """A card reader's chip. Each coroutine raises ChipTrouble; then `start` is the way on."""

        has_apdus: bool

        async def start(self) -> None:
            """Wake the chip and set it up, whatever it was doing."""
            ...

        async def sense(self) -> bytes | None:
            """Return the UID of a card in the field (4, 7 or 10 bytes), None when there is none."""
            ...

        async def hold(self) -> bytes | None:
            """Wake the card for APDUs and keep it awake; return its UID, None when there is none that takes them."""
            ...

        async def exchange(self, apdu: bytes) -> bytes | None:
            """Return what the card that is held answers, None when it fell silent."""
            ...

        async def release(self) -> None:
            """Let the card that is held go; `sense` sees it anew."""
            ...
