"""What the documentation site is given besides its pages: files that pages link to, what is often asked, the search.

ProperDocs calls the functions that begin with `on_`, by their names.
"""

import html
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from properdocs.config.defaults import ProperDocsConfig
from properdocs.structure.files import File, Files
from properdocs.structure.pages import Page

from cloud.core.i18n import Language
from cloud.support.faq import Audience, entries
from tests.repo.sources import ROOT

LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
TEST = re.compile(r"(?<!\[)`(tests/[\w/]+\.py)::(\w+)`")
ASKED = re.compile(r"^<!-- often asked: (\w+) -->$", re.MULTILINE)
HEADING = re.compile(r'<h([123]) id="([^"]*)">(.*?)</h\1>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
GAP = re.compile(r"[^\w]+")
FRAME = {
    "kk": {"search": "Іздеу", "none": "Ештеңе табылмады", "pages": "Беттер", "parts": "Осы бетте",
           "skip": "Мәтінге өту"},
    "ru": {"search": "Поиск", "none": "Ничего не найдено", "pages": "Страницы", "parts": "На этой странице",
           "skip": "К тексту"},
    "en": {"search": "Search", "none": "Nothing found", "pages": "Pages", "parts": "On this page",
           "skip": "Skip to the text"},
}  # fmt: skip
OFTEN = {"kk": "Жиі қойылатын сұрақтар", "ru": "Частые вопросы", "en": "Often asked"}
_words: list[dict[str, str]] = []


def on_pre_build(config: ProperDocsConfig) -> None:
    """Begin with no words."""
    _words.clear()


def on_files(files: Files, config: ProperDocsConfig) -> Files:
    """Add, as plain text, each file outside docs that a page links to, and each test that one names."""
    wanted = {
        path
        for file in list(files.documentation_pages())
        for path in _outside(file.src_uri, file.content_string)
        if (ROOT / path).is_file()
    }
    for path in sorted(wanted):
        files.append(File.generated(config, _copied(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: ProperDocsConfig, files: Files) -> str:
    """Lead links to where their files stand in the site, and say what is often asked."""
    here = page.file.src_uri

    def led(found: re.Match[str]) -> str:
        words, link, anchor = found[1], found[2], found[3] or ""
        path = _path(here, link)
        if path.startswith("docs/"):
            return found[0]
        return f"[{words}]({_from(here, _copied(path))})" if (ROOT / path).is_file() else f"{words}{anchor}"

    def tested(found: re.Match[str]) -> str:
        return f"[{found[0]}]({_from(here, _copied(found[1]))})" if (ROOT / found[1]).is_file() else found[0]

    def often(found: re.Match[str]) -> str:
        return "\n".join(_often(Audience(found[1]), Language(language_of(page))))

    return ASKED.sub(often, TEST.sub(tested, LINK.sub(led, markdown)))


def on_page_content(content: str, page: Page, config: ProperDocsConfig, files: Files) -> str:
    """Take the words of each part of the page for the search, and let wide tables scroll by themselves."""
    _words.extend(_parts(content, page))
    return content.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")


def on_page_context(context: Any, page: Page, config: ProperDocsConfig, nav: Any) -> Any:
    """Give the template the language of the page, and the words around it."""
    language = language_of(page)
    return {**context, "language": language, "words": FRAME[language]}


def on_post_build(config: ProperDocsConfig) -> None:
    """Write what the search looks in."""
    told = json.dumps(_words, ensure_ascii=False, separators=(",", ":"))
    Path(config.site_dir, "words.js").write_text(f"window.esikWords={told};\n", encoding="utf-8")


def language_of(page: Page) -> str:
    """Return the language that a page is written in."""
    folder, _, rest = page.file.src_uri.partition("/")
    return rest.partition("/")[0] if folder == "guides" else "en"


def _outside(here: str, text: str) -> Iterator[str]:
    yield from (path for found in LINK.finditer(text) if not (path := _path(here, found[2])).startswith("docs/"))
    yield from (found[1] for found in TEST.finditer(text))


def _path(here: str, link: str) -> str:
    """Return the path from the root of what a page links to."""
    return posixpath.normpath(posixpath.join("docs", posixpath.dirname(here), link))


def _copied(path: str) -> str:
    return f"sources/{path}.txt"


def _from(here: str, there: str) -> str:
    return posixpath.relpath(there, posixpath.dirname(here) or ".")


def _often(audience: Audience, language: Language) -> Iterator[str]:
    yield from (f"## {OFTEN[language.value]}", "")
    for entry in entries():
        if entry.audience is audience:
            question, answer = entry.told(language)
            yield from (f"### {question}", "", answer, "")


def _parts(text: str, page: Page) -> Iterator[dict[str, str]]:
    """Yield each part of a page: its address, its title, the page's, and its words."""
    pieces = HEADING.split(text)
    for _level, anchor, title, body in zip(*(pieces[number::4] for number in range(1, 5)), strict=True):
        said = _plain(title)
        yield {
            "address": f"{page.file.url}#{anchor}", "title": said, "page": str(page.title),
            "language": language_of(page), "heading": _lowered(said), "text": _lowered(_plain(body)),
        }  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(html.unescape(TAG.sub(" ", text)).split())


def _lowered(text: str) -> str:
    return GAP.sub(" ", text.lower()).strip()
