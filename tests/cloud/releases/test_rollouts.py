"""Giving releases out: what is taken in, who is offered what, how far it goes, and that it stops by itself."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.releases import rollouts
from cloud.releases.errors import DeviceNotFit, ReleaseKeyMissing, ReleaseNotTaken, RolloutElsewhere, RolloutNot
from cloud.releases.packing import Packed
from cloud.releases.queries import ReleaseRow, first_ones, releases_of
from cloud.releases.rules import SILENT_AFTER, Progress, Stage, is_in_stage, must_stop
from cloud.releases.store import add_release
from cloud.releases.telling import notices
from simulators.clock import SimulatedClock
from tests.cloud.releases.factory import Asker, a_release, device_api, trust
from tests.cloud.schools.factory import SYSTEM, a_school

RELEASE = ("agent", "any", 7)
IT = Actor("it", 1, frozenset({Reach(Role.IT, 1)}))


@dataclass(slots=True)
class Fleet:
    """A school's devices, which have all asked before, and a release that was taken in."""

    services: Services
    clock: SimulatedClock
    client: httpx2.AsyncClient
    school: int
    folder: Path
    devices: list[Asker]

    async def row(self) -> ReleaseRow:
        return next(row for row in await releases_of(self.services, SYSTEM) if row.counter == 7)

    async def offered(self) -> list[str]:
        """Let every device ask; return who was offered the release."""
        return [device.name for device in self.devices if (await device.ask()).status_code == 200]


@pytest.fixture(name="fleet")
async def _fleet(services: Services, clock: SimulatedClock, tmp_path: Path) -> AsyncIterator[Fleet]:
    school = await a_school(services)
    trust(services)
    async with device_api(services) as client:
        devices = [await Asker.made(services, client, clock, school, f"gate-{number}") for number in range(12)]
        made = Fleet(services, clock, client, school, tmp_path, devices)
        packed = a_release(tmp_path)
        await add_release(services, SYSTEM, packed.manifest, packed.payload)
        await made.offered()
        yield made


async def test_only_a_release_of_a_trusted_key_with_its_own_files_is_taken_and_only_upwards(
    services: Services, tmp_path: Path
) -> None:
    packed = a_release(tmp_path)
    with pytest.raises(ReleaseKeyMissing):
        await add_release(services, SYSTEM, packed.manifest, packed.payload)
    trust(services)
    forged = a_release(tmp_path, key=Ed25519PrivateKey.generate())

    for wrong in (
        forged,
        Packed(packed.manifest, packed.payload[:-1]),
        Packed(packed.manifest, packed.payload[:-1] + b"?"),
    ):
        with pytest.raises(ReleaseNotTaken):
            await add_release(services, SYSTEM, wrong.manifest, wrong.payload)
    with pytest.raises(NotAllowed):
        await add_release(services, IT, packed.manifest, packed.payload)
    await add_release(services, SYSTEM, packed.manifest, packed.payload)
    for counter in (7, 6):
        older = a_release(tmp_path, counter, size=10)
        with pytest.raises(ReleaseNotTaken, match="counter"):
            await add_release(services, SYSTEM, older.manifest, older.payload)

    assert [row.counter for row in await releases_of(services, SYSTEM)] == [7]


async def test_a_release_is_offered_stage_by_stage_and_only_after_somebody_started_it(fleet: Fleet) -> None:
    before = await fleet.offered()
    await rollouts.start(fleet.services, SYSTEM, RELEASE, "gate-3")
    first = await fleet.offered()
    stages = [await rollouts.widen(fleet.services, SYSTEM, RELEASE) for _ in range(3)]
    everybody = await fleet.offered()

    assert (before, first) == ([], ["gate-3"])
    assert stages == [Stage.HUNDREDTH, Stage.TENTH, Stage.ALL]
    assert everybody == [device.name for device in fleet.devices]
    with pytest.raises(RolloutNot):
        await rollouts.widen(fleet.services, SYSTEM, RELEASE)


async def test_a_payload_comes_by_ranges_and_is_what_was_signed(fleet: Fleet) -> None:
    device, payload = fleet.devices[0], a_release(fleet.folder).payload
    parts = []
    for first in range(0, len(payload), 300_000):
        answer = await device.get("/device/v1/release/agent/any/7", Range=f"bytes={first}-{first + 299_999}")
        assert answer.status_code == 206
        parts.append(answer.content)

    assert b"".join(parts) == payload
    for wrong, status in (("bytes=5-4", 404), (f"bytes={len(payload)}-{len(payload) + 1}", 404), ("bytes=0-", 416)):
        assert (await device.get("/device/v1/release/agent/any/7", Range=wrong)).status_code == status
    assert (await device.get("/device/v1/release/agent/any/8", Range="bytes=0-1")).status_code == 404
    assert (await fleet.client.get("/device/v1/release/agent/any/7")).status_code == 401


