"""Pages: templates of every slice in three languages, and what all of them are given.

Rule: a template sees a language's own environment, so that macros and blocks need not be told the language.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, cast
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cloud.core import words
from cloud.core.actor import Actor
from cloud.core.assets import Assets
from cloud.core.formats import Formats
from cloud.core.i18n import Language, as_language, choose, translate, translations
from cloud.core.messages import Message, with_one_stop
from cloud.core.navigation import Group, Section, menu_of, sections_of
from cloud.core.services import Services
from cloud.core.windows import Window

CLOUD = Path(__file__).resolve().parent.parent
DEFAULT_ZONE = ZoneInfo("Asia/Almaty")
PLAIN_MAX = 8_192  # translated texts without values that are kept for each language
LANGUAGE_COOKIE = "esik_language"
THEME_COOKIE = "esik_theme"


class Theme(StrEnum):
    """The look a reader chose; AUTO follows the machine."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request by one reader: language, look, who it is, where, and when."""

    language: Language
    theme: Theme
    path: str
    now: datetime
    actor: Actor | None = None
    zone: ZoneInfo = DEFAULT_ZONE
    school: str = ""  # code of the school the page is about
    school_name: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)  # what waits for the reader, by section of the menu
    window: Window | None = None  # in which the service is worked on, if pages are to say one now
    board: Sequence[Any] = ()  # announcements, on the first page of somebody's day
    reader: str | None = None  # of this session alone, nobody's is empty; None where the page did not ask

    @classmethod
    def of(cls, request: Request, now: datetime, actor: Actor | None = None) -> Self:
        """Read a request's cookies and headers; a language chosen in this browser goes before the account's."""
        cookies = request.cookies
        chosen = as_language(cookies.get(LANGUAGE_COOKIE)) or as_language(actor.language if actor else None)
        theme = cookies.get(THEME_COOKIE, "")
        return cls(
            language=choose(chosen, request.headers.get("accept-language")),
            theme=Theme(theme) if theme in set(Theme) else Theme.AUTO,
            path=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            now=now,
            actor=actor,
        )

    def at_school(self, code: str, name: str, zone: ZoneInfo) -> Self:
        """Return the visit of a page about a school."""
        return replace(self, school=code, school_name=name, zone=zone)

    @property
    def formats(self) -> Formats:
        return Formats(self.language, self.zone)

    @property
    def sections(self) -> list[Section]:
        return sections_of(self.actor, self.school) if self.actor else []

    @property
    def menu(self) -> list[Group]:
        return menu_of(self.sections)


Counting = Callable[[Services, Actor], Awaitable[Mapping[str, int]]]  # tells what waits for somebody, by section
Posting = Callable[[Services, Actor, str], Awaitable[Sequence[Any]]]  # tells what stands on the board for somebody
Announcing = Callable[[Services], Awaitable[Window | None]]  # tells in which window the service is worked on


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders templates; one a process."""

    assets: Assets
    environments: Mapping[Language, Environment] = field(repr=False)

    @classmethod
    def load(cls, assets: Assets) -> Self:
        """Find the templates of every slice."""
        folders = sorted(CLOUD.glob("*/templates"))
        return cls(assets, {language: _environment(language, folders, assets) for language in Language})

    def page(self, visit: Visit, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a whole page."""
        text = self.environments[visit.language].get_template(template).render(_frame(visit, values))
        return HTMLResponse(text, status, {"content-language": visit.language.value, "cache-control": "no-store"})

    def block(self, visit: Visit, template: str, block: str, **values: Any) -> str:
        """Return one block of a page's template, as it stands within the page."""
        found = self.environments[visit.language].get_template(template)
        context = found.new_context(_frame(visit, values))
        return "".join(found.blocks[block](context))


def pages_of(request: Request) -> Pages:
    """Return the application's pages."""
    return cast(Pages, request.app.state.pages)


def _frame(visit: Visit, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"visit": visit, "fmt": visit.formats, "section": "", **values}


def _environment(language: Language, folders: Sequence[Path], assets: Assets) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = translations(language)

    @lru_cache(maxsize=PLAIN_MAX)
    def plain(text: str) -> Markup:
        return Markup(with_one_stop(catalogue.gettext(text), {})).format()  # noqa: S704 (catalogues are ours)

    def gettext(text: str, **values: object) -> Markup:
        if not values:
            return plain(text)  # most are so, and a page has hundreds
        words = with_one_stop(catalogue.gettext(text), values)
        return Markup(words).format(**values)  # noqa: S704 (catalogues are ours; values are escaped)

    def ngettext(one: str, many: str, n: int, **values: object) -> Markup:
        words = with_one_stop(catalogue.ngettext(one, many, n), values)
        return Markup(words).format(n=n, **values)  # noqa: S704 (as above)

    def told(message: Message) -> str:
        return translate(language, message)

    environment.globals.update(
        _=gettext, ngettext=ngettext, told=told, sign=words.sign, asset=assets.address, languages=list(Language)
    )
    environment.filters["capital"] = lambda text: text[:1].upper() + text[1:]  # a day that begins a line
    environment.filters["word"] = lambda code: catalogue.gettext(words.word(code))
    environment.globals["ui"] = environment.get_template("core/components.html").module
    return environment
