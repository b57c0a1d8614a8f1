"""The rules of the broker, as a table; and that mosquitto's lines say the same."""

import re

import pytest

from cloud.brokers.access import Access, School, mosquitto_lines
from cloud.devices.ca import INGEST

HUBS = {"alm005-hub": School(7, "alm005")}
ACCESS = Access(HUBS)
OWN, PEER, ABROAD = "esik/v1/07/alm005/gate-1", "esik/v1/07/alm005/gate-2", "esik/v1/08/ast001/gate-9"

WRITES = [
    ("gate-1", f"{OWN}/rec", True),
    ("gate-1", f"{OWN}/hello", True),
    ("gate-1", f"{OWN}/state", True),
    ("gate-1", f"{OWN}/ack", False),
    ("gate-1", f"{OWN}/cmd", False),
    ("gate-1", f"{OWN}/peer", False),
    ("gate-1", f"{PEER}/rec", False),
    ("gate-1", "esik/v1/08/ast001/gate-1/rec", True),  # under its own name: ingest refuses the school
    ("gate-1", "esik/v1/07/alm005/rec", False),
    ("gate-1", "$SYS/broker", False),
    ("alm005-hub", f"{PEER}/rec", True),
    ("alm005-hub", f"{PEER}/ack", False),
    ("alm005-hub", f"{ABROAD}/rec", False),
    (INGEST, f"{OWN}/ack", True),
    (INGEST, f"{OWN}/rec", False),
    ("", f"{OWN}/rec", False),
]
HEARS = [
    ("gate-1", f"{OWN}/ack", True),
    ("gate-1", f"{OWN}/notice", True),
    ("gate-1", f"{OWN}/rec", False),
    ("gate-1", f"{PEER}/ack", False),
    ("alm005-hub", f"{PEER}/cmd", True),
    ("alm005-hub", f"{ABROAD}/cmd", False),
    (INGEST, f"{OWN}/rec", True),
    (INGEST, f"{OWN}/cmd", False),
]


@pytest.mark.parametrize(("user", "topic", "may"), WRITES)
def test_who_may_write(user: str, topic: str, may: bool) -> None:
    assert ACCESS.may_write(user, topic) is may
    assert _mosquitto(user, topic, "write") is may


@pytest.mark.parametrize(("user", "topic", "may"), HEARS)
def test_who_may_hear(user: str, topic: str, may: bool) -> None:
    assert ACCESS.may_hear(user, topic) is may
    assert _mosquitto(user, topic, "read") is may


@pytest.mark.parametrize(
    ("user", "topic_filter", "may"),
    [
        ("gate-1", f"{OWN}/ack", True),
        ("gate-1", "esik/v1/+/+/gate-1/ack", False),
        ("gate-1", "esik/v1/07/alm005/+/ack", False),
        ("gate-1", "esik/#", False),
        ("gate-1", "#", False),
        ("gate-1", "+/+/+/+/+/+", False),
        ("alm005-hub", "esik/v1/07/alm005/+/ack", True),
        ("alm005-hub", "esik/v1/07/alm005/+/rec", False),
        ("alm005-hub", "esik/v1/08/ast001/+/ack", False),
        ("alm005-hub", "esik/v1/+/alm005/+/ack", False),
        (INGEST, "esik/v1/+/+/+/rec", True),
        (INGEST, "#", False),
    ],
)
def test_who_may_subscribe(user: str, topic_filter: str, may: bool) -> None:
    assert ACCESS.may_subscribe(user, topic_filter) is may


def _mosquitto(user: str, topic: str, what: str) -> bool:
    """Read mosquitto's lines as mosquitto does."""
    section, allowed = "", False
    for line in mosquitto_lines(HUBS).splitlines():
        words = line.split(" ", 2)
        if words[0] == "user":
            section = words[1]
        elif words[0] == "pattern" and words[1] == what and user:
            allowed = allowed or _matches(words[2].replace("%u", user), topic)
        elif words[0] == "topic" and section == user and words[1] == what:
            allowed = allowed or _matches(words[2], topic)
    return allowed


def _matches(topic_filter: str, topic: str) -> bool:
    return re.fullmatch(re.escape(topic_filter).replace(r"\+", "[^/]+"), topic) is not None
