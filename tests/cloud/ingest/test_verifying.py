"""Verifying the log: nothing is found in what ingest wrote, and what was changed behind its back is named."""

from collections.abc import AsyncIterator

import pytest

from cloud.core.database import Database
from cloud.core.services import Services
from cloud.ingest.accepting import accept
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.ingest.verifying import Verified, verify_log
from tests.cloud.ingest.device import EPOCH, NOW_MS, Device, opened, tapped
from tests.cloud.ingest.rows import add_devices

PLACE = f"gate-1 {EPOCH}"


@pytest.fixture(name="device")
async def _device(services: Services) -> AsyncIterator[Device]:
    """Take in an epoch with records, a loss, a record that turned up in it, and one that nobody understands yet."""
    device = Device().write(opened(), *[tapped(number) for number in range(19)], b'{"k":"later"}', tapped(20))
    await add_devices(services.database.pool, services.vault, services.clock, device)
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    for message in (device.batch(1, 9), device.gap(10, 14), device.batch(15, 22), device.batch(11, 12)):
        await accept([message], store, NOW_MS)
    yield device
    await store.close()


def told(verified: Verified) -> list[tuple[str, str]]:
    return [(each.place, each.what) for each in verified.findings]


async def test_what_ingest_wrote_is_in_order(services: Services, device: Device) -> None:
    verified = await verify_log(services)

    assert told(verified) == []
    assert verified.epochs == 1
    assert verified.records == len(device.lines[EPOCH]) - 3


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        (
            "UPDATE record SET record = replace(encode(record, 'escape'), 'main', 'mane')::bytea WHERE seq = 5",
            PLACE,
            "record 5 is not what the device wrote: its digest differs",
        ),
        ("DELETE FROM record WHERE seq = 5", PLACE, "nothing between 4 and 6, and no word of a loss"),
        ("DELETE FROM loss", PLACE, "nothing between 9 and 11, and no word of a loss"),
        ("UPDATE loss SET digest = '\\x00'", PLACE, "record 15 is not what the device wrote: its digest differs"),
        ("UPDATE watermark SET digest = '\\x00'", PLACE, "the mark at 22 has another digest"),
        ("UPDATE watermark SET upto = 23", PLACE, "it ends at 22, but 23 were acknowledged"),
        ("UPDATE watermark SET upto = 21", PLACE, "it ends at 22, but only 21 were acknowledged"),
        ("DELETE FROM watermark", PLACE, "18 records, and no mark of how far they were acknowledged"),
        (
            "UPDATE record SET position = 99 WHERE position = 3",
            "shard 07",
            "its head is 18, but it has 18 records at 18 positions up to 99",
        ),
        (
            "INSERT INTO reader_cursor VALUES ('attendance', 7, 99)",
            "shard 07",
            "the reader attendance stands at 99, beyond the head",
        ),
    ],
)
async def test_a_change_behind_its_back_is_named(
    services: Services, database: Database, device: Device, change: str, place: str, what: str
) -> None:
    assert device.name in PLACE
    await database.pool.execute(change)

    assert (place, what) in told(await verify_log(services))


async def test_a_record_that_is_there_twice_is_named(services: Services, database: Database, device: Device) -> None:
    assert device.name in PLACE
    await database.pool.execute(
        "INSERT INTO record SELECT shard, 19, school_id, device, epoch, seq, received_at, corrected_ms, kind, digest, "
        "record FROM record WHERE seq = 7"
    )

    verified = await verify_log(services)

    assert (PLACE, "record 7 is there twice") in told(verified)
    assert ("shard 07", "its head is 18, but it has 19 records at 19 positions up to 19") in told(verified)