async def test_one_device_that_fails_stops_the_first_stage_with_an_alarm_and_is_counted_once(fleet: Fleet) -> None:
    await rollouts.start(fleet.services, SYSTEM, RELEASE, "gate-3")
    device = fleet.devices[3]
    await device.ask()
    await device.ask(trying=7)

    for _ in range(3):
        assert (await device.ask(bad=7, why="crashed")).status_code == 204

    row = await fleet.row()
    assert (row.state, row.progress.failed, row.progress.done) == ("stopped", 1, 0)
    assert [(told.name, told.why) for told in row.troubled] == [("gate-3", "crashed")]
    alarms = await fleet.services.database.pool.fetch("SELECT kind, detail, count FROM alarm")
    assert [tuple(alarm) for alarm in alarms] == [("rollout_stopped", "release 7 of the agent: 1 failed, 0 silent", 1)]
    verbs = await fleet.services.database.pool.fetch("SELECT verb FROM audit_entry WHERE verb ~ '^r' ORDER BY id")
    assert [verb["verb"] for verb in verbs] == ["release.added", "rollout.started", "rollout.stopped"]


async def test_a_device_that_began_and_is_not_heard_again_stops_it_too(fleet: Fleet) -> None:
    await rollouts.start(fleet.services, SYSTEM, RELEASE, "gate-3")
    await fleet.devices[3].ask()
    await fleet.devices[3].ask(trying=7)
    await rollouts.look_at_all(fleet.services)
    early = (await fleet.row()).state

    fleet.clock.advance(SILENT_AFTER.total_seconds() + 1)
    await rollouts.look_at_all(fleet.services)

    assert (early, (await fleet.row()).state) == ("running", "stopped")


async def test_a_device_that_comes_back_with_the_release_is_done_and_the_rollout_goes_on(fleet: Fleet) -> None:
    await rollouts.start(fleet.services, SYSTEM, RELEASE, "gate-3")
    await fleet.devices[3].ask()
    await fleet.devices[3].ask(trying=7)
    await fleet.devices[3].ask(have=7)
    fleet.clock.advance(SILENT_AFTER.total_seconds() * 5)
    await rollouts.look_at_all(fleet.services)

    row = await fleet.row()
    assert (row.state, row.progress) == ("running", Progress(eligible=12, offered=1, done=1))


async def test_an_operator_pauses_resumes_in_spite_of_failures_and_gives_up(fleet: Fleet) -> None:
    await rollouts.start(fleet.services, SYSTEM, RELEASE, "gate-3")
    await rollouts.pause(fleet.services, SYSTEM, RELEASE)
    paused = await fleet.offered()
    await rollouts.resume(fleet.services, SYSTEM, RELEASE)
    await fleet.offered()
    await fleet.devices[3].ask(bad=7, why="hung")
    await rollouts.resume(fleet.services, SYSTEM, RELEASE)
    await rollouts.look_at_all(fleet.services)
    resumed = (await fleet.row()).state, await fleet.offered()
    for _ in range(3):
        await rollouts.widen(fleet.services, SYSTEM, RELEASE)
    widened = await fleet.offered()
    await rollouts.abort(fleet.services, SYSTEM, RELEASE)

    assert paused == []
    assert resumed == ("running", []), "who failed with it is not offered it again"
    assert len(widened) == 11
    assert await fleet.offered() == []
    with pytest.raises(RolloutNot):
        await rollouts.resume(fleet.services, SYSTEM, RELEASE)


async def test_who_is_no_operator_gives_nothing_out(fleet: Fleet) -> None:
    for work in (rollouts.widen, rollouts.pause, rollouts.resume, rollouts.abort):
        with pytest.raises(NotAllowed):
            await work(fleet.services, IT, RELEASE)
    with pytest.raises(NotAllowed):
        await rollouts.start(fleet.services, IT, RELEASE, "gate-3")
    with pytest.raises(NotAllowed):
        await releases_of(fleet.services, IT)
    with pytest.raises(NotAllowed):
        await first_ones(fleet.services, IT)


async def test_two_releases_of_one_board_are_not_given_out_at_once(fleet: Fleet) -> None:
    later = a_release(fleet.folder, 8, size=10)
    await add_release(fleet.services, SYSTEM, later.manifest, later.payload)
    await rollouts.start(fleet.services, SYSTEM, RELEASE, "gate-3")

    with pytest.raises(RolloutElsewhere):
        await rollouts.start(fleet.services, SYSTEM, ("agent", "any", 8), "gate-3")
    with pytest.raises(DeviceNotFit):
        await rollouts.start(fleet.services, SYSTEM, RELEASE, "gate-99")
    for _ in range(3):
        await rollouts.widen(fleet.services, SYSTEM, RELEASE)
    await rollouts.start(fleet.services, SYSTEM, ("agent", "any", 8), "gate-3")

    assert {row.counter: row.state for row in await releases_of(fleet.services, SYSTEM)} == {7: "done", 8: "running"}


