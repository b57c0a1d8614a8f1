"""A head's end of the line, on CPython and on MicroPython: what it says, when, and what it does of what it hears."""

# mypy: ignore-errors

from firmware.node.head_line import ALONE, APDU, OUTPUT, SHOW, HeadLine
from schemas import head
from schemas.cobs import Frames

HELLO = head.Hello(1, 7, 3, "e51c", "head-pico", "0.1.0")
UID = b"\x04\xa1\xb2\xc3"
WELCOME = head.Welcome(1, head.WELCOME, head.OPEN_OUT, 500, 3_000)


def said(line):
    """Return what a head says now."""
    return [head.decode(body) for body in Frames().feed(line.take_output())]


def told(line, message, now_ms):
    """Say a message to a head; return its orders."""
    return line.receive(message.frame(), now_ms)


def served(now_ms=0):
    """Return a head that was welcomed."""
    line = HeadLine(HELLO)
    told(line, WELCOME, now_ms)
    line.take_output()
    return line


def until(line, now_ms):
    """Let time pass; return what is said meanwhile, and the orders, each with its time."""
    messages, orders = [], []
    while line.due_ms <= now_ms:
        at_ms = line.due_ms
        orders += [(at_ms, order) for order in line.tick(at_ms)]
        messages += [(at_ms, message) for message in said(line)]
    return messages, orders


def kinds(messages, kind):
    return [at_ms for at_ms, message in messages if type(message) is kind]


def test_a_head_says_hello_every_second_until_it_is_welcomed() -> None:
    line = HeadLine(HELLO)

    messages, _ = until(line, 2_500)
    assert kinds(messages, head.Hello) == [0, 1_000, 2_000]
    told(line, WELCOME, 2_500)
    messages, _ = until(line, 4_000)
    assert kinds(messages, head.Hello) == []
    assert len(kinds(messages, head.Heartbeat)) >= 1


def test_an_agent_that_begins_to_listen_gets_a_hello_at_once() -> None:
    line = served()

    told(line, head.Who(1), 100)

    assert said(line) == [HELLO]
    assert not line.is_served(100)


def test_a_tap_is_said_again_until_it_is_answered_and_shown_once() -> None:
    line = served()
    assert line.tap(head.UID, UID, 0) == []
    assert said(line) == [head.Tap(1, head.UID, UID)]
    messages, orders = until(line, 400)

    assert kinds(messages, head.Tap) == [150, 300]
    assert orders == []
    answer = head.Answer(1, head.GRANTED, head.GREEN, head.SHORT)
    assert told(line, answer, 410) == [(SHOW, (head.GREEN, head.SHORT, head.GRANTED))]
    assert told(line, answer, 411) == []
    assert not line.is_waiting()


def test_a_tap_that_nobody_answers_in_time_turns_red_and_is_withdrawn() -> None:
    line = served()
    line.tap(head.UID, UID, 0)

    messages, orders = until(line, 500)

    assert orders == [(500, (SHOW, (head.RED, head.LONG, head.REFUSED)))]
    assert kinds(messages, head.Withdrawn) == [500]
    assert told(line, head.Answer(1, head.GRANTED, head.GREEN, head.SHORT), 501) == []
    assert line.unanswered == 1


def test_without_an_agent_nobody_is_asked_and_the_door_does_as_it_is_set() -> None:
    assert HeadLine(HELLO).tap(head.UID, UID, 0) == [(ALONE, head.CLOSED)]
    line = served()

    assert line.tap(head.UID, UID, 3_000) == [(ALONE, head.OPEN_OUT)]
    assert not line.is_waiting()


def test_an_agent_that_fell_silent_is_greeted_anew_and_one_that_speaks_is_there() -> None:
    line = served()
    for now_ms in (1_000, 2_000, 4_000):
        told(line, head.Alive(), now_ms)
        line.tick(now_ms)
    assert line.is_served(6_999)
    line.take_output()

    line.tick(7_000)

    assert HELLO in said(line)


