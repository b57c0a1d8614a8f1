"""A school orders its export, a worker makes it, and what is downloaded is what another installation takes in."""

import asyncio
import stat
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services, open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import make_key_file
from cloud.exports.finishing import KEPT, Claimed, Lost
from cloud.exports.jobs import ExportNotOrdered, ExportNotThere, Job, download, drop_export, jobs_of, order_export
from cloud.exports.making import HELD_S, TRIES_MAX, Exporter, delete_old, make_next
from cloud.exports.sealing import PassphraseRefused
from cloud.exports.shapes import Secret
from cloud.takein.actions import take_in
from simulators.clock import SimulatedClock
from tests.cloud.exports.factory import a_full_school
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.servers.postgres import Postgres

DONE_ALREADY = """
WITH ready AS (UPDATE export_job SET state = 'done', finished_at = asked_at, expires_at = asked_at + interval '3 days'
  RETURNING *)
INSERT INTO export_job (school_id, asked_at, asked_by, secrets, state)
SELECT school_id, asked_at, asked_by, secrets, 'done' FROM ready, generate_series(1, 3)
"""


def director(school_id: int) -> Actor:
    return Actor("Director", None, frozenset({Reach(Role.DIRECTOR, school_id)}))


async def made(services: Services, school_id: int, secrets: Collection[Secret] = ()) -> Job:
    """Order an export, let a worker make it, and return it."""
    await order_export(services, SYSTEM, school_id, secrets)
    assert await make_next(services)
    return (await jobs_of(services, SYSTEM, school_id))[0]


def sealed_files(services: Services) -> list[Path]:
    return sorted(each for each in services.settings.exports_folder.rglob("*") if each.is_file())


