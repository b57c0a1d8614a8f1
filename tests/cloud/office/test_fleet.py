"""What the school's IT sees of its devices' certificates."""

from datetime import timedelta

import pytest

from cloud.attendance.queries import school_today
from cloud.core.i18n import Language, translate
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.words import sign
from cloud.devices.actions import NewDevice, register, revoke
from cloud.devices.renewals import APPROVAL_LASTS
from cloud.office.fleet import DeviceSeen, fleet_of
from tests.cloud.schools.factory import SYSTEM, a_school

NAME = "almaty5-gate-1"
DAY = timedelta(days=1)
_HOLDS = "UPDATE device SET certificate_until = $1, renewal_asked_at = $2, renewal_approved_at = $3"


async def seen(
    services: Services, left: timedelta | None, asked: timedelta | None = None, approved: timedelta | None = None
) -> DeviceSeen:
    """Return a device whose certificate lasts so long, that asked and was approved so long ago."""
    now = services.clock.now()
    held = [now + left if left is not None else None]
    held += [now - ago if ago is not None else None for ago in (asked, approved)]
    await services.database.pool.execute(_HOLDS, *held)
    school = await school_today(services, SYSTEM, "almaty5", Right.DEVICES_KEEP)
    return (await fleet_of(services, SYSTEM, school)).devices[0]


@pytest.mark.parametrize(
    ("left", "asked", "approved", "shown"),
    [
        (None, None, None, ""),
        (15 * DAY, None, None, ""),
        (10 * DAY, None, None, ""),
        (8 * DAY, None, None, "ending"),
        (timedelta(), None, None, "ended"),
        (-100 * DAY, None, None, "ended"),
        (-200 * DAY, None, None, "ended"),
        (-200 * DAY, DAY, None, "asks"),
        (-200 * DAY, DAY, timedelta(), "ended"),
        (-200 * DAY, 40 * DAY, APPROVAL_LASTS + DAY, "asks"),
    ],
)
async def test_a_certificate_that_needs_a_look_is_shown_until_it_was_renewed(
    services: Services, left: timedelta | None, asked: timedelta | None, approved: timedelta | None, shown: str
) -> None:
    await register(services, SYSTEM, await a_school(services), NewDevice(NAME))

    device = await seen(services, left, asked, approved)

    assert device.certificate == shown


async def test_of_a_revoked_device_nothing_is_shown(services: Services) -> None:
    await register(services, SYSTEM, await a_school(services), NewDevice(NAME))
    await revoke(services, SYSTEM, NAME)

    device = await seen(services, -200 * DAY, DAY)

    assert (device.state, device.certificate) == ("revoked", "")


@pytest.mark.parametrize("shown", ["ending", "ended", "asks"])
def test_each_is_told_in_every_language(shown: str) -> None:
    assert len({translate(language, sign(shown).word) for language in Language}) == 3


@pytest.mark.parametrize(
    ("asked", "stands_for", "has_releases", "shown"),
    [
        (None, 3 * DAY, True, True),  # no release key is pinned on it
        (3 * DAY, 9 * DAY, True, True),  # nor any more
        (DAY, 9 * DAY, True, False),
        (None, DAY, True, False),  # it may still ask
        (None, 3 * DAY, False, False),  # nobody gives out programs here
    ],
)
async def test_a_device_that_is_here_and_asks_for_no_newer_program_is_shown(
    services: Services, asked: timedelta | None, stands_for: timedelta, has_releases: bool, shown: bool
) -> None:
    await register(services, SYSTEM, await a_school(services), NewDevice(NAME))
    pool, now = services.database.pool, services.clock.now()
    await pool.execute("UPDATE device SET seen_at = $1, created_at = $2", now, now - stands_for)
    if has_releases:
        await pool.execute(
            "INSERT INTO release (product, board, counter, version, size, manifest, notes_kk, notes_ru, notes_en,"
            " added_at) VALUES ('node', 'any', 1, '1', 1, '', '', '', '', $1)", now,
        )  # fmt: skip
    if asked is not None:
        await pool.execute("INSERT INTO device_program (device_id, product, board, counter, asked_at)"
                           " SELECT id, 'node', 'any', 1, $1 FROM device", now - asked)  # fmt: skip

    assert (await seen(services, None)).takes_no_updates is shown
    await pool.execute("UPDATE device SET seen_at = $1", now - 3 * DAY)
    assert not (await seen(services, None)).takes_no_updates, "nothing is known of who is not here"
