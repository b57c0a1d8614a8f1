"""The ways of a parent and of the office in three engines, each a browser that was never used and nobody set up."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio

from cloud.accounts.actions import add_account
from cloud.accounts.passwords import hash_password
from cloud.accounts.totp import code_at, step_at
from cloud.core.actor import Actor, Reach, Role
from tests.cloud.accounts.factory import secret_of
from tests.pages import sample
from tests.pages.sample import DAY, NOW
from tests.pages.site import Site
from tests.repo.sources import ROOT
from tests.servers.chromium import fresh_window
from tests.servers.firefox import firefox
from tests.servers.webkit import webkit
from tests.servers.window import ENTER, Window, comes, field, goes, sees, with_words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"
PASSWORD, CHOSEN = "tap-and-go-7", "дождь пирог весло"
# Gecko tells so of a live line that ends, or is only being asked for, when its page is left.
ENDED = ("htmx:sse:error: Error in input stream", "htmx:error: NetworkError when attempting to fetch resource")
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
STATIC, ASSETS = ROOT / "cloud/core/static", ROOT / "build/assets"
SHEETS = "[...document.styleSheets].map(sheet => [sheet.href.split('/').pop().split('?')[0], sheet.cssRules.length])"
NAMES = "[...document.querySelectorAll('tbody th a.quiet')].map(each => each.textContent)"
# Each rule with a body counts, those within others, too: a browser leaves out what it does not understand.
COUNTED = """
(function count(rules) { return [...rules].reduce((sum, each) => sum + 1 + count(each.cssRules ?? []), 0); })
([...document.styleSheets].find(sheet => sheet.href.includes("/esik")).cssRules)
"""
_SIGNS_IN = "UPDATE account SET password_hash = $2, language = '' WHERE name = $1"
_NOT_COME = """
UPDATE presence SET first_in_at = NULL, is_inside = false, updated_at = $3 WHERE person_id = $1 AND "on" = $2
"""
MOTHER = "Айгүл Қожахмет"


class Launch(Protocol):
    """Starts a browser and gives a window of it."""

    def __call__(self, site: Site, folder: Path) -> AbstractAsyncContextManager[Window]: ...


@asynccontextmanager
async def _blink(site: Site, folder: Path) -> AsyncIterator[Window]:
    window = await fresh_window(site.browser)
    yield window
    await window.page.context.close()


ENGINES: Mapping[str, Launch] = {
    "blink": _blink,
    "gecko": lambda _, folder: firefox(folder),
    "webkit": lambda _, folder: webkit(folder),
}
DAYS: Mapping[str, date] = {name: date(2026, 10, 5 + turn) for turn, name in enumerate(ENGINES)}


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=list(ENGINES), name="window")
async def _window(
    request: pytest.FixtureRequest, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Window]:
    """Start a browser for the tests of this module; a mother of the sample can sign in meanwhile."""
    pool = site.services.database.pool
    await pool.execute(_SIGNS_IN, MOTHER, await hash_password(PASSWORD))
    async with ENGINES[request.param](site, tmp_path_factory.mktemp(request.param)) as window:
        yield window
    await pool.execute(_SIGNS_IN, MOTHER, "x")


@pytest.fixture(name="engine")
def _engine(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["window"])


@pytest.mark.requirement("KZ456-5.6")
async def test_a_parent_signs_in_is_told_of_a_tap_looks_around_and_tells_an_absence(
    site: Site, window: Window, engine: str, tmp_path: Path
) -> None:
    await signs_in(site, window, "guardian", PASSWORD)
    await sees(window, "h1", "Today")
    await hears_of_a_tap(site, window)
    await looks_around(site, window)
    await chooses_language_and_look(window)
    await tells_an_absence(site, window, DAYS[engine], tmp_path)

    await signs_out(window)

    assert complaints(window) == []


@pytest.mark.requirement("KZ456-5.6")
async def test_somebody_of_the_office_signs_in_for_the_first_time_sorts_searches_and_opens_a_person(
    site: Site, window: Window, engine: str
) -> None:
    reach = Reach(Role.OFFICE, site.sample.school_id)
    made = await add_account(site.services, Actor.system("test"), f"office-{engine}", "Сандуғаш", reach)
    await signs_in(site, window, made.login, made.password)
    await sets_up(site, window, made.password)
    await window.open(f"{site.address}{SCHOOL}/office")
    await sees(window, "caption", "people")
    for direction, first in (("descending", "Үсенов"), ("ascending", "Әбдіқадыр")):
        await goes(window, "th a", "Surname and name")
        await sees(window, f"th[aria-sort={direction}]", "Surname and name")
        assert (await window.ask(NAMES))[0].startswith(first)

    await window.type(field("Name"), f"Иванова{ENTER}")
    await comes(window, "location.search.includes('search=')", "search")
    await sees(window, "tbody th", "Иванова")
    assert all("Иванова" in each for each in await window.ask(NAMES))
    await goes(window, "tbody th a.quiet", "Иванова")

    await sees(window, "h1", "Иванова")
    await sees(window, "h2", "Cards")
    await signs_out(window)
    assert complaints(window) == []


@pytest.mark.requirement("KZ456-5.6")
async def test_every_script_and_style_sheet_is_understood(site: Site, window: Window, tmp_path: Path) -> None:
    scripts = sorted([*STATIC.glob("*.js"), *ASSETS.glob("*.js")])
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html>")
    await window.open(blank.as_uri())  # a page without our policy, which lets no words become a script
    for each in scripts:
        parsed = (
            f"(() => {{ try {{ new Function({json.dumps(each.read_text())}) }} catch (no) {{ return no.message }} }})()"
        )
        assert await window.ask(parsed) is None, each.name

    await window.open(f"{site.address}/sign-in")

    sheets = dict(await window.ask(SHEETS))
    assert len(sheets) == 2
    assert all(sheets.values())
    bare = re.sub(r"/\*.*?\*/", "", (STATIC / "esik.css").read_text(), flags=re.DOTALL)
    assert await window.ask(COUNTED) == bare.count("{")
    assert await window.ask(f"{json.dumps(declarations(bare))}.filter(each => !CSS.supports(each))") == []


async def signs_in(site: Site, window: Window, login: str, password: str) -> None:
    """Sign in as somebody who was never here, on a page in English."""
    await window.open(f"{site.address}/sign-in")
    await goes(window, "main .choice button", "English")
    await sees(window, "h1", "Sign in")
    await window.type(field("Phone, e-mail or name of the account"), login)
    await window.type(field("Password"), password)
    await goes(window, "main button", "Sign in")


async def sets_up(site: Site, window: Window, password: str) -> None:
    """Choose a password, and set the second step up that who works at a school needs."""
    await sees(window, "h1", "Choose your own password")
    for label, words in (("Password now", password), ("New password", CHOSEN), ("New password again", CHOSEN)):
        await window.type(field(label), words)
    await goes(window, "main button", "Change the password")
    await sees(window, "h1", "Second step")
    await goes(window, "main button", "Begin")
    await window.press(with_words("summary", "The camera does not read it?"))
    secret = secret_of(await window.ask("document.querySelector('details code').innerText"))
    await window.type(field("Code that the app shows"), code_at(secret, step_at(site.clock.now())))
    await goes(window, "main button", "Set up")
    await goes(window, "main a", "I have kept them")
    await sees(window, "h1", "Today")


async def hears_of_a_tap(site: Site, window: Window) -> None:
    """See an arrival on the page that stands open."""
    person_id, ref = site.sample.sibling_id, site.sample.sibling_ref
    child = f"section[aria-labelledby='child-{ref}']"
    await sees(window, child, "Has not arrived")
    await comes(window, "document.querySelector('[data-live-state]').dataset.state === 'live'", "live dot")
    await window.ask("window.isAsItWas = true")
    try:
        await sample.arrive(site.services, person_id, site.sample.school_id, ref, NOW - timedelta(minutes=4))
        await sees(window, child, "Arrived 08:16")
        assert await window.ask("window.isAsItWas"), "it was not loaded anew"
    finally:
        await site.services.database.pool.execute(_NOT_COME, person_id, DAY, NOW)
        await site.services.database.pool.execute("DELETE FROM movement WHERE position = $1", 9_000 - 4 * 60)


async def looks_around(site: Site, window: Window) -> None:
    """Go to a child's page, to its calendar, which is its history, and to the notices."""
    name = await site.services.database.pool.fetchval("SELECT surname FROM person WHERE id = $1", site.sample.child_id)
    await goes(window, f"#child-{site.sample.child_ref} a", name)
    await sees(window, "h1", name)
    await sees(window, "h2", "Canteen")
    await window.open(f"{site.address}/children/{site.sample.child_ref}/calendar")
    await sees(window, "main", "September")
    await goes(window, ".shell-nav a", "Notices")
    await sees(window, "h1", "Notices")
    await sees(window, ".notices li", "")


