"""Lights, buzzer, relays and contacts of a node, on CPython and on MicroPython."""

# mypy: ignore-errors

from firmware.node.contacts import Contacts
from firmware.node.lamp import LIGHT_MS, RELAY_MS_MAX, Lamp
from schemas import head

NAMES = ("relay_in", "relay_out", "red", "green", "buzzer")


class Pin:
    def __init__(self, level=0):
        self.level = level

    def __call__(self, level):
        self.level = level

    def value(self):
        return self.level


def lamp(active_low=()):
    pins = {name: Pin(1) for name in NAMES}
    return Lamp(pins, active_low), pins


def on(pins):
    return [name for name in NAMES if pins[name].level]


def test_everything_rests_at_the_start() -> None:
    _, pins = lamp(("relay_in",))

    assert on(pins) == ["relay_in"]  # which rests while its pin is high


def test_a_granted_card_is_green_and_heard_for_a_while() -> None:
    one, pins = lamp()
    one.show(head.GREEN, head.SHORT, 0)
    assert on(pins) == ["green", "buzzer"]

    one.tick(80)
    assert on(pins) == ["green"]
    one.tick(LIGHT_MS)
    assert on(pins) == []


def test_a_relay_ends_by_itself_whoever_ordered_it() -> None:
    one, pins = lamp()
    one.switch(head.RELAY_IN, 1, 200, 0)
    one.switch(head.RELAY_OUT, 1, 60_000, 0)
    assert on(pins) == ["relay_in", "relay_out"]

    one.tick(200)
    assert on(pins) == ["relay_out"]
    one.tick(RELAY_MS_MAX)
    assert on(pins) == []


def test_a_relay_is_switched_off_before_its_end() -> None:
    one, pins = lamp()
    one.switch(head.RELAY_IN, 1, 200, 0)

    one.switch(head.RELAY_IN, 0, 0, 100)

    assert on(pins) == []


def test_the_end_of_a_red_light_does_not_put_out_the_next_ones_green() -> None:
    one, pins = lamp()
    one.switch(head.RED_LIGHT, 1, 800, 0)
    assert on(pins) == ["red"]
    one.show(head.GREEN, head.SILENT, 400)

    one.switch(head.RED_LIGHT, 0, 0, 800)

    assert on(pins) == ["green"]


def test_a_head_without_an_agent_glows_amber() -> None:
    one, pins = lamp()
    one.is_served = False
    one.tick(0)

    assert on(pins) == ["red", "green"]
    one.show(head.RED, head.SILENT, 10)
    assert on(pins) == ["red"]


def test_a_head_that_is_looked_for_blinks() -> None:
    one, pins = lamp()
    one.switch(head.LOCATE, 1, 2_000, 0)
    seen = []
    for now_ms in range(0, 2_000, 250):
        one.tick(now_ms)
        seen.append(len(on(pins)))

    assert seen == [0, 2, 0, 2, 0, 2, 0, 2]
    one.tick(2_000)
    assert on(pins) == []


def test_an_output_that_nobody_knows_moves_nothing() -> None:
    one, pins = lamp()

    one.switch(99, 1, 1_000, 0)

    assert on(pins) == []


def test_what_is_ordered_to_rest_rests() -> None:
    one, pins = lamp()
    one.show(head.GREEN, head.LONG, 0)
    one.switch(head.RELAY_IN, 1, 1_000, 0)

    one.rest()

    assert on(pins) == []


def test_a_contact_that_bounces_counts_when_it_has_stood_still() -> None:
    pin = Pin(1)
    contacts = Contacts({"passed_in": pin})
    changes = []
    for now_ms in range(0, 200, 3):
        pin.level = 0 if now_ms > 100 or (20 < now_ms < 60 and now_ms % 2) else 1
        if contacts.look(now_ms):
            changes.append(now_ms)

    assert len(changes) == 1
    assert 130 <= changes[0] <= 136
    assert contacts.settled == head.PASSED_IN


def test_the_fire_panels_loop_is_closed_while_nothing_burns() -> None:
    pin = Pin(0)
    contacts = Contacts({"fire": pin})
    assert not contacts.look(0)
    pin.level = 1
    for now_ms in range(10, 300, 10):
        assert not contacts.look(now_ms)

    assert contacts.look(311)
    assert contacts.settled == head.FIRE
