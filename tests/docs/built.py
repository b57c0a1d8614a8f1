"""The built site as a reader's browser takes it: pages, their links, anchors and pictures."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from typing_extensions import override

LOADING = {
    "script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "audio": "src", "video": "src",
}  # fmt: skip


@dataclass(slots=True)
class Found:
    """What a page links to, what it loads, and which anchors it has."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    language: str = ""
    text: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Found()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href"):
            self.found.links.append(given["href"])
        if tag in LOADING and given.get(LOADING[tag]):
            self.found.loads.append(given[LOADING[tag]])
        if tag == "html":
            self.found.language = given.get("lang", "")
        if "id" in given:
            self.found.anchors.add(given["id"])

    @override
    def handle_data(self, data: str) -> None:
        self.found.text.append(data)


def read(folder: Path) -> dict[Path, Found]:
    """Return every page of a site by its file."""
    pages = {}
    for path in sorted(folder.rglob("*.html")):
        reader = _Reader()
        reader.feed(path.read_text(encoding="utf-8"))
        pages[path.resolve()] = reader.found
    return pages


def leads_nowhere(pages: dict[Path, Found], page: Path, link: str) -> str | None:
    """Return what is wrong with a link within the site; None where it leads somewhere, or elsewhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    there = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not there.is_file():
        return f"{page.name}: {link}: no such file"
    if parts.fragment and unquote(parts.fragment) not in pages[there].anchors:
        return f"{page.name}: {link}: no such anchor"
    return None
