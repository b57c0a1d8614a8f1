"""What a guard does is a record with the guard's name, and opens what it says; a fire waits for nothing."""

from pathlib import Path

import pytest

from edge_agent.actuators.actuator import PassageOutcome, Passed
from edge_agent.gate import HELD_OPEN
from edge_agent.guard.desk import WRITE_S
from edge_agent.guard.records import Came
from edge_agent.guard.refusal import NotDone
from edge_agent.guard.roll import Roll
from schemas.codec import RECORD_BYTES_MAX
from tests.edge_agent.gate import settle
from tests.edge_agent.guard.bench import GuardBench, MemoryNotes
from tests.edge_agent.school import ALIYA, BORIS, DAY_MS, GUARD


async def test_a_hand_pass_opens_and_is_written_with_who_let_through(tmp_path: Path) -> None:
    async with GuardBench(tmp_path).working() as bench:
        await bench.desk.hand_pass(GUARD, ALIYA, "main", "in", "forgotten")

        assert bench.actuator.told == ["open in 1"]
        assert bench.written("hand_pass") == [
            {"k": "hand_pass", "g": "main", "d": "in", "p": ALIYA, "by": GUARD, "w": "forgotten"}
        ]
        assert bench.view.is_inside(ALIYA)


async def test_a_gate_opened_by_hand_is_written_with_its_reason_and_moves_nobody(tmp_path: Path) -> None:
    async with GuardBench(tmp_path).working() as bench:
        await bench.desk.open(GUARD, "main", "in", "load", "  нан\nмен   сүт ")
        await bench.actuator.inputs.put(Passed(PassageOutcome.PASSED, "in", 1, 0))
        await settle()

        assert bench.actuator.told == ["open in 1"]
        opened, passage = bench.written()
        assert opened == {"k": "manual_open", "g": "main", "d": "in", "by": GUARD, "w": "load", "x": "нан мен сүт"}
        assert (passage["o"], "p" in passage) == ("passed", False)
        assert bench.view.traces() == []


@pytest.mark.parametrize(
    ("ref", "gate", "reason"),
    [("nobody000000", "main", "not_known"), (ALIYA, "yard", "no_gate")],
)
async def test_nobody_we_do_not_know_and_no_foreign_gate(tmp_path: Path, ref: str, gate: str, reason: str) -> None:
    async with GuardBench(tmp_path).working() as bench:
        with pytest.raises(NotDone, match=reason):
            await bench.desk.hand_pass(GUARD, ref, gate, "in", "lost")

    assert bench.written() == []


async def test_a_gate_whose_mechanics_are_away_says_so(tmp_path: Path) -> None:
    bench = GuardBench(tmp_path)

    with pytest.raises(NotDone, match="gate_away"):
        await bench.desk.hand_pass(GUARD, ALIYA, "main", "in", "lost")


# Orders for all gates


async def test_a_lockdown_closes_the_way_in_and_never_the_way_out(tmp_path: Path) -> None:
    async with GuardBench(tmp_path).working() as bench:
        await bench.tap(ALIYA)
        await bench.desk.order(GUARD, "lock_down")
        await settle()
        await bench.tap(BORIS)
        await bench.tap(ALIYA, "reader-out")

        decided = [(each["d"], each["o"], each["w"]) for each in bench.written("decision")]
        assert decided == [("in", "allowed", "ok"), ("in", "denied", "lock_down"), ("out", "allowed", "ok")]
        assert [(each["o"], each["by"]) for each in bench.written("regime")] == [("lock_down", GUARD)]


async def test_a_peers_order_is_gone_by_and_a_restart_does_not_obey_it_anew(tmp_path: Path) -> None:
    notes = MemoryNotes()
    async with GuardBench(tmp_path, notes=notes).working() as bench:
        bench.hear("regime", turn=5, mode="lock_down", staff=GUARD)
        await settle()
        assert bench.gate.status({}).mode == "lock_down"
        bench.gate.set_mode("normal")  # a command of the cloud, later than the order

    async with GuardBench(tmp_path, notes=notes).working() as bench:
        await bench.orders.restore()
        bench.hear("regime", turn=5, mode="lock_down", staff=GUARD)
        await settle()

        assert bench.gate.status({}).mode == "normal"
        bench.hear("regime", seq=2, turn=6, mode="lock_down", staff=GUARD)
        await settle()
        assert bench.gate.status({}).mode == "lock_down"


