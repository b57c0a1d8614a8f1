"""Which channels a notice goes by, and when: as a table, without a database."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.notifications.channels.rules import (
    PAUSES_S,
    Choice,
    Planned,
    Quiet,
    Scope,
    State,
    Wanted,
    Why,
    pause_s,
    planned,
)

ALMATY = ZoneInfo("Asia/Almaty")  # five hours before UTC
NOW = datetime(2026, 9, 1, 2, 55, tzinfo=UTC)  # 07:55 at the school
NIGHT = Quiet(22 * 60, 7 * 60)
LASTS = {"webpush": timedelta(hours=2), "sms": timedelta(hours=2), "email": timedelta(days=1)}
BY_PUSH = {"webpush": [1]}


def plan(
    scope: Scope | None = None, addresses: dict[str, list[int]] | None = None, *, kind: str = "topup",
    may_push: bool = True, now: datetime = NOW,
) -> list[Planned]:  # fmt: skip
    """Return the deliveries of a notice."""
    wanted = Wanted(7, 3, kind, may_push, scope or Scope(), addresses or BY_PUSH, ALMATY)
    return planned(wanted, LASTS, now)


def test_a_notice_goes_at_once_by_every_channel_that_is_connected_and_costs_nothing() -> None:
    made = plan(addresses={"webpush": [1, 2], "email": [3], "sms": [4]})

    assert [(each.channel, each.address_id, each.state) for each in made] == [
        ("email", 3, State.QUEUED), ("webpush", 1, State.QUEUED), ("webpush", 2, State.QUEUED)
    ]  # fmt: skip
    assert {each.next_at for each in made} == {NOW}
    assert {each.channel: each.expires_at - NOW for each in made} == {
        "email": timedelta(days=1), "webpush": timedelta(hours=2)
    }  # fmt: skip


def test_a_kind_goes_by_what_was_chosen_for_it_and_others_as_ever() -> None:
    scope = Scope(choices={"topup": Choice(frozenset({"sms"}), is_urgent=False)})
    addresses = {"webpush": [1], "sms": [4]}

    assert [each.channel for each in plan(scope, addresses)] == ["sms"]
    assert [each.channel for each in plan(scope, addresses, kind="meal_taken")] == ["webpush"]


def test_a_kind_for_which_nothing_was_chosen_goes_nowhere_also_when_others_fall_back() -> None:
    scope = Scope(steps=("sms",), choices={"topup": Choice(frozenset(), is_urgent=True)})

    assert plan(scope, {"webpush": [1], "sms": [4]}) == []


def test_what_is_late_is_sent_to_nobody_and_says_why() -> None:
    made = plan(Scope(steps=("sms",)), {"webpush": [1], "sms": [4]}, may_push=False)

    assert [(each.channel, each.state, each.why, each.next_at) for each in made] == [
        ("webpush", State.SKIPPED, Why.LATE, None)
    ]


def test_the_next_way_waits_for_its_time_and_the_one_after_it_twice_as_long() -> None:
    made = plan(Scope(steps=("sms", "email"), after_s=60, choices={"topup": Choice(frozenset({"webpush"}), True)}),
                {"webpush": [1], "sms": [4], "email": [5]})  # fmt: skip

    assert [(each.channel, each.step, each.next_at) for each in made] == [
        ("webpush", 0, NOW), ("sms", 1, NOW + timedelta(seconds=60)), ("email", 2, NOW + timedelta(seconds=120))
    ]  # fmt: skip


def test_the_next_way_is_taken_at_once_where_there_is_none_before_it() -> None:
    (only,) = plan(Scope(steps=("sms",), after_s=900), {"sms": [4]})

    assert (only.channel, only.next_at) == ("sms", NOW)


def test_what_comes_in_quiet_hours_waits_for_their_end_unless_it_is_urgent() -> None:
    night = datetime(2026, 9, 1, 18, 30, tzinfo=UTC)  # 23:30
    ends = datetime(2026, 9, 2, 2, 0, tzinfo=UTC)

    (held,) = plan(Scope(quiet=NIGHT), now=night)
    (urgent,) = plan(Scope(quiet=NIGHT), kind="absent", now=night)
    (by_day,) = plan(Scope(quiet=NIGHT))

    assert (held.state, held.next_at, held.held_until, held.expires_at) == (
        State.HELD, ends, ends, ends + timedelta(hours=2)
    )  # fmt: skip
    assert (urgent.state, urgent.next_at) == (State.QUEUED, night)
    assert (by_day.state, by_day.held_until) == (State.QUEUED, None)


@pytest.mark.parametrize(
    ("hour_utc", "ends_utc"),
    [
        (16, None),  # 21:00
        (17, datetime(2026, 9, 2, 2, 0, tzinfo=UTC)),  # 22:00
        (19, datetime(2026, 9, 2, 2, 0, tzinfo=UTC)),  # midnight
        (1, datetime(2026, 9, 1, 2, 0, tzinfo=UTC)),  # 06:00
        (2, None),  # 07:00
    ],
)
def test_quiet_hours_go_over_midnight(hour_utc: int, ends_utc: datetime | None) -> None:
    assert NIGHT.end(datetime(2026, 9, 1, hour_utc, tzinfo=UTC), ALMATY) == ends_utc


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 60 * 24 * 366))
def test_quiet_hours_end_within_a_day_at_their_minute_and_after_them_it_is_not_quiet(
    since: int, until: int, minute: int
) -> None:
    quiet, now = Quiet(since, until), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)

    end = quiet.end(now, ALMATY)

    if end is not None:
        local = end.astimezone(ALMATY)
        assert timedelta() < end - now <= timedelta(days=1)
        assert local.hour * 60 + local.minute == until
        assert quiet.end(end, ALMATY) is None


def test_pauses_grow_are_scattered_and_a_carriers_own_word_is_kept_to() -> None:
    rng = Random(1)

    several = {round(pause_s(1, None, rng), 3) for _ in range(20)}

    assert len(several) > 10
    assert all(0.5 * PAUSES_S[0] <= each <= 1.5 * PAUSES_S[0] for each in several)
    assert pause_s(99, None, rng) >= 0.5 * PAUSES_S[-1]
    assert 120 <= pause_s(1, 120, rng) <= 132