@pytest.fixture(scope="module", name="ordered")
def _ordered(
    postgres_server: Postgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """Return what a director downloaded, and the passphrase that the page showed, from another installation."""
    folder = tmp_path_factory.mktemp("ordered")
    url = postgres_server.create("ordered_elsewhere", migrated_template)
    settings = Settings(data=folder, edition=Edition.SERVER, database_url=url)
    make_key_file(settings.vault_key_file)

    async def work() -> str:
        async with open_services(settings, SimulatedClock()) as services:
            await a_school(services, "astana7")
            school_id = await a_full_school(services)
            passphrase = await order_export(services, director(school_id), school_id, [Secret.IIN])
            assert await make_next(services)
            (job,) = await jobs_of(services, director(school_id), school_id)
            file = await download(services, director(school_id), school_id, job.id)
            (folder / "downloaded.zip").write_bytes(b"".join(file.chunks))
            assert (folder / "downloaded.zip").stat().st_size == file.size == job.size
            return passphrase

    passphrase = asyncio.run(work())
    postgres_server.drop("ordered_elsewhere")
    return folder / "downloaded.zip", passphrase


@pytest.mark.requirement("KZ456-13")
async def test_what_a_school_downloads_is_taken_in_by_an_empty_installation(
    services: Services, ordered: tuple[Path, str]
) -> None:
    file, passphrase = ordered

    with pytest.raises(PassphraseRefused):
        await take_in(services, SYSTEM, file, "another passphrase")
    taken = await take_in(services, SYSTEM, file, passphrase)

    assert taken.school == "almaty5"
    surnames = await services.database.pool.fetch("SELECT surname FROM person ORDER BY surname")
    assert {row["surname"] for row in surnames} == {"Ахметова", "Ким", "Әліби"}


async def test_one_export_of_a_school_is_made_at_a_time_and_five_a_day(services: Services) -> None:
    school_id = await a_school(services)
    await order_export(services, SYSTEM, school_id, [])

    with pytest.raises(ExportNotOrdered, match="Wait until"):
        await order_export(services, SYSTEM, school_id, [])
    await services.database.pool.execute(DONE_ALREADY)
    await made(services, school_id)

    with pytest.raises(ExportNotOrdered, match="tomorrow"):
        await order_export(services, SYSTEM, school_id, [])
    states = [job.state for job in await jobs_of(services, SYSTEM, school_id)]
    assert states == ["done", "gone", "gone", "gone", "gone"]  # the newest file is kept, no other


async def test_the_file_lies_sealed_for_its_owner_only_and_nothing_else_is_left(services: Services) -> None:
    school_id = await a_full_school(services)

    await made(services, school_id, set(Secret))

    (file,) = sealed_files(services)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    for open_part in (b"PK\x03\x04", "Ахметова".encode(), b"school.sqlite", b"almaty5"):
        assert open_part not in content


async def test_a_file_that_somebody_changed_on_the_disk_is_not_sent_whole(services: Services) -> None:
    school_id = await a_school(services)
    job = await made(services, school_id)
    (path,) = sealed_files(services)
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    file = await download(services, SYSTEM, school_id, job.id)

    with pytest.raises(PassphraseRefused):
        b"".join(file.chunks)


async def test_an_export_that_a_worker_left_is_made_by_the_next_one(services: Services, clock: SimulatedClock) -> None:
    school_id = await a_school(services)
    await order_export(services, SYSTEM, school_id, [])
    until = clock.now() + timedelta(seconds=HELD_S)
    await services.database.pool.execute(
        "UPDATE export_job SET state = 'running', tries = 1, held_until = $1", until
    )  # as a worker that was killed left it
    left = services.settings.exports_folder / "1-1"
    left.mkdir(parents=True)
    (left / "school.sqlite").write_text("names")

    assert not await make_next(services)  # it may be at it still
    await delete_old(services)
    assert left.exists()
    clock.advance(HELD_S)
    await delete_old(services)
    assert not left.exists()
    assert await make_next(services)

    (job,) = await jobs_of(services, SYSTEM, school_id)
    assert (job.state, job.tries) == ("done", 2)
    assert len(sealed_files(services)) == 1


async def test_an_export_that_cannot_be_made_is_given_up_after_three_tries_and_its_key_goes(
    services: Services, clock: SimulatedClock
) -> None:
    school_id = await a_school(services)
    await order_export(services, SYSTEM, school_id, [])
    await services.database.pool.execute("UPDATE export_job SET key_encrypted = 'x'")

    for _ in range(TRIES_MAX):
        assert await make_next(services)
        assert not await make_next(services)  # a minute's rest between
        clock.advance(60)

    (job,) = await jobs_of(services, SYSTEM, school_id)
    assert (job.state, job.failed) == ("failed", "VaultLocked")
    assert await services.database.pool.fetchval("SELECT key_encrypted FROM export_job") is None
    await made(services, school_id)  # and the next may be ordered


async def test_after_some_days_the_file_is_gone(services: Services, clock: SimulatedClock) -> None:
    school_id = await a_school(services)
    job = await made(services, school_id)

    clock.advance(KEPT.total_seconds())

    with pytest.raises(NotFound):
        await download(services, SYSTEM, school_id, job.id)
    await delete_old(services)
    assert list(services.settings.exports_folder.iterdir()) == []
    assert (await jobs_of(services, SYSTEM, school_id))[0].state == "gone"


async def test_a_file_that_is_deleted_by_its_school_goes_at_the_next_look(services: Services) -> None:
    school_id = await a_school(services)
    job = await made(services, school_id)

    await drop_export(services, SYSTEM, school_id, job.id)
    await delete_old(services)

    assert sealed_files(services) == []
    with pytest.raises(NotFound):
        await drop_export(services, SYSTEM, school_id, job.id)


async def test_a_file_that_is_not_there_is_told_so(services: Services) -> None:
    school_id = await a_school(services)
    job = await made(services, school_id)
    sealed_files(services)[0].unlink()

    with pytest.raises(ExportNotThere, match="operator"):
        await download(services, SYSTEM, school_id, job.id)


@pytest.mark.parametrize("role", [Role.OFFICE, Role.GUARD, Role.GUARDIAN, Role.OPERATOR])
async def test_who_may_not_take_the_school_out_neither_orders_nor_downloads(services: Services, role: Role) -> None:
    school_id = await a_school(services)
    job = await made(services, school_id)
    stranger = Actor("x", None, frozenset({Reach(role, None if role is Role.OPERATOR else school_id)}))

    for deed in (
        order_export(services, stranger, school_id, []), jobs_of(services, stranger, school_id),
        download(services, stranger, school_id, job.id), drop_export(services, stranger, school_id, job.id),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await deed


async def test_a_director_has_nothing_of_another_school(services: Services) -> None:
    own, other = await a_school(services), await a_school(services, "astana7")
    job = await made(services, other)

    with pytest.raises(NotFound):
        await download(services, director(own), own, job.id)
    with pytest.raises(NotAllowed):
        await download(services, director(own), other, job.id)


async def test_the_journal_says_who_ordered_with_what_that_it_was_made_and_who_has_it(services: Services) -> None:
    school_id = await a_school(services)
    job = await made(services, school_id, [Secret.IIN])
    await download(services, director(school_id), school_id, job.id)

    read, exported, ordered = (await noted_of(services, SYSTEM, school_id, Wanted()))[:3]
    assert (read.verb, read.actor) == ("school.export_read", "Director")
    assert (exported.verb, exported.detail["secrets"], exported.detail["sealed"]) == ("school.exported", "iin", "yes")
    assert (ordered.verb, ordered.detail["secrets"]) == ("school.export_ordered", "iin")


async def test_a_worker_that_is_ended_as_its_job_is_lost_ends_and_leaves_the_job_to_the_next(
    services: Services,
) -> None:
    school_id = await a_school(services)
    await order_export(services, SYSTEM, school_id, [])
    begun = asyncio.Event()

    async def finishing(_services: Services, _job: Claimed) -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            raise Lost  # in the instant in which the worker is ended

    exporting = asyncio.create_task(Exporter(services, finishing).run())
    async with asyncio.timeout(30):
        await begun.wait()
    exporting.cancel()
    done, _ = await asyncio.wait([exporting], timeout=30)

    assert done, "it went on"
    assert exporting.cancelled()
    (job,) = await jobs_of(services, SYSTEM, school_id)
    assert (job.state, job.failed) == ("running", "")
