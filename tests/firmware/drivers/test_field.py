"""What lies in a reader's field becomes taps."""

from hypothesis import given
from hypothesis import strategies as st

from firmware.drivers.field import AWAY_MS_MIN, UNSEEN_MS_MAX, Field

ONE, OTHER = bytes.fromhex("04A1B2C3D4E5F6"), bytes.fromhex("04A1B2C3D4E5F7")
LOOKS = st.lists(st.tuples(st.sampled_from([None, ONE, OTHER]), st.integers(0, 500)), max_size=60)


def test_a_card_that_flickers_at_the_edge_of_the_field_is_one_tap() -> None:
    field = Field()

    looks = [field.look(ONE if at % 3 else None, at * 50) for at in range(1, 40)]

    assert [uid for uid in looks if uid] == [ONE]


def test_a_card_that_was_surely_away_is_a_tap_again() -> None:
    field = Field()

    assert field.look(ONE, 0) == ONE
    assert field.look(None, 50) is None
    assert field.look(None, 50 + AWAY_MS_MIN) is None
    assert field.look(ONE, 60 + AWAY_MS_MIN) == ONE


def test_a_reader_that_did_not_look_for_a_while_has_not_seen_a_card_leave() -> None:
    field = Field()

    assert field.look(ONE, 0) == ONE
    assert field.look(None, 2_000) is None  # its chip was started anew, and missed the card at once
    assert field.look(ONE, 2_050) is None


def test_a_card_that_lies_there_after_a_long_outage_is_a_tap() -> None:
    field = Field()

    assert field.look(ONE, 0) == ONE
    assert field.look(ONE, UNSEEN_MS_MAX) is None
    assert field.look(ONE, 2 * UNSEEN_MS_MAX + 1) == ONE


def test_a_card_of_which_nothing_came_is_a_tap_at_the_next_look() -> None:
    field = Field()

    assert field.look(ONE, 0) == ONE
    field.forget()
    assert field.look(ONE, 50) == ONE


def test_two_cards_with_random_uids_in_a_row_are_one_while_the_field_is_never_empty() -> None:
    field = Field()

    assert field.look(bytes.fromhex("08000001"), 0) is not None
    assert field.look(bytes.fromhex("08000002"), 50) is None
    assert field.look(bytes.fromhex("0800000304A1B2"), 100) is not None  # seven bytes: not random


@given(LOOKS)
def test_a_tap_is_always_of_the_card_that_is_seen_and_never_twice_in_a_row_without_a_pause(
    looks: list[tuple[bytes | None, int]],
) -> None:
    field, now_ms, last, seen_at_ms = Field(), 0, None, 0
    for uid, later_ms in looks:
        now_ms += later_ms
        tap = field.look(uid, now_ms)
        assert tap in {None, uid}
        if tap is not None and tap == last:
            assert now_ms - seen_at_ms >= AWAY_MS_MIN
        if uid is not None:
            last, seen_at_ms = uid, now_ms
