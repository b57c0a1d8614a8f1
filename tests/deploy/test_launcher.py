"""The launcher: takes only what is signed, tries it, and goes back from whatever does not prove itself."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.releases.packing import Packed
from tests.deploy.launcher_kit import CRASHES, GOOD, HANGS, SILENT, Machine
from tests.waiting import until

MAIN = "__main__.py"
PARTS = ("manifest", "payload")


@pytest.fixture(name="machine")
def _machine(tmp_path: Path) -> Machine:
    """Return a machine whose release 6 was installed by hand."""
    made = Machine(tmp_path)
    made.install(made.pack(6, {MAIN: GOOD}))
    return made


def test_a_release_that_proves_itself_stays_and_the_one_before_is_kept(machine: Machine) -> None:
    machine.stage(machine.pack(7, {MAIN: GOOD, "esik/part.py": ""}))

    assert [machine.start(), machine.start()] == [0, 0]

    assert machine.ran == ["7 edge run", "7 edge run"]
    assert (machine.state["good"], machine.state["previous"], machine.state["trial"]) == (7, 6, 0)
    assert (machine.root / "current").resolve() == machine.root / "releases/7"
    assert sorted(path.name for path in (machine.root / "releases").iterdir()) == ["6", "6.manifest", "7", "7.manifest"]


@pytest.mark.parametrize("body", [CRASHES, "this is no Python\n"])
def test_fault_37_a_release_that_crashes_gets_three_starts_then_the_one_before_runs(
    machine: Machine, body: str
) -> None:
    machine.stage(machine.pack(7, {MAIN: body}))

    codes = [machine.start() for _ in range(3)]
    last = machine.start()

    assert codes == [1] * 3
    assert last == 0
    assert machine.ran[-1] == "6 edge run"
    assert machine.state["bad"] == {"7": "crashed"}
    assert not (machine.root / "releases/7").exists()


def test_fault_37_a_release_that_hangs_is_ended_and_the_one_before_runs(machine: Machine) -> None:
    machine.stage(machine.pack(7, {MAIN: HANGS.replace("signal.SIGTERM", "signal.SIGUSR1")}))

    assert machine.start(trial_s=1.0) == 75
    assert machine.start() == 0

    assert machine.ran == ["7 edge run", "6 edge run"]
    assert machine.state["bad"] == {"7": "no_ack"}


def test_fault_37_a_release_that_systemds_watchdog_kills_is_left_after_three_starts(machine: Machine) -> None:
    machine.stage(machine.pack(7, {MAIN: SILENT}))
    for number in range(3):
        assert machine.prepare() == 0
        words = [sys.executable, "-I", str(machine.launcher / "launcher.py"), "run"]
        process = subprocess.Popen([*words, str(machine.root), str(machine.inbox), "--", "x"], start_new_session=True)
        wanted = number + 1
        until(lambda: len(machine.ran) == wanted)  # noqa: B023 (asked within this turn only)
        os.killpg(process.pid, signal.SIGKILL)  # the whole group, as systemd does
        process.wait()

    assert machine.start() == 0

    assert machine.ran[-1] == "6 edge run"
    assert machine.state["bad"] == {"7": "hung"}


def test_what_failed_is_never_tried_again_but_a_later_one_is(machine: Machine) -> None:
    machine.stage(machine.pack(7, {MAIN: CRASHES}))
    (machine.inbox / "last").write_text("crashed")
    for _ in range(4):
        machine.prepare()

    machine.stage(machine.pack(7, {MAIN: GOOD}))
    machine.prepare()
    again = machine.state["trial"]
    machine.stage(machine.pack(8, {MAIN: GOOD}))
    machine.prepare()

    assert (again, machine.state["trial"]) == (0, 8)


def test_a_release_that_refuses_the_settings_does_not_keep_systemd_from_going_back(machine: Machine) -> None:
    machine.stage(machine.pack(7, {MAIN: "import sys; sys.exit(78)"}))

    assert [machine.start() for _ in range(4)] == [1, 1, 1, 0]


def forged(machine: Machine) -> Packed:
    own, machine.key = machine.key, Ed25519PrivateKey.generate()
    packed = machine.pack(7, {MAIN: GOOD})
    machine.key = own
    return packed


def swapped(machine: Machine, change: Callable[[bytes], bytes]) -> Packed:
    packed = machine.pack(7, {MAIN: GOOD})
    return Packed(packed.manifest, change(packed.payload))


REFUSED: dict[str, Callable[[Machine], Packed]] = {
    "another key": forged,
    "other files than were signed": lambda machine: swapped(machine, lambda payload: payload.replace(b"own", b"pwn")),
    "a payload cut short": lambda machine: swapped(machine, lambda payload: payload[:-1]),
    "more after the last file": lambda machine: swapped(machine, lambda payload: payload + b"x"),
    "an older counter": lambda machine: machine.pack(5, {MAIN: GOOD}),
    "the counter that runs": lambda machine: machine.pack(6, {MAIN: GOOD + "# other"}),
    "another board": lambda machine: machine.pack(7, {MAIN: GOOD}, board="linux-s390x"),
    "another product": lambda machine: machine.pack(7, {MAIN: GOOD}, product="node"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_fault_37_what_is_not_to_be_trusted_is_thrown_away_and_the_release_of_now_runs(
    machine: Machine, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.stage(REFUSED[what](machine))

    status = machine.prepare()

    assert status == 0
    assert "what was fetched is refused" in capsys.readouterr().err
    assert (machine.root / "current").resolve() == machine.root / "releases/6"
    assert (machine.state["good"], machine.state["trial"]) == (6, 0)
    assert not (machine.inbox / "staged.manifest").exists()
    assert not list((machine.root / "releases").glob("*.part"))


@pytest.mark.parametrize("name", ["staged.manifest", "staged.payload", "good"])
@pytest.mark.parametrize("what", ["link", "pipe"])
def test_a_link_or_a_pipe_in_the_inbox_leads_the_launcher_nowhere(machine: Machine, name: str, what: str) -> None:
    machine.stage(machine.pack(7, {MAIN: SILENT}))
    place = machine.inbox / name
    place.unlink(missing_ok=True)
    if what == "link":
        place.symlink_to("/etc/hostname")
    else:
        os.mkfifo(place)

    statuses = [machine.prepare(), machine.prepare()]

    assert statuses == [0, 0]
    assert machine.state["good"] == 6
    assert machine.state["trial"] == (7 if name == "good" else 0)


@pytest.mark.requirement("KZ456-5.17")
@pytest.mark.parametrize("how", ["a line added", "a file added", "a file removed", "a file replaced by a link"])
def test_files_that_were_changed_are_noticed_at_the_start_and_do_not_run(
    machine: Machine, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.install(machine.pack(7, {MAIN: GOOD, "esik/a.py": "A = 1\n"}))
    at = machine.root / "releases/7/esik/a.py"
    match how:
        case "a line added":
            at.write_text("A = 2\n")
        case "a file added":
            at.with_name("b.py").write_text("")
        case "a file removed":
            at.unlink()
        case _:
            at.rename(machine.folder / "a.py")
            at.symlink_to(machine.folder / "a.py")

    assert machine.start() == 0

    assert "files of release 7 were changed" in capsys.readouterr().err
    assert machine.ran[-1] == "6 edge run"
    assert machine.state["changed"] == [7]


@pytest.mark.requirement("KZ456-5.17")
def test_when_no_release_is_as_it_was_signed_none_runs_and_the_launcher_says_what_to_do(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.root / "releases/6" / MAIN).write_text("print('something else')\n")

    assert machine.prepare() == 78

    assert "install one by hand" in capsys.readouterr().err


@pytest.mark.parametrize("damaged", [[6], [6, 7]])
def test_after_damage_the_same_release_is_installed_by_hand_and_runs(machine: Machine, damaged: list[int]) -> None:
    for counter in damaged[1:]:
        machine.install(machine.pack(counter, {MAIN: GOOD}))
    for counter in damaged:
        (machine.root / f"releases/{counter}" / MAIN).write_text("print('something else')\n")
    assert machine.prepare() == 78

    machine.install(machine.pack(damaged[-1], {MAIN: GOOD}))

    assert machine.start() == 0
    assert machine.ran == [f"{damaged[-1]} edge run"]
    assert (machine.state["good"], machine.state["highest"]) == (damaged[-1], damaged[-1])


def test_by_hand_the_damaged_release_of_now_is_mended_without_forgetting_that_there_was_a_later_one(
    machine: Machine,
) -> None:
    machine.install(machine.pack(7, {MAIN: GOOD}))
    (machine.root / "releases/7" / MAIN).unlink()
    machine.start()
    (machine.root / "releases/6" / MAIN).unlink()
    assert machine.prepare() == 78

    machine.install(machine.pack(6, {MAIN: GOOD}))

    assert machine.start() == 0
    assert machine.ran == ["6 edge run"] * 2
    assert (machine.state["good"], machine.state["highest"]) == (6, 7)


@pytest.mark.parametrize("counter", [5, 6, 7])
def test_by_hand_neither_an_older_release_nor_one_that_is_whole_or_failed_is_installed(
    machine: Machine, counter: int
) -> None:
    machine.stage(machine.pack(7, {MAIN: CRASHES}))
    for _ in range(4):
        machine.start()
    packed = machine.pack(counter, {MAIN: GOOD + "# other"})
    machine.stage(packed)

    done = machine.do("install", str(machine.root), *(str(machine.inbox / f"staged.{part}") for part in PARTS))

    assert done.returncode == 1
    assert "counter: " in done.stderr
    assert machine.state["good"] == 6


def test_a_release_whose_files_were_changed_is_taken_once_more_tried_and_kept(machine: Machine) -> None:
    machine.stage(machine.pack(7, {MAIN: GOOD}))
    machine.start()
    machine.prepare()
    (machine.root / "releases/7" / MAIN).write_text("print('something else')\n")
    machine.start()
    fallen_back = machine.state["good"]

    machine.stage(machine.pack(7, {MAIN: GOOD}))
    machine.prepare()
    tried = machine.state["trial"], (machine.inbox / "good").exists()
    machine.run()
    machine.prepare()

    assert fallen_back == 6
    assert tried == (7, False), "what it proved before it was damaged counts no more"
    assert (machine.state["good"], machine.state["highest"], machine.state["bad"]) == (7, 7, {})


def test_an_older_release_is_not_taken_because_it_was_once_changed(machine: Machine) -> None:
    state = machine.state | {"good": 6, "highest": 9, "changed": [5, 8]}
    (machine.root / "launcher.json").write_text(json.dumps(state))

    for counter in (5, 8):
        machine.stage(machine.pack(counter, {MAIN: GOOD}))
        machine.prepare()

    assert (machine.state["trial"], machine.state["bad"]) == (0, {"8": "refused"})


def test_starts_that_are_killed_while_a_release_is_written_are_counted_too(machine: Machine) -> None:
    state = machine.state | {"taking": 7, "takes": 3}
    (machine.root / "launcher.json").write_text(json.dumps(state))
    machine.stage(machine.pack(7, {MAIN: GOOD}))

    assert machine.start() == 0

    assert machine.ran == ["6 edge run"]
    assert machine.state["bad"] == {"7": "refused"}


def test_what_could_not_be_written_is_installed_by_hand_when_there_is_room(machine: Machine) -> None:
    (machine.root / "launcher.json").write_text(json.dumps(machine.state | {"bad": {"7": "refused"}}))

    machine.install(machine.pack(7, {MAIN: GOOD}))

    assert machine.start() == 0
    assert machine.ran == ["7 edge run"]
    assert machine.state["bad"] == {}


def test_files_of_a_release_are_for_everybody_to_read_and_for_its_owner_alone_to_write(machine: Machine) -> None:
    for path in (machine.root / "releases").rglob("*"):
        assert path.stat().st_mode & 0o022 == 0, path


@pytest.mark.parametrize("text", ["", "{", "[]", '{"good": "x"}', '{"other": 1}'])
def test_a_launcher_that_forgot_everything_goes_on_with_the_current_release(machine: Machine, text: str) -> None:
    (machine.root / "launcher.json").write_text(text)
    machine.stage(machine.pack(5, {MAIN: GOOD}))

    assert machine.start() == 0

    assert machine.ran == ["6 edge run"], "and takes no older one"


def test_a_disk_that_takes_nothing_is_no_reason_not_to_start(machine: Machine) -> None:
    machine.stage(machine.pack(7, {MAIN: GOOD}))
    (machine.root / "launcher.json.new").mkdir()  # so that nothing can be written there

    assert machine.start() == 0

    assert machine.ran == ["6 edge run"]


def test_without_a_release_what_was_installed_by_hand_runs(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    hand = machine.root / ".venv/bin/esik"
    hand.write_text(f'#!/bin/sh\necho "hand $*" >> {machine.inbox}/ran\n')
    hand.chmod(0o755)

    first = machine.start()
    machine.stage(machine.pack(1, {MAIN: CRASHES}))
    rest = [machine.start() for _ in range(4)]

    assert (first, rest) == (0, [1, 1, 1, 0])
    assert machine.ran[-1] == "hand edge run"


def test_a_release_finds_its_own_packages_and_leaves_nothing_in_its_folder(machine: Machine) -> None:
    body = GOOD + "import json, part\n(inbox / 'part').write_text(part.__file__)\n"
    machine.stage(machine.pack(7, {MAIN: body, "part.py": "", "json.py": ""}))

    assert machine.start() == 0

    assert (machine.inbox / "part").read_text() == str(machine.root / "releases/7/part.py")
    assert not list((machine.root / "releases").rglob("__pycache__"))
    assert machine.start() == 0