def test_what_an_agent_says_before_its_welcome_moves_nothing() -> None:
    line = HeadLine(HELLO)

    assert told(line, head.Output(1, head.RELAY_IN, 1, 200), 0) == []
    assert told(line, head.Alive(), 0) == []
    assert not line.is_served(0)


def test_an_output_is_done_once_however_often_it_is_ordered() -> None:
    line = served()
    order = head.Output(9, head.RELAY_IN, 1, 200)

    orders = told(line, order, 0)
    line.done(order)
    assert orders == [(OUTPUT, order)]
    assert told(line, order, 50) == []
    assert said(line) == [head.Done(9), head.Done(9)]


def test_a_change_of_contacts_is_said_until_it_is_heard_in_its_order() -> None:
    line = served()
    line.input(head.PASSED_IN, 0)
    line.input(0, 10)
    messages, _ = until(line, 250)

    assert [message.number for _, message in messages if type(message) is head.Inputs] == [1, 1, 1]
    told(line, head.Heard(1), 260)
    assert said(line) == [head.Inputs(2, 0)]
    told(line, head.Heard(2), 270)
    messages, _ = until(line, 900)
    assert kinds(messages, head.Inputs) == []


def test_changes_that_nobody_hears_are_forgotten_and_take_no_memory() -> None:
    line = served()
    for number in range(100):
        line.input(number % 2, number)
    line.take_output()
    messages, _ = until(line, 10_000)

    assert len(kinds(messages, head.Inputs)) <= 8 * 10
    assert line._changes == []


def test_an_apdu_is_carried_once_and_its_answer_said_again() -> None:
    line = served()
    line.tap(head.UID, UID, 0)
    line.take_output()
    apdu = head.Apdu(1, 3, b"\x00\xa4")

    assert told(line, apdu, 100) == [(APDU, apdu)]
    line.answer_apdu(apdu, head.OK, b"\x90\x00", 120)
    assert said(line) == [head.ApduAnswer(1, 3, head.OK, b"\x90\x00")]
    assert told(line, apdu, 130) == []
    assert said(line) == [head.ApduAnswer(1, 3, head.OK, b"\x90\x00")]


def test_a_tap_lasts_while_its_card_is_talked_to_and_not_for_ever() -> None:
    line = served()
    line.tap(head.UID, UID, 0)
    now_ms = 0
    for number in range(200):
        now_ms += 400
        apdu = head.Apdu(1, number % 256, b"\x00")
        for _ in told(line, apdu, now_ms):
            line.answer_apdu(apdu, head.OK, b"\x90\x00", now_ms)
        line.tick(now_ms)
        told(line, head.Alive(), now_ms)

    assert not line.is_waiting()
    assert line.unanswered == 1


def test_an_apdu_for_another_tap_is_not_carried() -> None:
    line = served()
    assert told(line, head.Apdu(1, 0, b""), 0) == []
    line.tap(head.UID, UID, 0)

    assert told(line, head.Apdu(2, 0, b""), 0) == []


def test_a_head_of_another_version_is_told_apart_and_does_not_ask() -> None:
    line = HeadLine(HELLO)

    told(line, head.Welcome(2, head.VERSION_REFUSED, 0, 500, 3_000), 0)

    assert line.is_refused
    assert line.tap(head.UID, UID, 0) == [(ALONE, head.CLOSED)]


def test_noise_is_counted_and_harms_nothing() -> None:
    line = served()
    line.receive(bytes(range(256)) * 4, 10)
    line.receive(b"\x00\x05\x55\x55\x55\x55\x00", 20)
    line.tap(head.UID, UID, 30)
    line.take_output()

    messages, _ = until(line, 2_000)

    broken = [message.broken for _, message in messages if type(message) is head.Heartbeat]
    assert broken[-1] >= 1
