"""Documents that cannot go stale: every link leads somewhere, and every file that is named exists."""

import re

import pytest

from tests.repo.sources import ROOT, tracked

DOCUMENTS = [path for path in tracked() if path.endswith(".md")]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`((?:[a-z_]+/)+[A-Za-z_0-9.]*)`")
TOP = {"cloud", "edge_agent", "schemas", "simulators", "firmware", "hardware", "tests", "docs", "deploy", "esik"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    links = [link for link in LINK.findall((ROOT / document).read_text()) if "://" not in link]

    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if path.startswith("docs/")])
def test_every_file_that_is_named_exists(document: str) -> None:
    named = {name for name in NAMED.findall((ROOT / document).read_text()) if name.split("/")[0] in TOP}

    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_walk_of_a_tap_passes_every_hop() -> None:
    walk = (ROOT / "docs/tap.md").read_text()
    hops = ["edge_agent/readers/", "edge_agent/pipeline.py", "edge_agent/decision.py", "edge_agent/journal/",
            "edge_agent/sync/", "cloud/ingest/", "cloud/attendance/", "cloud/guardian/"]  # fmt: skip
    places = [walk.find(f"`{hop}") for hop in hops]

    assert -1 not in places, f"not named: {[hop for hop, place in zip(hops, places, strict=True) if place < 0]}"
    assert places == sorted(places), "docs/tap.md walks the line in another order than a tap does"


def test_the_readme_names_both_commands() -> None:
    readme = (ROOT / "README.md").read_text()

    assert "make demo" in readme
    assert "make test" in readme


def test_the_readme_leads_to_every_page() -> None:
    linked = set(LINK.findall((ROOT / "README.md").read_text()))
    pages = {path for path in DOCUMENTS if re.fullmatch(r"docs/[^/]*\.md", path)}

    assert pages - linked == set()


@pytest.mark.parametrize("page", ["docs/till.md", "docs/security.md", "docs/controls.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / page).read_text()))
    texts = [(ROOT / path).read_text() for path in tracked() if path.startswith("tests/") and path.endswith(".py")]
    there = {name for text in texts for name in re.findall(r"def (test_\w+)\(", text)}

    assert named
    assert named - there == set()
