"""Two workers where one was meant: one does what is done once for all, the other says so and stands by."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cloud.cli.esik import START_S, Running, called, running
from tests.servers.postgres import Postgres
from tests.servers.process import free_port
from tests.waiting import until

WORKS, STANDS_BY = "scheduler.works", "scheduler.stands_by"
NAME = "two_schedulers"
TOLD = "SELECT detail FROM trouble WHERE kind = 'two_schedulers' AND ended_at IS NULL"


@dataclass(frozen=True, slots=True)
class Site:
    """A database of the server edition, and the settings of the workers that serve it."""

    postgres: Postgres
    settings: dict[str, object]

    def ask(self, statement: str) -> str:
        return self.postgres.sql(statement, NAME)


@pytest.fixture(name="site")
def _site(postgres_server: Postgres, tmp_path: Path) -> Iterator[Site]:
    settings = {
        "edition": "server", "data": tmp_path / "data", "database_url": postgres_server.create(NAME),
        "mqtt_url": f"mqtt://127.0.0.1:{free_port()}", "workers": 1, "server_name": "alpha",
    }  # fmt: skip
    done = called("migrate", **settings)
    assert done.returncode == 0, done.stderr
    yield Site(postgres_server, settings)
    postgres_server.drop(NAME)


def says(worker: Running, word: str) -> bool:
    assert worker.process.poll() is None, worker.text()
    return word in worker.text()


def test_of_two_workers_one_works_the_other_says_so_and_takes_over_when_the_first_is_killed(
    site: Site, tmp_path: Path
) -> None:
    with running(tmp_path / "first", "--part", "worker", settings=site.settings) as first:
        until(lambda: says(first, WORKS), START_S, "the first worker to have the turn")
        with running(tmp_path / "second", "--part", "worker", settings=site.settings) as second:
            until(lambda: says(second, STANDS_BY), START_S, "the second to stand by")
            until(lambda: site.ask(TOLD), START_S, "the operator's page to tell of two")
            seen = site.ask("SELECT count(*), count(*) FILTER (WHERE has_turn) FROM service_process")
            told, texts = site.ask(TOLD), (first.text(), second.text())

            first.end(signal.SIGKILL)

            until(lambda: says(second, WORKS), START_S, "the second to have the turn")

    assert seen == "2|1"
    assert "alpha" in told
    assert [STANDS_BY in each for each in texts] == [False, True]
    assert WORKS not in texts[1]
