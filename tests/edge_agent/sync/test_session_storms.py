"""The session in any weather: whatever is lost, doubled or out of order, the cloud has each record once, in order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.network import FAIR, Weather
from tests.edge_agent.sync.model import Bench

LIVE = "e" * 16
weathers = st.builds(
    Weather,
    loss=st.floats(0, 0.5),
    duplicate=st.floats(0, 0.5),
    reorder=st.floats(0, 0.5),
    delay_ms_max=st.integers(1, 3_000),
)
steps = st.lists(
    st.tuples(st.sampled_from(["append", "burst", "wait", "drop", "reopen", "cloud", "spoil"]), st.integers(1, 20_000)),
    max_size=25,
)


class Story:
    """A bench to which things happen; remembers what was written where."""

    def __init__(self, seed: int, weather: Weather) -> None:
        self.bench = Bench(seed, weather)
        self.epoch = LIVE
        self.written: dict[str, list[bytes]] = {}
        self.spoilt: set[tuple[str, int]] = set()
        self.reopen()
        self.bench.connect()

    def reopen(self) -> None:
        self.epoch = f"{len(self.written):016x}"
        self.written[self.epoch] = []
        self.bench.journal.open(self.epoch)

    def step(self, what: str, amount: int) -> None:
        match what:
            case "append":
                self.append(1)
            case "burst":
                self.append(amount // 100 + 1)
            case "wait":
                self.bench.run(amount)
            case "drop":
                self.bench.drop()
            case "cloud":
                self.bench.is_cloud_up = not self.bench.is_cloud_up
            case "reopen":
                self.bench.drop()
                self.reopen()
            case _:
                self.spoil(amount)

    def append(self, count: int) -> None:
        written = self.written[self.epoch]
        fresh = [f"{self.epoch}-{len(written) + number}".encode() for number in range(count)]
        written += fresh
        self.bench.append(self.epoch, *fresh)

    def spoil(self, amount: int) -> None:
        held = self.bench.journal.held[self.epoch]
        if held.entries:
            seq = held.tail + amount % len(held.entries)
            self.bench.journal.spoil(self.epoch, seq)
            self.spoilt.add((self.epoch, seq))

    def settle(self) -> None:
        self.bench.network.weather = FAIR
        self.bench.is_cloud_up = True
        for _ in range(40):
            self.bench.run(30_000)
            if self.bench.session.unsent == 0:
                return


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), weather=weathers, story=steps)
def test_after_any_storm_every_record_is_in_the_cloud_once_and_in_order(
    seed: int, weather: Weather, story: list[tuple[str, int]]
) -> None:
    run = Story(seed, weather)

    for what, amount in story:
        run.step(what, amount)
    run.settle()

    cloud = run.bench.cloud
    for epoch, written in run.written.items():
        for seq, record in enumerate(written, start=1):
            assert cloud.records.get((epoch, seq), record) == record
            assert (epoch, seq) in cloud.records or (epoch, seq) in run.spoilt
        assert cloud.mark(epoch)[0] == len(written)
    assert sum(map(len, run.written.values())) >= len(cloud.records)
    assert run.bench.session.unsent == 0
