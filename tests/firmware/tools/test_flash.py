"""Boards are flashed by the real esptool and mpremote; what they speak with is simulated (see docs/flashing.md)."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from firmware.tools.boardfiles import BoardFile, board_kinds, modules_for
from firmware.tools.boardfiles_layout import MANIFEST, RELEASE_KEY, START, BoardSet, board_set
from firmware.tools.flash import Flashing
from firmware.tools.flash_errors import BoardLost, FlashRefused, ImageRefused, PortRefused
from firmware.tools.flash_partitions import with_room
from firmware.tools.flash_ports import Port, drive_at
from firmware.tools.flash_programs import Programs
from simulators.board import Board
from simulators.esp_image import make_micropython, partitions
from simulators.pico import Pico, make_uf2
from tests.firmware.tools.bench import C3, CONTENT, GATE, MICROPYTHON, Bench, image_of, wanted_on
from tests.simulators.boards import run
from tests.waiting import until_async

HEAD = wanted_on("head-esp32s3")
PICO = wanted_on("head-pico")
DIVIDED = with_room(MICROPYTHON, 0, 4 << 20)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "bench")


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    """Return a board from the box."""
    board = Board(tmp_path)
    await board.plug()
    yield board
    await board.unplug()


async def restart(board: Board, program: bytes = DIVIDED) -> Board:
    """Put the cable in with a program in the flash."""
    await board.unplug()
    board.flash.erase(0, board.flash.size // 2)
    board.flash.write(0, program)
    await board.plug()
    return board


async def test_a_board_from_the_box_is_flashed_and_says_what_it_holds(board: Board, bench: Bench) -> None:
    done = await bench.flash(board.path, image_of(MICROPYTHON))

    assert partitions(board.flash.read(0, 65_536)) == {
        "nvs": (0x9000, 0x6000), "phy_init": (0xF000, 0x1000), "vfs": (0x20_0000, 0x8_0000),
        "roster": (0x28_0000, 0x9_0000), "journal": (0x31_0000, 0xF_0000),
    }  # fmt: skip
    assert done.state.files == GATE.digests
    assert (done.copied, done.kept) == (len(GATE.files), 0)
    assert "found ESP32-S3 with 4 MB of flash" in bench.told[0]
    assert "too small for updates over the network" in bench.told[1]
    assert "erasing" in bench.told[2]
    for line in ("writing MicroPython: 100 %", f"file {done.copied} of {done.copied}: {START}"):
        assert line in bench.told


async def test_what_is_on_a_board_starts_from_its_slot_and_is_a_release_that_updates_can_read(
    board: Board, bench: Bench
) -> None:
    whole = board_set(next(kind for kind in board_kinds() if kind.name == "gate-esp32s3"))
    few = [f"/a/{name.replace('.', '/')}" for name in modules_for("firmware.node.session")]  # of sixty, to be quick
    chosen = [file for file in whole.files if file.path.removesuffix(".mpy").removesuffix("/__init__") in few]
    wanted = BoardSet(whole.kind, (*chosen, *whole.files[-3:]))

    done = await bench.flash((await restart(board)).path, wanted=wanted)

    assert done.state.files == wanted.digests
    boot = "import sys; exec(open('/boot.py').read(), {'__name__': '__main__'}); from firmware.node import session"
    said = await run("mpremote", "connect", board.path, "exec", f"{boot}; print(sys.path[0], session.__file__)")
    assert "/a /a/firmware/node/session.mpy" in said.text
    said = await run("mpremote", "connect", board.path, "cat", f":{MANIFEST}")
    listed = json.loads(said.text.strip())
    assert (listed["product"], listed["board"], listed["role"]) == ("node", "gate-esp32s3", "gate")


async def test_a_second_run_copies_nothing_and_a_changed_board_is_mended(board: Board, bench: Bench) -> None:
    await bench.flash((await restart(board)).path)

    again = await bench.flash(board.path)
    assert again.copied == 0

    spoil = "import os; os.mkdir('b')\n"  # and an update came, into the other slot
    spoil += (
        "for name in 'a/package/2.mpy', 'a/old.py', 'b/manifest.json', 'update.json', 'own': open(name, 'w').close()"
    )
    await run("mpremote", "connect", board.path, "exec", spoil)
    mended = await bench.flash(board.path)
    assert mended.copied == 3  # the file, then the list, then what starts it all
    assert mended.state.files == GATE.digests
    assert "own" in (await run("mpremote", "connect", board.path, "ls")).text


async def test_a_cable_pulled_while_micropython_is_written_is_told_and_the_next_run_completes(
    board: Board, bench: Bench
) -> None:
    board.pull_after(40_000)

    with pytest.raises(BoardLost, match="went away in the middle") as lost:
        await bench.flash(board.path, image_of(MICROPYTHON))
    assert "put the cable in again" in lost.value.advice

    await board.unplug()
    await board.plug()
    assert not board.is_running
    assert (await bench.flash(board.path, image_of(MICROPYTHON))).state.files == GATE.digests


async def test_a_cable_pulled_while_files_are_copied_leaves_no_list_and_the_next_run_completes(
    board: Board, bench: Bench
) -> None:
    await restart(board)
    board.pull_after(6_500)

    with pytest.raises(BoardLost):
        await bench.flash(board.path)
    await board.unplug()
    await board.plug()
    assert "No such file" in (await run("mpremote", "connect", board.path, "cat", f":{MANIFEST}")).text

    done = await bench.flash(board.path)
    assert done.kept > 0
    assert done.state.files == GATE.digests


async def test_a_release_key_that_was_pinned_stays_until_another_is(board: Board, bench: Bench) -> None:
    first, second = (
        BoardSet(GATE.kind, (*GATE.files[:-1], BoardFile(RELEASE_KEY, key), GATE.files[-1])) for key in (b"a", b"b")
    )

    runs = [await bench.flash((await restart(board)).path, wanted=first)]
    runs += [await bench.flash(board.path, wanted=wanted) for wanted in (GATE, second)]

    assert [done.state.files[RELEASE_KEY] for done in runs] == [
        first.digests[RELEASE_KEY], first.digests[RELEASE_KEY], second.digests[RELEASE_KEY],
    ]  # fmt: skip
    assert [done.copied for done in runs[1:]] == [0, 3]  # the key, and the list and the start that follow all else


async def test_another_chips_image_is_refused_before_anything_is_written(board: Board, bench: Bench) -> None:
    with pytest.raises(ImageRefused, match="the image is for ESP32-C3, a gate-esp32s3 has esp32s3"):
        await bench.flash(board.path, image_of(make_micropython(C3, CONTENT)))

    assert board.flash.read(0, 4_096) == b"\xff" * 4_096


async def test_another_board_than_the_one_that_was_named_is_refused(tmp_path: Path, bench: Bench) -> None:
    board = Board(tmp_path, chip="esp32c3")
    await board.plug()

    with pytest.raises(FlashRefused, match="the board has ESP32-C3, a gate-esp32s3 has esp32s3"):
        await bench.flash(board.path, image_of(MICROPYTHON))
    await board.unplug()


async def test_a_board_without_room_is_refused_before_a_file_is_copied(tmp_path: Path, bench: Bench) -> None:
    board = await restart(Board(tmp_path, files_size=8 * 4_096))

    with pytest.raises(FlashRefused, match=r"file system is full: \d+ KiB are needed, \d+ KiB are free") as refused:
        await bench.flash(board.path)

    assert "--image" in refused.value.advice
    await board.unplug()


async def test_a_gate_without_room_for_its_journal_is_refused(board: Board, bench: Bench) -> None:
    await restart(board, MICROPYTHON)

    with pytest.raises(FlashRefused, match="no room set apart for a gate's journal") as refused:
        await bench.flash(board.path)

    assert "--image" in refused.value.advice


async def test_a_head_takes_the_image_as_it_is(board: Board, bench: Bench) -> None:
    await bench.flash(board.path, image_of(MICROPYTHON), HEAD)

    assert board.flash.read(0x8000, 0x1000) == MICROPYTHON[0x8000:0x9000]


async def test_an_old_micropython_is_refused(tmp_path: Path, bench: Bench) -> None:
    board = await restart(Board(tmp_path, version="1.20.0"))

    with pytest.raises(FlashRefused, match=r"MicroPython 1\.20\.0; 1\.24 or newer is needed"):
        await bench.flash(board.path)
    await board.unplug()


async def test_flash_that_does_not_hold_what_is_written_is_noticed(board: Board, bench: Bench) -> None:
    board.flash.worn.add(70_000)

    with pytest.raises(FlashRefused, match="not what was written"):
        await bench.flash(board.path, image_of(MICROPYTHON))


async def test_a_board_that_cannot_be_reset_needs_its_button(board: Board, bench: Bench) -> None:
    await restart(board)
    board.has_lines = False

    with pytest.raises(FlashRefused, match="does not answer") as refused:
        await bench.flash(board.path, image_of(MICROPYTHON))

    assert "hold the button BOOT" in refused.value.advice


def test_a_micropython_that_does_not_answer_is_asked_twice_aloud_then_told_with_what_to_do(bench: Bench) -> None:
    bench.folder.mkdir()
    says = 'import sys; sys.exit("could not enter raw repl")'  # in mpremote's place, which takes ten seconds for it
    (bench.folder / "mpremote.py").write_text(says)
    near, far = os.openpty()
    port = Port(os.ttyname(far), "named")

    with pytest.raises(FlashRefused, match="MicroPython does not answer") as refused:
        Flashing(Programs(bench.folder), GATE, bench.told.append, find=list).run(port, None)
    os.close(near)
    os.close(far)

    assert "press RESET" in refused.value.advice
    assert bench.told[0] == f"asking MicroPython on {port.path} what is there"
    assert [line for line in bench.told if "asking again" in line] == [
        "MicroPython does not answer; asking again, 2 of 2, some ten seconds each"
    ]


@contextlib.asynccontextmanager
async def held(path: str) -> AsyncIterator[Callable[[], None]]:
    """Let another program have a port open; give what ends that."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c",
        "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, 2); print(1, flush=True); sys.stdin.read()",
        path, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdin is not None
    await holder.stdout.readline()
    try:
        yield holder.stdin.close
    finally:
        holder.stdin.close()
        await holder.wait()