async def test_a_fire_opens_without_anybody_signed_in_and_the_way_out_is_held_open(tmp_path: Path) -> None:
    async with GuardBench(tmp_path).working() as bench:
        await bench.tap(ALIYA)
        await bench.desk.order("", "fire")
        await settle()
        assert bench.actuator.told[-1] == f"open out {HELD_OPEN}"
        for outcome in (PassageOutcome.NO_PASSAGE, PassageOutcome.PASSED, PassageOutcome.WRONG_DIRECTION):
            await bench.actuator.inputs.put(Passed(outcome, "out", HELD_OPEN, 0))
            await settle()
        await bench.tap("stranger0000")

        assert bench.actuator.told.count(f"open out {HELD_OPEN}") == 4
        assert [each["o"] for each in bench.written("passage")] == ["passed", "passed"]
        assert bench.written("decision")[-1]["w"] == "fire"
        assert [each["w"] for each in bench.written("alarm")] == ["fire_on"]
        assert [each["o"] for each in bench.written("muster")] == ["begun"]
        assert [(each["o"], "by" in each) for each in bench.written("regime")] == [("fire", False)]

        await bench.desk.order(GUARD, "normal")
        await settle()
        await bench.actuator.inputs.put(Passed(PassageOutcome.NO_PASSAGE, "out", HELD_OPEN, 0))
        await settle()
        await bench.tap("stranger0000")
        assert bench.actuator.told.count(f"open out {HELD_OPEN}") == 4
        assert bench.written("decision")[-1]["o"] == "denied"
        assert [each["w"] for each in bench.written("alarm")] == ["fire_on", "fire_off"]


async def test_a_fire_on_a_disk_that_takes_nothing_opens_what_is_here_and_says_that_others_do_not_know(
    tmp_path: Path,
) -> None:
    async with GuardBench(tmp_path).working() as bench:
        bench.log.mode = "full"
        with pytest.raises(NotDone, match="fire_alone"):
            await bench.desk.order("", "fire")

        assert bench.actuator.told == [f"open out {HELD_OPEN}"]
        with pytest.raises(NotDone, match="disk"):
            await bench.desk.order(GUARD, "normal")
        await bench.tap("stranger0000")
        assert bench.actuator.told[-1] == "deny"


@pytest.mark.parametrize("mode", ["normal", "lock_down"])
async def test_whoever_has_not_signed_in_orders_nothing_but_a_fire(tmp_path: Path, mode: str) -> None:
    bench = GuardBench(tmp_path)

    with pytest.raises(NotDone, match="sign_in"):
        await bench.desk.order("", mode)  # type: ignore[arg-type] # a test's word


# Musters


async def roll(bench: GuardBench) -> Roll:
    made = await bench.guard._board.roll_after_call()
    assert made is not None
    return made


def states(made: Roll) -> dict[str, str]:
    return {entry.key: entry.state for entry in made.entries}


async def test_a_roll_is_of_who_was_inside_and_by_tap_and_by_hand_they_are_found(tmp_path: Path) -> None:
    async with GuardBench(tmp_path).working() as bench:
        for ref in (ALIYA, BORIS, GUARD):
            await bench.tap(ref)
        bench.advance(60)
        await bench.desk.begin_muster(GUARD)
        bench.advance(60)
        assert states(await roll(bench)) == {ALIYA: "open", BORIS: "open", GUARD: "open"}

        await bench.tap(ALIYA, "reader-out")
        await bench.desk.call(BORIS, "missing", staff=GUARD)
        await bench.desk.call(GUARD, "here", phone="ab" * 4)
        made = await roll(bench)
        assert states(made) == {ALIYA: "seen", BORIS: "missing", GUARD: "here"}
        assert (made.found, made.missing, made.total) == (2, 1, 3)
        assert [name for name, _ in made.groups()] == ["1А", "11Б", ""]

        bench.advance(1)
        await bench.desk.call(BORIS, "undone", staff=GUARD)
        await bench.tap(BORIS, "reader-out")
        assert states(await roll(bench))[BORIS] == "seen"
        assert [(each["p"], each.get("by"), each.get("ph")) for each in bench.written("roll_call")] == [
            (BORIS, GUARD, None), (GUARD, None, "ab" * 4), (BORIS, GUARD, None),
        ]  # fmt: skip


async def test_who_came_in_days_ago_and_never_left_by_a_gate_is_kept_apart(tmp_path: Path) -> None:
    async with GuardBench(tmp_path).working() as bench:
        await bench.tap(ALIYA)
        bench.advance(DAY_MS / 1000)
        await bench.tap(BORIS)
        bench.advance(60)
        await bench.desk.begin_muster(GUARD)
        made = await roll(bench)

    assert [entry.key for entry in made.long_ago()] == [ALIYA]
    assert (made.total, [name for name, _ in made.groups()]) == (1, ["11Б"])