async def test_a_release_is_offered_to_its_own_board_and_product_only(fleet: Fleet) -> None:
    node = a_release(fleet.folder, 3, size=10, product="node", board="esp32-s3")
    await add_release(fleet.services, SYSTEM, node.manifest, node.payload)
    first = fleet.devices[0]
    await first.ask(product="node", board="esp32-s3")
    await rollouts.start(fleet.services, SYSTEM, ("node", "esp32-s3", 3), "gate-0")

    told = [
        (await first.ask(product=product, board=board, have=have)).status_code
        for product, board, have in (
            ("node", "esp32-s3", 0), ("node", "rp2040", 0), ("agent", "esp32-s3", 0), ("node", "esp32-s3", 3)
        )
    ]  # fmt: skip

    assert told == [200, 204, 204, 204]


async def test_a_manifest_that_was_changed_in_the_database_is_given_to_nobody(fleet: Fleet) -> None:
    await rollouts.start(fleet.services, SYSTEM, RELEASE, "gate-3")
    await fleet.services.database.pool.execute(
        "UPDATE release SET manifest = convert_to(replace(convert_from(manifest, 'UTF8'), '0.7.0', '0.7.1'), 'UTF8')"
    )

    answer = await fleet.devices[3].ask()

    assert answer.status_code == 422
    assert json.loads(answer.content)["code"] == "release_not_taken"


@pytest.mark.parametrize(
    "query", ["product=till&board=x&have=0", "product=agent&board=&have=0", "product=agent&board=x&have=-1",
              "product=agent&board=x&have=0&bad=x", "product=agent&board=x&have=0&bad=7&why=because", "board=x"]
)  # fmt: skip
async def test_a_question_that_is_none_is_told_so(fleet: Fleet, query: str) -> None:
    answer = await fleet.devices[0].get(f"/device/v1/release?{query}")

    assert answer.status_code == 400


async def test_devices_of_a_stage_that_are_online_are_told_at_once(fleet: Fleet) -> None:
    services = fleet.services
    await services.database.pool.execute("UPDATE device SET is_online = true WHERE name IN ('gate-3', 'gate-4')")
    await rollouts.start(services, SYSTEM, RELEASE, "gate-3")
    rollout = await services.database.pool.fetchval("SELECT id FROM rollout")

    one = await notices(services.database.pool, services.vault, rollout, list(range(64)), 1)
    for _ in range(3):
        await rollouts.widen(services, SYSTEM, RELEASE)
    told = await notices(services.database.pool, services.vault, rollout, list(range(64)), 1)

    assert [reply.topic.split("/")[4] for reply in one] == ["gate-3"]
    assert {reply.topic.split("/")[4] for reply in told} == {"gate-3", "gate-4"}
    assert all(b'"w":"update"' in reply.payload for reply in told)


@pytest.mark.parametrize(
    ("stage", "done", "failed", "silent", "stops"),
    [
        (Stage.ONE, 0, 0, 0, False), (Stage.ONE, 0, 1, 0, True), (Stage.ONE, 0, 0, 1, True),
        (Stage.HUNDREDTH, 5, 1, 0, True), (Stage.TENTH, 99, 1, 0, False), (Stage.TENTH, 97, 1, 2, True),
        (Stage.ALL, 0, 0, 0, False), (Stage.ALL, 1_000, 20, 0, False), (Stage.ALL, 1_000, 20, 1, True),
    ],
)  # fmt: skip
def test_when_a_rollout_stops_by_itself(stage: Stage, done: int, failed: int, silent: int, stops: bool) -> None:
    assert must_stop(stage, Progress(2_000, 1_500, done, failed, silent)) is stops


def test_the_shares_of_the_stages_are_what_they_are_called_and_each_holds_the_one_before() -> None:
    names = [f"gate-{number}" for number in range(20_000)]
    chosen = {stage: {name for name in names if is_in_stage(stage, name, 7)} for stage in Stage}

    assert [round(len(found) / 200) for found in chosen.values()] == [0, 1, 10, 100]
    assert chosen[Stage.HUNDREDTH] < chosen[Stage.TENTH] < chosen[Stage.ALL]
    assert chosen[Stage.HUNDREDTH] != {name for name in names if is_in_stage(Stage.HUNDREDTH, name, 8)}
