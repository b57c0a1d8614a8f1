"""Finds the route of a request by the segments of its path; else hundreds would be asked one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import Receive, Scope, Send
from typing_extensions import override


@dataclass(slots=True)
class _Post:
    """A place in the tree of segments; routes stand with their place in the list, which decides between them."""

    here: list[tuple[int, Route]] = field(default_factory=list)  # paths that end here
    below: list[tuple[int, Route]] = field(default_factory=list)  # paths that take whatever follows
    named: dict[str, _Post] = field(default_factory=dict)
    any: _Post | None = None

    def add(self, segments: Sequence[str], entry: tuple[int, Route]) -> None:
        if not segments:
            self.here.append(entry)
        elif ":path}" in segments[0]:
            self.below.append(entry)
        elif "{" in segments[0]:
            self.any = self.any or _Post()
            self.any.add(segments[1:], entry)
        else:
            self.named.setdefault(segments[0], _Post()).add(segments[1:], entry)

    def find(self, segments: Sequence[str]) -> Iterator[tuple[int, Route]]:
        yield from self.below
        if not segments:
            yield from self.here
            return
        for post in (self.named.get(segments[0]), self.any):
            if post is not None:
                yield from post.find(segments[1:])


class Signposts(BaseRoute):
    """Stands before the routes it knows, and leads to the first of them that takes the request.

    What none of them takes goes on to the routes themselves, which say 404 or 405.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._posts = _Post()
        for place, route in enumerate(routes):
            if isinstance(route, Route):
                self._posts.add(route.path.split("/"), (place, route))

    @override
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and not scope.get("root_path"):
            for _, route in sorted(self._posts.find(scope["path"].split("/")), key=_place):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    return match, {**found, "route": route}
        return Match.NONE, {}

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: Route = scope["route"]
        await route.handle(scope, receive, send)

    @override
    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        raise NoMatchFound(name, path_params)


def _place(entry: tuple[int, Route]) -> int:
    return entry[0]
