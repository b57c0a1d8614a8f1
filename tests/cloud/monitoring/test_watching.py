"""The watch on a real database: servers are measured, troubles are told once, and told when they are over."""

from dataclasses import replace
from pathlib import Path

import pytest

from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.monitoring import servers, troubles
from cloud.monitoring.kinds import Kind
from cloud.monitoring.turns import Turn
from simulators.clock import SimulatedClock
from tests.cloud.ingest.rows import eventually
from tests.cloud.monitoring.factory import Watched, told_by_mail


async def open_kinds(services: Services) -> set[str]:
    return {each.kind for each in await troubles.open_troubles(services.database.pool)}


async def test_a_full_disk_is_told_once_until_it_ends_and_then_that_it_is_over(
    services: Services, clock: SimulatedClock
) -> None:
    async with told_by_mail(services) as (at, mailbox):
        watched = Watched(at)
        watch = watched.watch()
        watched.machine.fill_disk(95)
        for _ in range(8):
            await watch.look()
            clock.advance(15)
        watched.machine.fill_disk(94)
        for _ in range(3):  # it swings about the limit: one trouble
            await watch.look()
            clock.advance(60)
        watched.machine.fill_disk(96)
        await watch.look()
        began = [each for each in mailbox.letters if "A disk is nearly full: alpha /" in each["Subject"]]
        watched.machine.fill_disk(60)
        clock.advance(301)
        await watch.look()
        over = [each for each in mailbox.letters if each["Subject"].startswith("Over: A disk is nearly full")]
        assert Kind.DISK_FULL not in await open_kinds(at)

    assert len(began) == len(over) == 1
    body = began[0].get_content()
    assert "95.0 %" in body
    assert "docs/runbooks.md#disk_full" in body
    assert "https://esik.test/servers" in body
    assert (began[0]["To"], "mailto" in str(await services.database.pool.fetch("SELECT * FROM trouble_message"))) == (
        "ops@example.kz", False,
    )  # fmt: skip


async def test_what_no_mail_server_takes_is_told_when_it_does(services: Services, clock: SimulatedClock) -> None:
    async with told_by_mail(services) as (at, mailbox):
        watched = Watched(at)
        watched.machine.fill_disk(99)
        mailbox.answer = "451 later"
        watch = watched.watch()
        await watch.look()
        assert mailbox.letters == []
        mailbox.answer = "250 OK"
        clock.advance(31)
        await watch.look()

        assert [each["Subject"] for each in mailbox.letters if "disk" in each["Subject"]] == [
            "A disk is nearly full: alpha /"
        ]


async def test_some_days_of_minutes_are_kept_and_bytes_are_counted_by_the_second(
    services: Services, clock: SimulatedClock
) -> None:
    watched, pool = Watched(services, has_turn=False), services.database.pool
    watch = watched.watch()
    await watch.look()
    watched.machine.receive(30_000)
    clock.advance(60)
    await watch.look()

    (reading,) = await servers.readings(pool)
    assert reading.received == 500
    assert await pool.fetchval("SELECT count(*) FROM server_minute") == 2
    clock.advance(servers.KEPT.total_seconds())
    await servers.forget(pool, clock.now())
    assert await pool.fetchval("SELECT count(*) FROM server_minute") == 1


async def test_a_clock_that_jumps_is_found(services: Services, clock: SimulatedClock) -> None:
    watched = Watched(services)
    watch = watched.watch()
    await watch.look()
    clock.jump(3_600)
    clock.advance(15)

    await watch.look()

    found = await troubles.open_troubles(services.database.pool)
    assert "jumped by +3600 s" in {each.detail for each in found if each.kind == Kind.CLOCK_WRONG}


async def test_a_reader_that_one_record_holds_up_is_found_by_its_place(
    services: Services, clock: SimulatedClock
) -> None:
    pool, watch = services.database.pool, Watched(services).watch()
    await pool.execute("UPDATE shard_head SET position = 5 WHERE shard = 3")
    await pool.execute("INSERT INTO reader_cursor (name, shard, position) VALUES ('attendance', 3, 4)")
    await watch.look()
    assert Kind.READER_STUCK not in await open_kinds(services)
    clock.advance(301)

    await watch.look()

    assert Kind.READER_STUCK in await open_kinds(services)
    await pool.execute("UPDATE reader_cursor SET position = 5")
    clock.advance(301)
    await watch.look()
    assert Kind.READER_STUCK not in await open_kinds(services)


async def test_a_database_that_lost_what_it_had_kept_is_known_by_what_this_machine_remembers(
    services: Services, tmp_path: Path
) -> None:
    watched = Watched(services)
    await watched.watch().look()
    seen = tmp_path / "database.seen"
    known = seen.read_text()
    wal = int(known.partition('"wal":')[2].rstrip("}"))
    seen.write_text(known.replace(str(wal), str(wal + 10**9)))
    watch = watched.watch()
    await watch.recall()

    await watch.look()

    assert Kind.DATABASE_WENT_BACK in await open_kinds(services)


async def test_a_database_that_is_gone_is_told_without_it(services: Services, clock: SimulatedClock) -> None:
    async with told_by_mail(services) as (at, mailbox):
        watched = Watched(at)
        watch = watched.watch()
        await watch.look()
        before = len(mailbox.letters)
        await at.database.close()
        for _ in range(3):
            clock.advance(61)
            await watch.look()

        assert [each["Subject"] for each in mailbox.letters[before:]] == ["The database does not answer: database"]


async def test_of_two_workers_one_has_the_turn_and_the_other_takes_it_when_it_is_gone(services: Services) -> None:
    first, second = (Turn(services.settings.database_url, SystemClock(), name) for name in ("one", "two"))
    async with first.held() as is_first, second.held() as is_second:
        assert (await is_first(), await is_second()) == (True, False)
    async with second.held() as is_second:
        await eventually(is_second)


@pytest.mark.parametrize(("workers", "is_told"), [(None, False), (2, False), (1, True)])
async def test_a_worker_that_nobody_meant_to_start_is_told_of(
    services: Services, workers: int | None, is_told: bool
) -> None:
    at = replace(services, settings=replace(services.settings, workers=workers))
    await Watched(at, has_turn=False).watch("worker-2").look()

    await Watched(at).watch("worker-1").look()

    assert (Kind.TWO_SCHEDULERS in await open_kinds(services)) is is_told


async def test_a_backup_that_is_old_is_found(services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    at = replace(services, settings=replace(services.settings, backup_folder=folder))

    await Watched(at).watch().look()

    assert Kind.BACKUP_OLD in await open_kinds(services)