async def test_a_port_that_stays_in_use_is_told(board: Board, bench: Bench) -> None:
    bench.busy_s = 0.1

    async with held(board.path):
        with pytest.raises(PortRefused, match="is in use"):
            await bench.flash(board.path, image_of(MICROPYTHON))


async def test_a_port_that_is_in_use_for_a_moment_is_waited_for(board: Board, bench: Bench) -> None:
    await restart(board)
    bench.folder.mkdir()
    programs = Programs(bench.folder, busy_s=60.0)

    async with held(board.path) as let_go:
        listing = asyncio.create_task(asyncio.to_thread(programs.mpremote, board.path, "ls", tell=bench.told.append))
        await until_async(lambda: any("in use by another program" in line for line in bench.told) or listing.done())
        let_go()
        said = await listing

    assert "ls :" in said


async def test_a_pico_takes_its_image_as_a_file_and_then_our_files(tmp_path: Path, bench: Bench) -> None:
    (drive := tmp_path / "drive").mkdir()
    pico = Pico(tmp_path, drive)
    await pico.plug()
    place = drive_at(drive)
    assert place is not None

    with pytest.raises(ImageRefused, match="the image is for Raspberry Pi RP2350, the board has Raspberry Pi RP2"):
        await bench.flash_at(place, image_of(make_uf2("rp2350", CONTENT)), PICO)
    flashing = asyncio.create_task(bench.flash_at(place, image_of(make_uf2("rp2040", CONTENT)), PICO))
    done = await bench.appears(pico, flashing)

    assert done.state.platform == "rp2"
    assert done.state.files == PICO.digests
    await pico.unplug()
