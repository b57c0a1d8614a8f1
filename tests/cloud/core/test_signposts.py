"""Signposts lead where asking one route after another would: to the first that takes the request."""

import re

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.testclient import TestClient
from starlette.types import Scope

from cloud.app import ROUTERS
from cloud.core.signposts import Signposts

ROUTES = [route for router in ROUTERS for route in router.routes]
SIGNPOSTS = Signposts(ROUTES)
SEGMENTS = sorted({segment for route in ROUTES for segment in getattr(route, "path", "").split("/")[1:]})
VALUES = ("12", "a1b2", "2026-09-01", "", "%", "кіру")
METHODS = ("GET", "HEAD", "POST", "DELETE", "BREW")


def scope_of(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def by_asking_each(scope: Scope) -> BaseRoute | None:
    return next((route for route in ROUTES if route.matches(scope)[0] is Match.FULL), None)


def test_the_way_to_each_page_is_known() -> None:
    for route in (route for route in ROUTES if isinstance(route, Route)):
        path = re.sub(r"{[^}]*}", "12", route.path)
        for method in route.methods or ():
            match, found = SIGNPOSTS.matches(scope_of(method, path))
            assert match is Match.FULL
            assert found["route"] is by_asking_each(scope_of(method, path))


@given(st.sampled_from(METHODS), st.lists(st.sampled_from(SEGMENTS) | st.sampled_from(VALUES), max_size=7))
def test_any_path_leads_where_asking_each_route_leads(method: str, segments: list[str]) -> None:
    scope = scope_of(method, "/" + "/".join(segments))

    match, found = SIGNPOSTS.matches(scope)

    assert (match is Match.FULL) == (by_asking_each(scope) is not None)
    assert found.get("route") is by_asking_each(scope)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/cards/new", (200, "new")),  # it stands before the one that would take it too
        ("GET", "/cards/12", (200, "12")),
        ("GET", "/files/a/b/c", (200, "a/b/c")),
        ("POST", "/cards/12", (405, "Method Not Allowed")),
        ("GET", "/cards", (404, "Not Found")),
    ],
)
def test_an_application_behind_signposts_answers_as_without(method: str, path: str, answer: tuple[int, str]) -> None:
    async def new(request: Request) -> Response:
        return PlainTextResponse("new")

    async def told(request: Request) -> Response:
        return PlainTextResponse(next(iter(request.path_params.values())))

    app = FastAPI()
    app.router.routes.clear()
    app.router.routes += [Route("/cards/new", new), Route("/cards/{ref}", told), Route("/files/{name:path}", told)]
    app.router.routes.insert(0, Signposts(app.router.routes))

    response = TestClient(app).request(method, path)

    assert (response.status_code, response.json()["detail"] if response.is_error else response.text) == answer
