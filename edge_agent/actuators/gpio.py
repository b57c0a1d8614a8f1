"""Wires on the machine's own pins, through gpiozero.

Contacts close to ground, the pins are pulled up. The fire panel's loop is normally closed: it opens when there is a
fire, and also when its cable is cut. The agent only listens to it; the panel itself opens the turnstile.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gpiozero

from edge_agent.actuators.actuator import Direction
from edge_agent.actuators.lane import Lane, Timing
from edge_agent.actuators.turnstile import Turnstile
from edge_agent.clock import Clock

ABSENT = -1


@dataclass(frozen=True, slots=True)
class Pins:
    """GPIO numbers; -1 is not there. `is_active_low` relay boards switch on when their input is low."""

    open_in: int
    open_out: int = ABSENT
    deny: int = ABSENT
    pass_in: int = ABSENT
    pass_out: int = ABSENT
    fire: int = ABSENT
    is_active_low: bool = False

    @property
    def has_sensor(self) -> bool:
        """Tell whether every direction that opens has a passage contact; half a sensor would be worse than none."""
        return self.pass_in != ABSENT and (self.open_out == ABSENT or self.pass_out != ABSENT)


class GpioWires:
    """Relays and contacts on pins. `factory` is gpiozero's pin factory; None takes the machine's."""

    def __init__(self, pins: Pins, factory: Any = None) -> None:
        relays: dict[Direction | None, int] = {"in": pins.open_in, "out": pins.open_out, None: pins.deny}
        self._relays = {
            name: gpiozero.DigitalOutputDevice(
                pin, active_high=not pins.is_active_low, initial_value=False, pin_factory=factory
            )
            for name, pin in relays.items()
            if pin != ABSENT
        }
        contacts: dict[Direction, int] = {"in": pins.pass_in, "out": pins.pass_out}
        self._contacts = {name: _contact(pin, factory) for name, pin in contacts.items() if pin != ABSENT}
        self._fire = _contact(pins.fire, factory) if pins.fire != ABSENT else None

    def switch(self, relay: Direction | None, *, is_on: bool) -> None:
        if relay in self._relays:
            self._relays[relay].value = int(is_on)

    async def attend(self, turnstile: Turnstile) -> None:
        """Pass on what gpiozero's thread hears; first how things stand."""
        loop = asyncio.get_running_loop()
        for direction, contact in self._contacts.items():
            _listen(contact, loop, partial(turnstile.contact, direction), is_closed=True, word="is_closed")
        if self._fire is not None:
            _listen(self._fire, loop, turnstile.fire, is_closed=False, word="is_burning")
        await loop.create_future()

    def close(self) -> None:
        for device in (*self._relays.values(), *self._contacts.values(), self._fire):
            if device is not None:
                device.close()


def gpio_turnstile(pins: Pins, timing: Timing, clock: Clock, factory: Any = None) -> Turnstile:
    """Return a turnstile on the machine's pins. Raises gpiozero's errors when a pin cannot be had."""
    return Turnstile(Lane(timing, has_sensor=pins.has_sensor), GpioWires(pins, factory), clock)


def _contact(pin: int, factory: Any) -> Any:
    return gpiozero.DigitalInputDevice(pin, pull_up=True, pin_factory=factory)


def _listen(
    contact: Any, loop: asyncio.AbstractEventLoop, hear: Callable[..., None], *, is_closed: bool, word: str
) -> None:
    """Call `hear` in the loop with `word` true whenever the contact is `is_closed`, and false when it is not."""

    def tell(*, active: bool) -> None:
        loop.call_soon_threadsafe(partial(hear, **{word: active is is_closed}))

    contact.when_activated = lambda: tell(active=True)
    contact.when_deactivated = lambda: tell(active=False)
    tell(active=bool(contact.is_active))
