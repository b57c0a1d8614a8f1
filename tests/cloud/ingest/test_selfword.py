"""What devices tell of themselves in records becomes alarms, health and the ends of commands."""

import pytest

from cloud.ingest.messages import Arrived
from cloud.ingest.plan import Plan
from simulators.memory_store import MemoryStore, Tables
from tests.cloud.ingest.device import EPOCH, NOW_MS, Device, alarmed, opened


@pytest.fixture
def device() -> Device:
    return Device().write(opened())


@pytest.fixture
def store(device: Device) -> MemoryStore:
    return MemoryStore(Tables(senders={device.name: device.sender}))


def accept(store: MemoryStore, *arrived: Arrived) -> Plan:
    return store.accept_now(arrived, NOW_MS)


def test_what_a_device_found_amiss_is_an_alarm_at_the_time_it_happened_and_once(
    store: MemoryStore, device: Device
) -> None:
    device.write(alarmed("tamper", "lid", gate="main"), alarmed("tamper", wall_ms=NOW_MS - 90_000), alarmed("fire_on"))

    accept(store, device.batch(1, 4))
    accept(store, device.batch(1, 4))

    assert [(alarm.code, alarm.detail, alarm.count, alarm.at_ms) for alarm in store.tables.alarms] == [
        ("tamper", "main lid", 2, NOW_MS - 60_000), ("fire_on", "", 1, NOW_MS - 60_000)
    ]  # fmt: skip
    assert len(store.tables.written(device.name, EPOCH)) == 4
