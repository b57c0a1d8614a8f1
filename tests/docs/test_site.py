"""The documentation site: built without a warning, whole, and nothing of it comes from elsewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.docs.built import Found, leads_nowhere, read
from tests.repo.site import CONFIGURATION, build_into
from tests.repo.sources import ROOT, tracked
from tests.servers.axe import violations
from tests.servers.chromium import chromium

pytestmark = pytest.mark.xdist_group("docs")

LISTED = re.compile(r"^\s+- ([\w/-]+\.md)$", re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"url\(|@import|https?:")
RAW = re.compile(r"\| ?-{3,} ?\||^#{1,4} |\]\(\w", re.MULTILINE)  # Markdown that was not understood as such


@pytest.fixture(scope="module", name="site")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site; a warning ends it."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    build_into(folder)
    return folder


@pytest.fixture(scope="module", name="pages")
def _pages(site: Path) -> dict[Path, Found]:
    return read(site)


def documents() -> Iterator[str]:
    """Yield every Markdown file that becomes a page, as the site names it."""
    for path in tracked():
        if path.startswith("docs/") and path.endswith(".md"):
            yield path.removeprefix("docs/")


def test_every_document_is_a_page_and_all_but_decisions_are_in_the_navigation(site: Path) -> None:
    listed = set(LISTED.findall(CONFIGURATION.read_text()))
    decisions = {path for path in documents() if re.fullmatch(r"adr/0.*", path)}
    named = set(re.findall(r"\]\((0[^)]*\.md)\)", (ROOT / "docs/adr/README.md").read_text()))

    assert listed == set(documents()) - decisions
    assert {path.removeprefix("adr/") for path in decisions} == named, "docs/adr/README.md lists them all"
    made = {path: site / path.replace("README", "index").replace(".md", ".html") for path in documents()}
    assert [path for path, page in made.items() if not page.is_file()] == []


def test_every_link_and_anchor_within_the_site_leads_somewhere(pages: dict[Path, Found]) -> None:
    links = [(page, link) for page, found in pages.items() for link in found.links]

    assert [wrong for page, link in links if (wrong := leads_nowhere(pages, page, link))] == []
    assert len(links) > 5_000


def test_every_file_that_a_page_loads_is_in_the_site_and_none_comes_from_elsewhere(
    site: Path, pages: dict[Path, Found]
) -> None:
    loads = {(page, load) for page, found in pages.items() for load in found.loads}

    assert [load for page, load in loads if not (page.parent / load).is_file()] == []
    assert ADDRESS.findall((site / "site.css").read_text()) == []
    assert "http" not in (site / "site.js").read_text()


def test_every_picture_that_a_page_names_exists_and_every_picture_is_shown() -> None:
    shown = {
        (ROOT / "docs" / document).parent.joinpath(link).resolve()
        for document in documents()
        for link in PICTURE.findall((ROOT / "docs" / document).read_text())
    }

    assert [path for path in shown if not path.is_file()] == []
    assert {path.resolve() for path in (ROOT / "docs/pictures").iterdir()} - shown == set()


def test_no_markdown_is_left_as_it_was_typed(pages: dict[Path, Found]) -> None:
    left = {page.name: RAW.findall("".join(found.text)) for page, found in pages.items()}

    assert {name: found for name, found in left.items() if found} == {}


def test_guides_say_their_language_and_what_is_often_asked(site: Path, pages: dict[Path, Found]) -> None:
    for language, asked in (("kk", "Бала картасын жоғалтып алды"), ("ru", "Ребёнок потерял карту"), ("en", "lost the")):
        page = pages[(site / f"guides/{language}/parent.html").resolve()]

        assert page.language == language
        assert asked in "".join(page.text)


async def test_words_are_found_without_a_server_and_nothing_is_asked_of_anybody(site: Path) -> None:
    asked: list[str] = []
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 390, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        await page.goto((site / "guides/kk/parent.html").as_uri())
        await page.get_by_role("searchbox").fill("disk_full")
        await page.locator("#found a").filter(has_text="disk_full").first.click()
        await expect(page.get_by_role("heading", name="disk_full")).to_be_in_viewport()
        await page.get_by_role("searchbox").fill("картасын ұмыт")
        await expect(page.locator("#found a").first).to_contain_text("Бала картасын ұмытып кетті")
        await page.keyboard.press("Escape")
        await expect(page.locator("#found")).to_be_hidden()
        width = await page.evaluate("document.documentElement.scrollWidth")
        found = await violations(page, {})

    assert {url.partition(":")[0] for url in asked} == {"file"}
    assert width <= 390
    assert found == []


def test_the_words_of_the_search_are_those_of_the_pages(site: Path) -> None:
    words = json.loads((site / "words.js").read_text().removeprefix("window.esikWords=").rstrip(";\n"))

    assert {each["language"] for each in words} == {"kk", "ru", "en"}
    assert any(each["address"] == "runbooks.html#disk_full" for each in words)
