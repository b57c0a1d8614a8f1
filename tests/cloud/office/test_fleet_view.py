"""The fleet filtered and sorted, and a device's day in hours."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.attendance.queries import school_today
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, register, revoke
from cloud.devices.alarms import note_alarm
from cloud.devices.health import Contact, Health, note_contacts, note_health
from cloud.office.fleet import DeviceSeen, Fleet, fleet_of
from cloud.office.fleet_device import CHART_HIGH, HOURS, hours_of
from cloud.office.fleet_view import SHOWN, SORTS, FleetFilters, fitting
from tests.cloud.schools.factory import SYSTEM, a_school

HOUR = timedelta(hours=1)
NINE = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(name="fleet")
async def _fleet(services: Services) -> Fleet:
    """Return a fleet of four: one well, one with a backlog, an alarm and a worn disk, one never seen, one revoked."""
    school_id, now, pool = await a_school(services), services.clock.now(), services.database.pool
    for name in ("a-well", "b-bad", "c-new", "d-gone"):
        await register(services, SYSTEM, school_id, NewDevice(name, (NewGate(name, "Есік", "Вход", f"Door {name}"),)))
    await revoke(services, SYSTEM, "d-gone")
    ids = {row["name"]: row["id"] for row in await pool.fetch("SELECT id, name FROM device")}
    await pool.execute("UPDATE device SET seen_at = $1, is_online = true, clock = 'ntp' WHERE name < 'c'", now)
    await pool.execute("UPDATE device SET unsent = 47, is_online = false WHERE name = 'b-bad'")
    await note_contacts(pool, [Contact(ids["a-well"], now, now, "e" * 16), Contact(ids["b-bad"], now - HOUR, None, "")])
    await note_health(pool, [Health(ids["b-bad"], now - HOUR * past, 9, 47, 900, 40, 90, -80) for past in (1, 2)])
    await note_alarm(pool, school_id, "b-bad", "disk_read_only", "", now)
    return await fleet_of(services, SYSTEM, await school_today(services, SYSTEM, "almaty5", Right.DEVICES_KEEP))


def names(fleet: Fleet, **query: str) -> list[str]:
    return [device.name for device in fitting(fleet, FleetFilters.read(query))]


def test_active_ones_come_first_by_name(fleet: Fleet) -> None:
    assert names(fleet) == ["a-well", "b-bad", "c-new", "d-gone"]


def test_filters_find(fleet: Fleet) -> None:
    everything = ["a-well", "b-bad", "c-new", "d-gone"]
    found = {show: names(fleet, show=show) for show in (*SHOWN, "sonnet")}

    assert found == {
        "online": ["a-well"], "offline": ["b-bad", "c-new"], "troubled": ["b-bad"], "unsent": ["b-bad"],
        "alarms": ["b-bad"], "revoked": ["d-gone"], "sonnet": everything,
    }  # fmt: skip
    assert (names(fleet, search="DOOR c"), names(fleet, search="nothing")) == (["c-new"], [])


def test_what_needs_a_look_comes_first_by_its_column(fleet: Fleet) -> None:
    for sort in sorted(set(SORTS) - {"name", "seen", "program", "roster", "certificate"}):
        found = [name for name in names(fleet, sort=sort) if name < "c"]

        assert found[0] == ("a-well" if sort == "clock" else "b-bad"), sort
        assert names(fleet, sort=f"-{sort}") == names(fleet, sort=sort)[::-1], sort


def test_every_filter_and_order_comes_back_from_its_own_address(fleet: Fleet) -> None:
    for show in SHOWN:
        for sort in SORTS:
            filters = FleetFilters(show, "Есік", sort, is_descending=True)
            assert filters.query
            assert names(fleet, show=show, sort=f"-{sort}") is not None
    assert FleetFilters().query == ""


def test_a_device_shows_what_it_last_told_and_when_it_was_acknowledged(fleet: Fleet, services: Services) -> None:
    well, bad = (device_of(fleet, name) for name in ("a-well", "b-bad"))

    assert (well.acked_at, well.epoch, well.told_at) == (services.clock.now(), "e" * 16, None)
    assert (bad.acked_at, bad.recorded_at, bad.told_at) == (None, *[services.clock.now() - HOUR] * 2)
    assert (bad.wear_pct, bad.disk_free_mb, bad.signal_dbm, bad.alarms) == (90, 900, -80, 1)


def test_a_day_has_the_worst_of_each_hour_and_a_hole_where_nothing_was_told() -> None:
    told = [Health(1, NINE + HOUR * number / 2, 9, 10 * number, 900 - number, number, None, -50 - number) for number in
            range(4)]  # fmt: skip

    hours = hours_of(told, NINE)

    assert len(hours) == HOURS
    assert [(hour.told, hour.unsent, hour.disk_free_mb, hour.signal_dbm) for hour in hours[:3]] == [
        (2, 10, 899, -51), (2, 30, 897, -53), (0, None, None, None),
    ]  # fmt: skip
    assert [hour.high for hour in hours[:3]] == [2 + round((CHART_HIGH - 2) / 3), CHART_HIGH, 0]
    assert all(hour.high <= CHART_HIGH for hour in hours_of([], NINE))


def device_of(fleet: Fleet, name: str) -> DeviceSeen:
    return next(device for device in fleet.devices if device.name == name)