async def chooses_language_and_look(window: Window) -> None:
    """Choose Kazakh and dark in the menu, and English again."""
    await window.press("document.querySelector('.shell-top > .menu > summary')")
    await goes(window, ".menu-body button", "Қазақша")
    await sees(window, "h1", "Хабарламалар")
    await window.press("document.querySelector('.shell-top > .menu > summary')")
    await goes(window, ".menu-body button", "English")
    await sees(window, "h1", "Notices")
    await window.press("document.querySelector('.shell-top > .menu > summary')")
    await goes(window, ".menu-body button", "Dark")
    await comes(window, "document.documentElement.dataset.bsTheme === 'dark'", "dark page")
    dark = await window.ask("getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)")
    assert max(dark) < 80


async def tells_an_absence(site: Site, window: Window, day: date, folder: Path) -> None:
    """Tell the school of an absence, with a paper, and take it back."""
    paper = folder / "paper.pdf"
    paper.write_bytes(PDF)
    await window.open(f"{site.address}/children/{site.sample.child_ref}/absences")
    for each in ("First day away", "Last day away"):
        await window.ask(f"void Object.assign({field(each)}, {{ value: '{day}' }})")
    await window.press(field("Family matters"))
    await window.type(field("In words, if you like"), f"той {day}")
    await window.attach("document.querySelector('#file-new')", paper)
    await sees(window, "[data-file-name]", "paper.pdf")
    await goes(window, "main button", "Tell the school")
    mine = f"{with_words('article', f'той {day}')}"
    await comes(window, f"{mine}?.innerText.includes('Told, not seen yet')", "absence that is told")
    paper_link = f"[...{mine}.querySelectorAll('a')].find(each => each.textContent === 'Paper 1')"
    status = await window.ask(f"fetch({paper_link}.href).then(each => each.status)")
    assert status == 200
    await window.press(
        f"[...{mine}.querySelectorAll('button')].find(each => each.textContent.includes('Take it back'))"
    )
    await comes(window, f"{mine}?.innerText.includes('Withdrawn')", "absence that is taken back")


async def signs_out(window: Window) -> None:
    await window.press("document.querySelector('.shell-top > .menu > summary')")
    await goes(window, ".menu-body button", "Sign out")
    await sees(window, "[role=status]", "You have signed out")


def complaints(window: Window) -> list[str]:
    """Return what a browser complains of, but for what is nobody's fault."""
    return [each for each in window.complaints if not any(words in each for words in ENDED)]


def declarations(sheet: str) -> list[str]:
    """Return the declarations of a style sheet, each once."""
    bodies: list[Any] = re.findall(r"\{([^{}]*)\}", sheet)
    found = (each.strip() for body in bodies for each in body.split(";"))
    return sorted({f"({each})" for each in found if each})
