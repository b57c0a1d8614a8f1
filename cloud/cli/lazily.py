"""Commands that are known by their place: a module is loaded when its command is asked for, or told of by --help."""

import importlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typing_extensions import override


class Lazily(TyperGroup):
    """A group of which a class of its own names the places, as `{"report": "cloud.cli.reports:report"}`.

    A place holds a function, which becomes a command, or a Typer with commands of its own.
    """

    places: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.commands = Placed(self.commands, self.places)


class Placed(MutableMapping[str, Any]):
    """Commands by their names, those that are there already and those that have a place."""

    def __init__(self, known: Mapping[str, Any], places: Mapping[str, str]) -> None:
        self._known = dict(known)
        self._places = places

    @override
    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = _loaded(name, self._places[name])
        return self._known[name]

    @override
    def __setitem__(self, name: str, command: Any) -> None:
        self._known[name] = command

    @override
    def __delitem__(self, name: str) -> None:
        del self._known[name]

    @override
    def __iter__(self) -> Iterator[str]:
        yield from self._known
        yield from (name for name in self._places if name not in self._known)

    @override
    def __len__(self) -> int:
        return len({*self._known, *self._places})


def _loaded(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)