async def test_a_peers_taps_and_calls_count_in_our_roll(tmp_path: Path) -> None:
    async with GuardBench(tmp_path).working() as bench:
        for seq, ref in enumerate((ALIYA, BORIS), start=1):
            bench.hear(
                "decision", seq=seq, gate="yard", direction="in", outcome="allowed", reason="ok", roster=7, person=ref
            )
        bench.advance(60)
        bench.hear("muster", seq=3, id="5" * 16, turn=1, outcome="begun", staff=GUARD)
        bench.advance(60)
        bench.hear("roll_call", seq=4, id="5" * 16, turn=2, outcome="here", person=ALIYA, staff=GUARD)
        assert states(await roll(bench)) == {ALIYA: "here", BORIS: "open"}

        bench.hear("muster", seq=5, id="5" * 16, turn=3, outcome="ended", staff=GUARD)
        assert await bench.guard._board.roll_after_call() is None


async def test_a_call_without_a_muster_or_of_nobody_is_refused(tmp_path: Path) -> None:
    bench = GuardBench(tmp_path)
    with pytest.raises(NotDone, match="no_muster"):
        await bench.desk.call(ALIYA, "here", staff=GUARD)
    await bench.desk.begin_muster(GUARD)
    with pytest.raises(NotDone, match="not_known"):
        await bench.desk.call("nobody000000", "here", staff=GUARD)


# Visitors


async def test_a_visitor_comes_with_a_pass_and_a_host_is_overdue_and_leaves(tmp_path: Path) -> None:
    bench = GuardBench(tmp_path)

    came = Came("main", "Ерлан Жұмабаев", "guest", "17", GUARD, stay_min=30)
    visit = await bench.desk.let_in(GUARD, came)
    bench.advance(31 * 60)
    inside = bench.desk.around.visits.inside()
    assert [(each.badge, each.host, each.is_overdue(bench.clock.wall_ms())) for each in inside] == [("17", GUARD, True)]
    assert bench.desk.around.names.name(visit) == "Ерлан Жұмабаев"
    assert (await bench.desk.let_out(GUARD, visit)).gate == "main"

    with pytest.raises(NotDone, match="has_left"):
        await bench.desk.let_out(GUARD, visit)
    assert "Ерлан" not in str(bench.written())
    assert [(each["d"], each.get("un")) for each in bench.written("visitor")] == [("in", 30), ("out", None)]


async def test_a_delivery_says_what_is_brought_within_the_bytes_of_a_record(tmp_path: Path) -> None:
    bench = GuardBench(tmp_path)

    came = Came("main", "Ә" * 90, "delivery", "123456789", GUARD, "сүт, нан, ет", 1_440, "Қазақстан ЖШС" * 3)
    visit = await bench.desk.let_in(GUARD, came)

    found = bench.desk.around.visits.visit(visit)
    assert found is not None
    assert (found.purpose, found.badge, found.is_delivery) == ("delivery", "12345678", True)
    assert found.firm.startswith("Қазақстан")
    assert all(len(entry.record or b"") <= RECORD_BYTES_MAX for entry in bench.log.kept)


@pytest.mark.parametrize(
    ("came", "reason"),
    [
        (Came("main", "X", "burglar"), "not_understood"),
        (Came("main", "X", "guest", stay_min=-1), "not_understood"),
        (Came("main", "X", "guest", host=ALIYA), "no_host"),
        (Came("yard", "X", "guest"), "no_gate"),
        (Came("main", "X", "delivery", detail="milk"), "no_firm"),
    ],
)
async def test_a_visitor_whose_fields_make_no_sense_is_not_written(tmp_path: Path, came: Came, reason: str) -> None:
    bench = GuardBench(tmp_path)

    with pytest.raises(NotDone, match=reason):
        await bench.desk.let_in(GUARD, came)

    assert bench.written() == []


async def test_what_visitors_are_called_survives_a_restart_sealed_and_goes_a_day_after_they_left(
    tmp_path: Path,
) -> None:
    bench = GuardBench(tmp_path)
    visit = await bench.desk.let_in(GUARD, Came("main", "Ерлан", "guest"))
    await bench.desk.let_out(GUARD, visit)
    again = GuardBench(tmp_path)
    again.desk.around.names.load()
    assert again.desk.around.names.name(visit) == "Ерлан"
    assert "Ерлан".encode() not in (tmp_path / "guard" / "visitors").read_bytes()

    bench.advance(DAY_MS / 1000 + 1)
    other = await bench.desk.let_in(GUARD, Came("main", "Дана", "guest"))

    again.desk.around.names._names.clear()
    again.desk.around.names.load()
    assert (again.desk.around.names.name(visit), again.desk.around.names.name(other)) == ("", "Дана")


async def test_a_disk_that_hangs_is_told_after_some_seconds_and_the_record_lands_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WRITE_S == 5.0
    monkeypatch.setattr("edge_agent.guard.desk.WRITE_S", 0.01)
    bench = GuardBench(tmp_path)
    bench.log.mode = "slow"

    with pytest.raises(NotDone, match="slow"):
        await bench.desk.let_in(GUARD, Came("main", "X", "guest"))
    bench.log.land()

    assert len(bench.written("visitor")) == 1
