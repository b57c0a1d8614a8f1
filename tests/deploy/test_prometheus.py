"""Prometheus' own tool accepts what web and worker tell; alert rules do as they say; the dashboard names what is."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from cloud.app import create_app
from cloud.core.services import Services
from cloud.figures import Fleet, WorkerFigures
from cloud.monitoring.measuring import Reading
from tests.cloud.monitoring.factory import QUIET
from tests.servers.process import program

ROOT = Path(__file__).resolve().parents[2]
RULES, BOARD = ROOT / "deploy/server/esik.rules.yml", ROOT / "deploy/server/grafana-esik.json"
NAME = re.compile(r"\besik_[a-z_]+")
FLEET = Fleet(
    devices={"online": 3}, alarms={"severe": 1}, commands={"waiting": 1}, behind={"attendance": 2},
    troubles={"disk_full": 1},
)  # fmt: skip


def promtool(*words: str, given: bytes = b"") -> str:
    """Return what promtool says; fail with it when it refuses."""
    done = subprocess.run(
        [str(program("promtool", "prometheus")), *words], input=given, capture_output=True, check=False, timeout=60
    )
    told = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, told
    return told


def of_worker(services: Services) -> bytes:
    """Return what a worker tells."""
    now = services.clock.now()
    reading = Reading("alpha", now, QUIET, 10, 20, 0, 0.0)
    figures = WorkerFigures(lambda: range(64), lambda: None, lambda: True, lambda: reading)
    figures.fleet = FLEET
    registry = CollectorRegistry()
    registry.register(figures)
    told: bytes = generate_latest(registry)
    return told


async def of_web(services: Services) -> bytes:
    """Return what the pages tell after a request."""
    transport = httpx2.ASGITransport(create_app(services))
    async with httpx2.AsyncClient(transport=transport, base_url="https://esik.test") as http:
        await http.get("/health")
        return (await http.get("/metrics")).content


def names_in(text: str) -> set[str]:
    return set(NAME.findall(text))


def expressions() -> Iterator[str]:
    """Yield what the dashboard asks."""
    for panel in json.loads(BOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


@pytest.mark.requirement("KZ456-5.18")
async def test_promtool_accepts_the_figures_of_web_and_worker(services: Services) -> None:
    for told in (of_worker(services), await of_web(services)):
        assert promtool("check", "metrics", given=told).strip() == ""


def test_alert_rules_are_right_and_fire_when_they_should() -> None:
    assert "SUCCESS" in promtool("check", "rules", str(RULES))
    assert "SUCCESS" in promtool("test", "rules", str(Path(__file__).parent / "esik.rules.test.yml"))


async def test_every_figure_that_dashboard_and_rules_name_is_told(services: Services) -> None:
    told = names_in((of_worker(services) + await of_web(services)).decode())
    asked = names_in(" ".join(expressions())) | names_in(RULES.read_text())

    assert asked - told == set()
    assert len(asked) > 15
