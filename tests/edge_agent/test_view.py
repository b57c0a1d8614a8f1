"""Who is inside: the same set of records gives the same answer, and what is in doubt is said to be."""

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.actuators.actuator import Direction
from edge_agent.timekeeper import Quality
from edge_agent.view import FIRE_HELD_MS, MOVES_MAX, View, Whereabouts
from schemas import structs
from tests.edge_agent.school import ALIYA, BORIS, DAY_MS, HOUR_MS, MONDAY_8_MS, at

ME, PEER = "gate-1", "gate-2"
E1, E2 = "a" * 16, "b" * 16
MINUTE_MS = 60_000


def stamped(after_ms: int, quality: Quality = "ntp") -> dict[str, Any]:
    stamp = at(after_ms, quality)
    return {"monotonic_ms": stamp.monotonic_ms, "wall_ms": stamp.wall_ms, "clock": stamp.quality}


def entry(
    ref: str = ALIYA, after_ms: int = 0, direction: Direction = "in", gate: str = "main", quality: Quality = "ntp"
) -> structs.Decision:
    return structs.Decision(
        **stamped(after_ms, quality),
        gate=gate,
        direction=direction,
        outcome="allowed",
        reason="ok",
        roster=7,
        person=ref,
    )


def passage(of_seq: int | None, outcome: Any, after_ms: int = 1_000, **more: Any) -> structs.Passage:
    return structs.Passage(
        **stamped(after_ms), gate="main", direction="in", outcome=outcome, decision_seq=of_seq, **more
    )


def alarm(reason: Any, after_ms: int = 0, gate: str | None = "main") -> structs.Alarm:
    return structs.Alarm(**stamped(after_ms), reason=reason, gate=gate)


def opened(after_ms: int = 0, reason: Any = "start") -> structs.Open:
    return structs.Open(**stamped(after_ms), boot="b" * 16, reason=reason, firmware="0.1.0")


def told(view: View, device: str, epoch: str, *records: structs.AnyRecord, first: int = 1) -> View:
    for seq, record in enumerate(records, start=first):
        view.observe(device, epoch, seq, msgspec.json.encode(record))
    return view


def found(view: View, ref: str = ALIYA) -> Whereabouts:
    stay = view.whereabouts(ref)
    assert stay is not None
    return stay


def test_an_entry_is_inside_and_an_exit_is_not() -> None:
    view = told(View(ME), ME, E1, entry())
    assert found(view) == Whereabouts(is_inside=True, is_sure=True, since_ms=MONDAY_8_MS, gate="main")
    assert [ref for ref, _ in view.inside()] == [ALIYA]

    told(view, PEER, E2, entry(after_ms=HOUR_MS, direction="out", gate="yard"))
    assert found(view) == Whereabouts(is_inside=False, is_sure=True, since_ms=MONDAY_8_MS + HOUR_MS, gate="yard")
    assert not view.is_inside(ALIYA)
    assert view.inside() == []


def test_nobody_is_known_before_the_first_record() -> None:
    assert View(ME).whereabouts(ALIYA) is None
    assert not View(ME).is_inside(ALIYA)


def test_a_denial_moves_nobody() -> None:
    denied = msgspec.structs.replace(entry(), outcome="denied", reason="wrong_time")

    assert told(View(ME), ME, E1, denied).whereabouts(ALIYA) is None


@pytest.mark.parametrize("record", [b'{"zz":' * 10_000, b'{"k":"decision","g":"\xff"}', b"\0", b""])
def test_what_a_peer_made_of_anything_changes_nothing(record: bytes) -> None:
    view = View(ME)

    view.observe(PEER, E1, 1, record)

    assert view.inside() == []


def test_a_hand_pass_moves_like_a_card() -> None:
    record = structs.HandPass(
        **stamped(0), gate="main", direction="in", person=ALIYA, staff="guard0000000", reason="forgotten"
    )

    assert told(View(ME), ME, E1, record).is_inside(ALIYA)


@pytest.mark.parametrize("outcome", ["no_passage", "wrong_direction"])
def test_who_did_not_go_is_where_they_were(outcome: str) -> None:
    view = told(View(ME), ME, E1, entry(), entry(after_ms=HOUR_MS, direction="out"), passage(2, outcome, HOUR_MS))

    assert found(view).is_inside
    assert found(view).since_ms == MONDAY_8_MS


