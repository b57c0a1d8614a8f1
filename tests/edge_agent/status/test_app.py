"""The agent shows how it is: to people in three languages, to Prometheus, and to whoever asks whether it works."""

import json
import shutil
import subprocess
import threading

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from edge_agent.status.app import create_status_app
from edge_agent.status.snapshot import Snapshot, concerns, worst
from edge_agent.status.texts import TEXTS, choose, lasting
from tests.edge_agent.status.snapshots import EVERY, NEW, TILL, TROUBLED, WELL


def client(snapshot: Snapshot) -> TestClient:
    return TestClient(create_status_app(lambda: snapshot), base_url="http://127.0.0.1:8450")


@pytest.mark.parametrize("snapshot", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize("language", TEXTS)
def test_the_page_is_shown_in_every_language_whatever_the_state(snapshot: Snapshot, language: str) -> None:
    answer = client(snapshot).get("/", params={"lang": language})

    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert f"{snapshot.device}: {TEXTS[language][worst(concerns(snapshot))]}" in answer.text  # type: ignore[index]


def test_every_text_stands_in_every_language_and_none_was_left_in_english() -> None:
    assert TEXTS["kk"].keys() == TEXTS["ru"].keys() == TEXTS["en"].keys()
    for key, english in TEXTS["en"].items():
        assert TEXTS["kk"][key] != english, key
        assert TEXTS["ru"][key] != english, key


def test_the_page_names_what_is_wrong_the_worst_first() -> None:
    keys = [concern.key for concern in concerns(TROUBLED)]

    assert keys == [
        "fire", "reader_lost", "journal_unavailable", "hub_impossible", "lock_down", "journal_filling", "records_lost",
        "roster_expired", "offline", "clock_poor", "part_failing",
    ]  # fmt: skip
    text = client(TROUBLED).get("/", params={"lang": "ru"}).text
    assert "Считыватель не отвечает: north-in" in text
    assert "12\N{NARROW NO-BREAK SPACE}345" in text


def test_a_tills_reader_that_is_lost_is_told_as_one_at_a_gate() -> None:
    page = client(TILL).get("/", params={"lang": "en"}).text

    assert client(TILL).get("/health").json()["concerns"] == [
        {"level": "failing", "what": "reader_lost", "about": "till"}
    ]
    assert 'esik_edge_reader_ready{gate="",reader="till"} 0.0' in client(TILL).get("/metrics").text
    assert "a shift is open" in page
    assert "Gates" not in page


@pytest.mark.parametrize("address", ["/", "/metrics", "/health"])
async def test_a_snapshot_is_taken_where_nothing_changes_meanwhile(address: str) -> None:
    taken_in: list[int] = []

    def snapshot() -> Snapshot:
        taken_in.append(threading.get_ident())
        return WELL

    transport = httpx2.ASGITransport(app=create_status_app(snapshot))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8450") as client_in_loop:
        assert (await client_in_loop.get(address)).status_code == 200

    assert set(taken_in) == {threading.get_ident()}


def test_the_browsers_language_is_taken_when_none_is_asked_for() -> None:
    assert choose(None, "de,ru-RU;q=0.9,en;q=0.8") == "ru"
    assert choose("en", "ru") == "en"
    assert choose("xx", "") == "kk"


def test_a_stretch_of_time_is_told_in_one_unit() -> None:
    assert [lasting(seconds, "en") for seconds in (5, 600, 8_000, 200_000)] == ["5 s", "10 min", "2 h", "2 days"]


@pytest.mark.parametrize("snapshot", EVERY.values(), ids=EVERY)
def test_metrics_are_read_by_prometheus_own_parser_without_a_redirect(snapshot: Snapshot) -> None:
    answer = client(snapshot).get("/metrics", follow_redirects=False)

    assert answer.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert all(name.startswith("esik_edge_") for name in families)
    assert families["esik_edge_unsent_records"].samples[0].value == snapshot.link.unsent
    assert families["esik_edge_journal_writable"].samples[0].value == (0 if snapshot.journal.unavailable else 1)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's package prometheus")
def test_promtool_finds_nothing_to_say() -> None:
    metrics = client(WELL).get("/metrics").content

    told = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, check=False, timeout=20)

    assert (told.returncode, told.stderr.decode()) == (0, "")


def test_health_is_503_only_while_something_is_broken() -> None:
    assert client(WELL).get("/health").json()["status"] == "ok"
    assert client(NEW).get("/health").status_code == 503
    told = client(TROUBLED).get("/health")
    assert told.status_code == 503
    assert {"level": "failing", "what": "reader_lost", "about": "north-in"} in told.json()["concerns"]
    assert "names" not in json.dumps(told.json())


def test_a_page_of_somebody_else_cannot_read_it_by_a_name_of_its_own() -> None:
    assert client(WELL).get("/", headers={"host": "evil.example"}).status_code == 400


def test_nothing_is_loaded_from_elsewhere() -> None:
    answer = client(WELL).get("/")

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert client(WELL).get("/static/status.css").status_code == 200
