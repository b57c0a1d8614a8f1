"""What makes the pages an app that can be put on a phone: the manifest, icons, the worker, and pages without a line.

Rule: nothing here is anybody's own. What the worker keeps of a person's page it is given by the page (static/app.js),
and it is gone as soon as somebody else, or nobody, is signed in there.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from cloud.core.app_icons import DRAWINGS, icon_png
from cloud.core.assets import Assets
from cloud.core.errors import NotFound
from cloud.core.i18n import N_, Language, translate
from cloud.core.pages import Pages, Theme, Visit

NAME = N_("Esik: the school day")
ABOUT = N_("When the child came to school and left, what it ate, and what the school says.")
NOTICES = N_("Notices")
PAPER, ACCENT = "#f4f5f2", "#0a6570"
ICONS = (("icon-192", 192, "any"), ("icon-512", 512, "any"), ("maskable-512", 512, "maskable"))
WORKER = "worker.js"
PARTS = ("push.js",)  # of the worker, where they stand among the files
NEEDED = ("look.js", "bootstrap.min.css", "esik.css", "offline.js")  # by the page without a line
A_DAY = "public, max-age=86400"
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Shell:
    """The pages that are shown without a connection, and the worker that keeps them; one a process."""

    pages: Pages = field(repr=False)

    @cached_property
    def offline(self) -> Mapping[Language, str]:
        """Return the page for the time without a connection, in each language."""
        return {language: self._drawn(language) for language in Language}

    @cached_property
    def version(self) -> str:
        """Return what changes when any byte of the shell does."""
        assets = self.pages.assets
        told = [*self.offline.values(), *map(assets.address, (*NEEDED, WORKER, *self._parts(assets)))]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]

    @cached_property
    def worker(self) -> str:
        """Return the worker's program: what it keeps, the parts that others wrote, and its own text."""
        assets = self.pages.assets
        pages = {language.value: f"/offline/{language}?v={self.version}" for language in Language}
        shell = {"version": self.version, "pages": pages, "files": [assets.address(name) for name in NEEDED]}
        parts = [assets.address(name) for name in self._parts(assets)]
        head = f"self.SHELL = {json.dumps(shell)};\n"
        return head + "".join(f"importScripts({json.dumps(part)});\n" for part in parts) + _text(assets, WORKER)

    @staticmethod
    def _parts(assets: Assets) -> list[str]:
        return [name for name in PARTS if name in assets.files]

    def _drawn(self, language: Language) -> str:
        nobody = Visit(language, Theme.AUTO, "/", datetime.fromtimestamp(0, UTC))
        return bytes(self.pages.page(nobody, "core/offline.html").body).decode()


def shell_of(request: Request) -> Shell:
    """Return the application's shell."""
    return cast(Shell, request.app.state.shell)


@router.get("/sw.js")
async def worker(request: Request) -> Response:
    """Send the worker; browsers compare it byte by byte, so that a new version is there at the next page."""
    headers = {"cache-control": "no-cache", "service-worker-allowed": "/"}
    return PlainTextResponse(shell_of(request).worker, media_type="text/javascript; charset=utf-8", headers=headers)


@router.get("/offline/{language}")
async def offline(request: Request, language: str) -> Response:
    """Send the page that the worker keeps for the time without a connection."""
    if language not in set(Language):
        raise NotFound
    headers = {"content-language": language, "cache-control": "no-cache"}
    text = shell_of(request).offline[Language(language)]
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/app/{language}.webmanifest")
async def manifest(language: str) -> Response:
    """Send what a phone asks about the app, in a language."""
    if language not in set(Language):
        raise NotFound
    headers = {"cache-control": A_DAY}
    return JSONResponse(manifest_in(Language(language)), media_type="application/manifest+json", headers=headers)


@router.get("/app/{name}.png")
def icon(name: str) -> Response:
    """Send an icon; it is drawn once, in a thread."""
    if name not in DRAWINGS:
        raise NotFound
    return Response(icon_png(name), media_type="image/png", headers={"cache-control": A_DAY})


def manifest_in(language: Language) -> dict[str, Any]:
    """Return the manifest (W3C Web Application Manifest); it is one app in all languages, by its id."""
    icons = [
        {"src": f"/app/{name}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in ICONS
    ]
    return {
        "id": "/", "start_url": "/", "scope": "/", "display": "standalone", "lang": language.value, "dir": "ltr",
        "name": translate(language, NAME), "short_name": "Esik", "description": translate(language, ABOUT),
        "background_color": PAPER, "theme_color": ACCENT, "icons": icons, "categories": ["education"],
        "shortcuts": [{"name": translate(language, NOTICES), "url": "/notices", "icons": icons[:1]}],
    }  # fmt: skip


def _text(assets: Assets, name: str) -> str:
    return assets.files[name].body.decode()