def test_an_unknown_passage_leaves_a_doubt() -> None:
    view = told(View(ME), ME, E1, entry(), opened())
    assert found(view).is_sure

    told(view, ME, E2, opened(1_000), passage(1, "unknown", epoch=E1))
    assert found(view).is_inside
    assert not found(view).is_sure


def test_a_passage_whose_decision_was_lost_still_moves_its_person() -> None:
    assert told(View(ME), ME, E1, passage(None, "passed", person=ALIYA)).is_inside(ALIYA)
    assert told(View(ME), ME, E1, passage(None, "forced")).inside() == []


@pytest.mark.parametrize(
    "blur",
    [
        alarm("fire_on", MINUTE_MS),
        alarm("fire_off", MINUTE_MS),
        alarm("journal_lost", MINUTE_MS),
        alarm("rollback", MINUTE_MS),
        structs.Loss(**stamped(MINUTE_MS), reason="disk_full", count=3),
        opened(MINUTE_MS, "set_aside"),
    ],
)
def test_what_came_before_a_fire_or_a_loss_is_in_doubt(blur: structs.AnyRecord) -> None:
    view = told(View(ME), ME, E1, entry())

    told(view, PEER, E2, blur)
    assert not found(view).is_sure

    told(view, ME, E1, entry(after_ms=2 * MINUTE_MS), first=2)
    assert found(view).is_sure


def test_a_clock_that_was_not_good_leaves_a_doubt_until_it_is_set() -> None:
    view = told(View(ME), ME, E1, entry(quality="floor"))
    assert not found(view).is_sure

    told(view, ME, E1, entry(BORIS, after_ms=MINUTE_MS), first=2)
    assert found(view).is_sure


def test_a_clock_that_jumps_within_an_epoch_leaves_a_doubt_and_keeps_the_order() -> None:
    back = msgspec.structs.replace(entry(after_ms=HOUR_MS, direction="out"), wall_ms=MONDAY_8_MS - 14 * DAY_MS)

    view = told(View(ME), ME, E1, entry(), back)

    assert not found(view).is_inside
    assert not found(view).is_sure


def test_two_agents_clocks_may_differ_so_that_close_movements_have_no_sure_order() -> None:
    view = told(View(ME), ME, E1, entry())

    told(view, PEER, E2, entry(after_ms=-40_000, direction="out"))
    assert found(view).is_inside
    assert not found(view).is_sure


def test_a_second_entry_elsewhere_a_moment_later_is_sure() -> None:
    view = told(View(ME), PEER, E2, entry(after_ms=-5_000))

    assert found(view).is_sure


def test_what_cannot_be_read_is_left_alone() -> None:
    view = told(View(ME), ME, E1, entry())

    for seq, record in enumerate([b"", b"{", b'{"k":"new"}', b'{"k":"decision"}'], start=2):
        view.observe(ME, E1, seq, record)

    assert found(view).is_sure


# What is not written yet


def test_a_grant_counts_before_it_is_written_and_once_when_it_is() -> None:
    view = View(ME)
    view.presume("main", "in", ALIYA, at())
    assert found(view) == Whereabouts(is_inside=True, is_sure=True, since_ms=MONDAY_8_MS, gate="main")

    told(view, ME, E1, entry(), passage(1, "no_passage"))
    assert view.whereabouts(ALIYA) is None


def test_a_grant_that_was_taken_back_leaves_nothing() -> None:
    view = View(ME)
    view.presume("main", "in", ALIYA, at())

    view.retract("main", "in", ALIYA, at().monotonic_ms)

    assert view.whereabouts(ALIYA) is None
    assert not view.is_repeat("main", "in", ALIYA, at(10).monotonic_ms, 5_000)


def test_taking_back_an_older_grant_leaves_the_newer() -> None:
    view = View(ME)
    view.presume("main", "in", ALIYA, at())
    view.presume("main", "in", ALIYA, at(7_000))

    view.retract("main", "in", ALIYA, at().monotonic_ms)

    assert view.is_inside(ALIYA)
    assert view.is_repeat("main", "in", ALIYA, at(7_200).monotonic_ms, 5_000)


def test_a_newer_movement_elsewhere_wins_over_a_grant_that_was_never_written() -> None:
    view = View(ME)
    view.presume("main", "in", ALIYA, at())

    told(view, PEER, E2, entry(after_ms=HOUR_MS, direction="out"))

    assert not view.is_inside(ALIYA)


# Fire


def test_an_own_fire_lasts_as_long_as_the_contact_says() -> None:
    view = View(ME)
    view.set_fire("main", burning=True)
    assert view.is_burning(MONDAY_8_MS + DAY_MS)

    view.set_fire("main", burning=False)
    assert not view.is_burning(MONDAY_8_MS)


