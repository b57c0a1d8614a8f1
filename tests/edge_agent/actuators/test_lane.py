"""One lane: one grant at a time, ended by what the contacts say, or by time."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.actuators.actuator import Direction, FireChanged, PassageOutcome, Passed
from edge_agent.actuators.lane import WAITING_MAX, Effect, Lane, Relay, Timing

TIMING = Timing(pulse_ms=200, passage_ms=5_000, still_ms=30, red_ms=800)
DIRECTIONS: list[Direction] = ["in", "out"]


class Bench:
    """A lane on a clock of its own; `told` and `relays` are what came out."""

    def __init__(self, lane: Lane | None = None) -> None:
        self.lane = lane or Lane(TIMING)
        self.now_ms = 0
        self.told: list[Passed | FireChanged] = []
        self.relays: list[Relay] = []

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Relay):
                self.relays.append(effect)
            else:
                self.told.append(effect)

    def wait(self, for_ms: int) -> None:
        end_ms = self.now_ms + for_ms
        while (wake_ms := self.lane.wake_at_ms) is not None and wake_ms <= end_ms:
            self.now_ms = max(self.now_ms, wake_ms)
            self.take(self.lane.tick(self.now_ms))
        self.now_ms = end_ms

    def open(self, direction: Direction, number: int) -> None:
        self.take(self.lane.open(direction, number, self.now_ms))

    def pass_through(self, direction: Direction, closed_ms: int = 150) -> None:
        self.take(self.lane.contact(direction, self.now_ms, is_closed=True))
        self.wait(closed_ms)
        self.take(self.lane.contact(direction, self.now_ms, is_closed=False))
        self.wait(100)

    @property
    def outcomes(self) -> list[tuple[PassageOutcome, str, int | None]]:
        return [(told.outcome, told.direction, told.grant) for told in self.told if isinstance(told, Passed)]


def test_a_grant_pulses_its_relay_and_ends_with_the_passage() -> None:
    bench = Bench()

    bench.open("in", 1)
    bench.wait(900)
    bench.pass_through("in")
    bench.wait(10_000)

    assert bench.relays == [Relay("in", is_on=True), Relay("in", is_on=False)]
    assert bench.outcomes == [(PassageOutcome.PASSED, "in", 1)]


def test_a_pulse_is_as_long_as_it_should_be() -> None:
    bench = Bench()

    bench.open("out", 1)
    bench.wait(199)
    assert bench.relays == [Relay("out", is_on=True)]

    bench.wait(1)
    assert bench.relays[-1] == Relay("out", is_on=False)


def test_nobody_comes_and_the_grant_ends_by_itself() -> None:
    bench = Bench()

    bench.open("in", 7)
    bench.wait(4_999)
    assert bench.told == []

    bench.wait(1)
    assert bench.outcomes == [(PassageOutcome.NO_PASSAGE, "in", 7)]


def test_somebody_goes_the_other_way_through_a_grant() -> None:
    bench = Bench()

    bench.open("in", 7)
    bench.pass_through("out")
    bench.wait(10_000)

    assert bench.outcomes == [(PassageOutcome.WRONG_DIRECTION, "out", 7)]


def test_a_passage_that_nobody_was_let_through_for_is_forced() -> None:
    bench = Bench()

    bench.pass_through("in")

    assert bench.outcomes == [(PassageOutcome.FORCED, "in", None)]


def test_a_second_grant_waits_for_the_first_to_end() -> None:
    bench = Bench()

    bench.open("in", 1)
    bench.wait(300)
    bench.open("in", 2)
    bench.wait(300)
    assert bench.relays == [Relay("in", is_on=True), Relay("in", is_on=False)]
    bench.pass_through("in")
    assert bench.relays[2] == Relay("in", is_on=True)
    bench.pass_through("in")

    assert bench.outcomes == [(PassageOutcome.PASSED, "in", 1), (PassageOutcome.PASSED, "in", 2)]


def test_more_grants_than_may_wait_are_told_as_nobodys_passage() -> None:
    bench = Bench()

    for number in range(WAITING_MAX + 3):
        bench.open("in", number)

    assert bench.outcomes == [(PassageOutcome.NO_PASSAGE, "in", n) for n in (WAITING_MAX + 1, WAITING_MAX + 2)]


def test_a_contact_that_chatters_is_one_passage() -> None:
    bench = Bench()

    bench.open("in", 1)
    for _ in range(5):
        bench.take(bench.lane.contact("in", bench.now_ms, is_closed=True))
        bench.wait(4)
        bench.take(bench.lane.contact("in", bench.now_ms, is_closed=False))
        bench.wait(4)
    bench.pass_through("in")
    bench.wait(10_000)

    assert bench.outcomes == [(PassageOutcome.PASSED, "in", 1)]


def test_a_spike_is_no_passage() -> None:
    bench = Bench()

    bench.pass_through("in", closed_ms=29)

    assert bench.told == []


def test_without_a_sensor_nothing_is_told_and_the_next_opens_soon() -> None:
    bench = Bench(Lane(TIMING, has_sensor=False))

    bench.open("in", 1)
    bench.open("in", 2)
    bench.pass_through("in")
    bench.wait(1_000)

    assert bench.relays.count(Relay("in", is_on=True)) == 2
    assert bench.told == []


def test_the_red_light_goes_out_again() -> None:
    bench = Bench()

    bench.take(bench.lane.deny(0))
    bench.wait(800)

    assert bench.relays == [Relay(None, is_on=True), Relay(None, is_on=False)]


def test_a_fire_contact_counts_when_it_lasts_and_frees_the_other_way() -> None:
    bench = Bench()

    bench.take(bench.lane.fire(0, is_burning=True))
    bench.wait(299)
    assert bench.told == []
    bench.wait(1)
    bench.open("in", 1)
    bench.pass_through("out")
    bench.take(bench.lane.fire(bench.now_ms, is_burning=False))
    bench.wait(300)

    assert [told.burning for told in bench.told if isinstance(told, FireChanged)] == [True, False]
    assert bench.outcomes == [(PassageOutcome.FORCED, "out", None)]


steps = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(DIRECTIONS)),
    st.tuples(st.just("go"), st.sampled_from(DIRECTIONS)),
    st.tuples(st.just("wait"), st.integers(1, 7_000)),
    st.tuples(st.just("spike"), st.sampled_from(DIRECTIONS)),
)


@given(st.lists(steps, max_size=40))
def test_every_grant_ends_exactly_once_whatever_happens(story: list[tuple[str, Direction | int]]) -> None:
    bench, granted = Bench(), 0
    for step, value in story:
        if isinstance(value, int):
            bench.wait(value)
        elif step == "open":
            granted += 1
            bench.open(value, granted)
        else:
            bench.pass_through(value, closed_ms=150 if step == "go" else 10)
    bench.wait(100_000)

    ended = [grant for _, _, grant in bench.outcomes if grant is not None]
    assert sorted(ended) == list(range(1, granted + 1))
    assert bench.relays.count(Relay("in", is_on=False)) > 0 or Relay("in", is_on=True) not in bench.relays
    assert bench.lane.wake_at_ms is None
