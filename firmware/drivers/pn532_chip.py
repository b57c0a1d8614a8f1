"""A PN532 on any of its wires, as a node asks it (`Chip` in `given.py`): the core and the wire, with pauses between."""

from firmware.drivers.chip import ChipTrouble
from firmware.drivers.pause import sleep_ms
from firmware.drivers.pn532 import ACK, FAILED, Pn532

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.drivers.given import Clock, Wire

POLL_MS = 2


class Pn532Chip:
    """One chip."""

    has_apdus = True

    def __init__(self, wire: "Wire", clock: "Clock") -> None:
        self._wire = wire
        self._clock = clock
        self._core = Pn532(wire.wake)

    async def start(self) -> None:
        """Wake the chip and set it up, whatever it was doing."""
        await self._wire.rouse()
        self._core.start(self._clock.monotonic_ms())
        await self._converse()

    async def sense(self) -> "bytes | None":
        self._core.look(self._clock.monotonic_ms())
        return await self._converse()

    async def hold(self) -> "bytes | None":
        self._core.hold(self._clock.monotonic_ms())
        return await self._converse()

    async def exchange(self, apdu: bytes) -> "bytes | None":
        self._core.exchange(apdu, self._clock.monotonic_ms())
        return await self._converse()

    async def release(self) -> None:
        self._core.release(self._clock.monotonic_ms())
        await self._converse()

    async def _converse(self) -> "bytes | None":
        """Carry bytes both ways until the core has an event; return what it is about. Raises ChipTrouble."""
        try:
            while True:
                self._write(self._core.take_output())
                for kind, value in self._events():
                    if kind == FAILED:
                        raise ChipTrouble("the PN532 gave %s" % value)
                    return value  # type: ignore[return-value] # what the core gives
                await sleep_ms(POLL_MS)
        except OSError as error:  # the bus itself
            self._core.forget()
            raise ChipTrouble("the PN532's bus failed: %s" % error)

    def _write(self, output: bytes) -> None:
        """Send what the core wants to; the ACK that aborts a command is a frame of its own."""
        if output.startswith(ACK):
            self._wire.write(ACK)
            output = output[len(ACK) :]
        if output:
            self._wire.write(output)

    def _events(self) -> "list[tuple[str, object]]":
        chunk = self._wire.read(self._core.expects)
        now_ms = self._clock.monotonic_ms()
        return self._core.receive(chunk, now_ms) or self._core.tick(now_ms)