def test_a_peers_fire_frees_this_gate_until_its_word_or_its_restart_or_an_hour() -> None:
    now_ms = MONDAY_8_MS + MINUTE_MS
    view = told(View(ME), PEER, E1, alarm("fire_on"))
    assert view.is_burning(now_ms)
    assert not view.is_burning(MONDAY_8_MS + FIRE_HELD_MS)

    told(view, PEER, E1, alarm("fire_off", MINUTE_MS), first=2)
    assert not view.is_burning(now_ms)

    told(view, PEER, E1, alarm("fire_on", 2 * MINUTE_MS), first=3)
    assert view.is_burning(MONDAY_8_MS + 3 * MINUTE_MS)
    told(view, PEER, E2, opened(3 * MINUTE_MS))
    assert not view.is_burning(MONDAY_8_MS + 3 * MINUTE_MS)


def test_an_own_fire_in_the_journal_is_history() -> None:
    assert not told(View(ME), ME, E1, alarm("fire_on")).is_burning(MONDAY_8_MS)


# Whatever the order


moves = st.lists(
    st.tuples(
        st.sampled_from([(ME, E1), (ME, E2), (PEER, E1)]),
        st.sampled_from([ALIYA, BORIS]),
        st.sampled_from(["in", "out"]),
        st.sampled_from(["passed", "no_passage", None]),
    ),
    max_size=MOVES_MAX,  # what may be pushed out depends on the order; see the next test
)


def story(drawn: list[Any]) -> dict[tuple[str, str], list[bytes]]:
    """Return the records of each epoch, in order; each movement a minute after the one before it, wherever it was."""
    streams: dict[tuple[str, str], list[bytes]] = {}
    for number, (stream, ref, direction, outcome) in enumerate(drawn):
        records = streams.setdefault(stream, [])
        at_ms = number * 2 * MINUTE_MS
        records.append(msgspec.json.encode(entry(ref, at_ms, direction)))
        if outcome is not None:
            records.append(msgspec.json.encode(passage(len(records), outcome, at_ms + 1_000)))
    return streams


@given(moves, st.integers(0, 2**32))
def test_order_of_arrival_and_repetition_do_not_matter(drawn: list[Any], seed: int) -> None:
    streams, rng = story(drawn), Random(seed)
    straight, mixed = View(ME), View(ME)
    for (device, epoch), records in streams.items():
        for seq, record in enumerate(records, start=1):
            straight.observe(device, epoch, seq, record)

    done = dict.fromkeys(streams, 0)
    while any(done[stream] < len(records) for stream, records in streams.items()):
        stream = rng.choice(sorted(s for s, records in streams.items() if done[s] < len(records)))
        seq = done[stream] + 1
        mixed.observe(*stream, seq, streams[stream][seq - 1])
        done[stream] = seq if rng.random() < 0.8 else rng.randrange(seq + 1)  # now and then all over again

    for ref in (ALIYA, BORIS):
        assert mixed.whereabouts(ref) == straight.whereabouts(ref)


def test_a_day_of_coming_and_going_is_remembered_by_its_end() -> None:
    view = View(ME)
    for number in range(50):
        told(view, ME, E1, entry(after_ms=number * HOUR_MS, direction="out" if number % 2 else "in"), first=number + 1)

    assert found(view).since_ms == MONDAY_8_MS + 49 * HOUR_MS
    assert not found(view).is_inside


def test_who_was_inside_at_an_instant_is_told_by_what_was_before_it_or_by_who_left_after_it() -> None:
    view = told(
        View(ME), ME, E1,
        entry(ALIYA), entry(ALIYA, 60_000, "out"), entry(BORIS, 90_000), entry("guard0000000", 90_000, "out"),
    )  # fmt: skip
    view.presume("main", "in", "nina00000000", at(20_000))

    at_ms = at(30_000).wall_ms
    assert view.was_inside(ALIYA, at_ms) == at(0).wall_ms
    assert view.was_inside(ALIYA, at(70_000).wall_ms) is None
    assert view.was_inside(BORIS, at_ms) is None
    assert view.was_inside("guard0000000", at_ms) == 0  # since before anything that is known
    assert view.was_inside("nina00000000", at_ms) == at(20_000).wall_ms
    assert view.was_inside("nobody000000", at_ms) is None
    assert view.traces() == [ALIYA, BORIS, "guard0000000", "nina00000000"]
