"""A reader is made from its settings, and a wrong setting is refused by its name."""

from typing import Any

import pytest

from edge_agent.clock import SystemClock
from edge_agent.readers.opening import Driver, ReaderRefused, ReaderSettings, open_reader
from edge_agent.readers.tap import Health, Medium

RIGHT: dict[str, Any] = {"name": "gate-in", "driver": Driver.PN532, "path": "/dev/serial/by-id/usb-FTDI_0001-if00"}


@pytest.mark.parametrize("driver", Driver)
def test_every_driver_makes_a_reader_that_has_not_begun(driver: Driver) -> None:
    more = {"key_file": "/etc/esik/osdp.key"} if driver is Driver.OSDP else {}

    reader = open_reader(ReaderSettings(**{**RIGHT, "driver": driver, **more}), SystemClock())

    assert (reader.name, reader.health) == ("gate-in", Health.STARTING)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "Gate 1"),
        ("path", "ttyUSB0"),
        ("path", "/dev/ttyUSB0; reboot"),
        ("path", "/dev/$(id)"),
        ("baud", 300),
        ("medium", Medium.DESFIRE),
        ("medium", Medium.QR),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(ReaderRefused) as refused:
        ReaderSettings(**{**RIGHT, field: value})

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"address": 127}, "address"),
        ({"key_file": ""}, "key_file"),
        ({"key_file": "osdp.key"}, "key_file"),
        ({"medium": Medium.QR}, "medium"),
        ({"driver": Driver.LINE}, "driver"),
    ],
)
def test_what_an_osdp_reader_needs_is_asked_for_and_no_other_has_it(more: dict[str, Any], field: str) -> None:
    right = {**RIGHT, "driver": Driver.OSDP, "key_file": "/etc/esik/osdp.key"}
    ReaderSettings(**right)

    with pytest.raises(ReaderRefused) as refused:
        ReaderSettings(**{**right, **more})

    assert refused.value.field == field
