"""The parts of a demonstration: its people, its time, its street, its folder."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from cloud.imports.reading import read_drafts
from cloud.imports.spreadsheet import read_spreadsheet
from cloud.people.rules import check_iin, normal_name, normal_phone
from simulators.demo_children import Child, ChildEnded
from simulators.demo_control import DemoRuns, NoDemo, ask, fresh_folder
from simulators.demo_people import CLASSES, STAFF, STUDENTS, draw_people
from simulators.demo_progress import words_of
from simulators.demo_spreadsheet import PURPOSES, spreadsheet
from simulators.demo_street import Wires, demo_day
from simulators.demo_time import DAY_MIN, plan_around
from simulators.school import MINUTE_MS, Act
from tests.repo.sources import ROOT

NOW = datetime(2026, 11, 25, 3, 17, 20, tzinfo=UTC)
PEOPLE = draw_people(Random(7), NOW.date())


def test_the_people_are_the_same_for_the_same_seed_and_nobody_stands_twice() -> None:
    assert draw_people(Random(7), NOW.date()) == PEOPLE
    assert len(PEOPLE) == STUDENTS + STAFF
    for values in ([person.iin for person in PEOPLE], [person.uid for person in PEOPLE]):
        assert len(set(values)) == len(PEOPLE)


def test_names_numbers_and_phones_are_such_as_the_cloud_takes() -> None:
    for person in PEOPLE:
        assert check_iin(person.iin) == person.iin
        assert normal_name(person.surname) == person.surname
        assert normal_name(person.given_name) == person.given_name
        if person.guardian is not None:
            assert normal_phone(person.guardian.phone) == person.guardian.phone


def test_there_are_six_classes_in_two_shifts_and_siblings_in_different_ones() -> None:
    students = [person for person in PEOPLE if not person.is_staff]

    assert {person.school_class for person in students} == set(CLASSES)
    families: dict[str, list[tuple[int, str, int] | None]] = {}
    for person in students:
        assert person.guardian is not None
        families.setdefault(person.guardian.phone, []).append(person.school_class)
    siblings = [classes for classes in families.values() if len(classes) > 1]
    assert len(siblings) >= 5
    assert all(len(set(classes)) == len(classes) for classes in siblings)


@pytest.mark.parametrize("hour", range(24))
def test_the_bells_lie_around_now_and_within_one_day_whatever_the_hour(hour: int) -> None:
    now = NOW.replace(hour=hour)

    plan = plan_around(now)

    local = now.astimezone(ZoneInfo(plan.zone))
    assert plan.today == local.date()
    assert plan.begins_ms == (local.hour * 60 + local.minute) * MINUTE_MS + local.second * 1000
    assert 5 <= plan.first_min(1) - plan.begins_ms // MINUTE_MS <= 10
    assert plan.last_min(2) < DAY_MIN


def test_arrivals_begin_at_once_and_nobody_leaves_before_coming() -> None:
    plan = plan_around(NOW)

    movements = demo_day(plan.members(PEOPLE), 2, Random(3), begins_ms=plan.begins_ms)

    assert min(movement.at_ms for movement in movements) < plan.begins_ms + MINUTE_MS
    first = [m for m in movements if m.direction == "in" and m.at_ms < plan.begins_ms + 12 * MINUTE_MS]
    assert len(first) > 60
    came: dict[str, int] = {}
    for movement in movements:
        if movement.direction == "in":
            came[movement.person] = movement.at_ms
        else:
            assert movement.at_ms > came[movement.person]


def test_the_parent_has_two_children_who_come_while_a_visitor_looks() -> None:
    ours = [person.number for person in PEOPLE if person.guardian == PEOPLE[0].guardian]
    plan = plan_around(NOW)

    movements = demo_day(
        plan.members(PEOPLE), 2, Random(3), begins_ms=plan.begins_ms, awaited_ms={ours[0]: 75_000, ours[1]: 150_000}
    )

    comings = [(m.person, m.at_ms - plan.begins_ms, m.act) for m in movements if m.person in ours[:2]][:2]
    assert comings == [(ours[0], 75_000, Act.TAP), (ours[1], 150_000, Act.TAP)]
    assert plan.members(PEOPLE)[0].first_lesson_min == plan.first_min(1)


def test_the_spreadsheet_is_read_by_the_cloud_without_a_word() -> None:
    drafts = read_drafts(read_spreadsheet(spreadsheet(PEOPLE, NOW.date() - timedelta(days=80))), NOW.date())

    assert drafts.problems == []
    assert (len(drafts.classes), len(drafts.people), len(drafts.cards)) == (len(CLASSES), len(PEOPLE), len(PEOPLE))
    assert len(drafts.consents) == len(PURPOSES) * sum(person.has_consent for person in PEOPLE)


async def test_the_cable_is_cut_and_mended_as_one() -> None:
    wires = Wires(1, 2)
    await wires.open()

    seen = []
    for act in (wires.unplug, wires.plug):
        act()
        seen.append(wires.is_plugged)
    await wires.close()

    assert seen == [False, True]


def test_a_second_demonstration_in_the_same_folder_is_refused_and_a_later_one_finds_it_empty(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with fresh_folder(folder):
        (folder / "left").write_text("behind")
        with pytest.raises(DemoRuns, match="runs in"), fresh_folder(folder):
            pass

    with fresh_folder(folder):
        assert list(folder.iterdir()) == []


def test_what_a_killed_demonstration_left_running_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    code = "import sys, time; from simulators.demo_control import fresh_folder; from pathlib import Path\n"
    code += "with fresh_folder(Path(sys.argv[1])) as held:\n"
    code += "    import subprocess; subprocess.Popen(['sleep', '0.5'], pass_fds=[held.lock]); print(flush=True)\n"
    code += "    time.sleep(60)"
    killed = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, cwd=ROOT)
    with killed:
        assert killed.stdout is not None
        killed.stdout.readline()
        killed.kill()

    with fresh_folder(folder) as held:
        assert list(held.folder.iterdir()) == []


def test_commands_are_told_as_they_must_be_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / ".venv/bin/esik"), "demo"])

    here, elsewhere = words_of(Path("build/demo"), Path("build/demo")), words_of(Path("other"), Path("build/demo"))

    assert here.command("unplug") == ".venv/bin/esik demo unplug"
    assert elsewhere.command("plug") == ".venv/bin/esik demo plug --data other"


def test_who_asks_where_no_demonstration_runs_is_told_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoDemo, match="start one by `esik demo`"):
        ask(tmp_path, "status")
    (tmp_path / "demo.json").write_text(json.dumps({"pid": 1, "control_port": 1, "url": ""}))
    with pytest.raises(NoDemo, match="does not answer"):
        ask(tmp_path, "status")


def test_the_plan_is_in_almaty_by_day() -> None:
    assert plan_around(NOW).zone == "Asia/Almaty"
    assert plan_around(NOW + timedelta(hours=15)).zone.startswith("Etc/GMT")


async def test_a_program_with_a_wrong_setting_is_not_started_again(tmp_path: Path) -> None:
    child = Child("gate-north", ["edge", "run", "--config", str(tmp_path / "agent.toml")], tmp_path / "agent.log")
    await child.start()
    told: list[str] = []

    with pytest.raises(ChildEnded, match="gate-north ended with status 78"):
        await child.keep(told.append)

    assert told == []
