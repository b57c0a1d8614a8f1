"""What every test shares: the markers, and the real servers as fixtures."""

import gc
from collections.abc import Generator, Iterator

import pytest
import structlog
from hypothesis import settings

from esik.starting import without_collecting
from tests.scratch import choose_scratch

pytest_plugins = ["tests.servers.fixtures", "tests.cloud.fixtures", "tests.cloud.hashes"]

MARKERS = (
    "requirement(id, part=None): this test exercises a row of tests/requirements.yaml end to end",
    "bench: a measurement, run by make bench",
    "chaos: kills real processes, run by make chaos",
    "soak: hours of simulated worlds and real kills, run by make soak",
    "hardware: needs a real reader, run by hand",
)

NAME_MAX = 100  # characters

# How long an example takes is the machine's business, and a run finds what the run before it found. To look elsewhere
# each time: `make test ARGS=--hypothesis-profile=search`.
settings.register_profile("search", deadline=None)
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")
choose_scratch()  # before anybody asks for a temporary folder


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector what stays for good: all modules, all tests."""
    with without_collecting():
        collected = yield
        gc.collect()  # what nobody holds any more is told of, as ever
    return collected


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name what is long by its beginning: each process of a run sends all names, and each test its own three times."""
    if not isinstance(val, str | bytes) or len(val) <= NAME_MAX:
        return None
    return f"{val[: NAME_MAX // 2]!a}..{len(val)}"


@pytest.fixture(autouse=True)
def _logs_as_usual() -> Iterator[None]:
    """Let the next test hear logs as usual: a program of ours that runs in this process sets them up for itself."""
    yield
    structlog.reset_defaults()
