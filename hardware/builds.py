"""Reference builds as data: parts to buy, units to put together, wires between them, and what a board's pins are for.

Rule: a wire's end is a pin that its unit has, a board's pin has one wire, and every text stands in three languages; a
build that is not so is refused with every mistake in it. Prices are for orientation, of November 2026, in US dollars;
they were not asked for at a shop.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "builds"
LANGUAGES = ("kk", "ru", "en")
COLOURS = frozenset({"BK", "BN", "RD", "OG", "YE", "GN", "BU", "VT", "GY", "WH"})  # IEC 60757
BOARD = "board"


class BuildRefused(ValueError):
    """A build's data cannot be right; the text names every mistake."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something to buy, by the maker's own number."""

    number: str
    maker: str
    count: int
    about_usd: float
    what: dict[str, str]


@dataclass(frozen=True, slots=True)
class Unit:
    """Something with pins."""

    id: str
    label: str
    pins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire from pin to pin; `signal` is what the firmware calls the board's end, if it has one there."""

    begin: tuple[str, str]
    end: tuple[str, str]
    colour: str
    mm2: float
    signal: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """Return the units it joins."""
        return self.begin[0], self.end[0]


@dataclass(frozen=True, slots=True)
class Build:
    """One thing to build. `board` is the file of firmware/boards whose pins it uses, empty for none."""

    id: str
    board: str
    name: dict[str, str]
    purpose: dict[str, str]
    parts: tuple[Part, ...]
    units: tuple[Unit, ...]
    wires: tuple[Wire, ...]

    @property
    def about_usd(self) -> float:
        return sum(part.count * part.about_usd for part in self.parts)

    @property
    def signals(self) -> dict[str, str]:
        """Return the board's pin of each signal."""
        return {
            wire.signal: next(pin for unit, pin in (wire.begin, wire.end) if unit == BOARD)
            for wire in self.wires
            if wire.signal
        }


def load_all(folder: Path = FOLDER) -> list[Build]:
    """Return every build, by the name of its file. Raises BuildRefused."""
    return [load(path) for path in sorted(folder.glob("*.toml"))]


def load(path: Path) -> Build:
    """Return one build. Raises BuildRefused."""
    try:
        build = _read(path.stem, tomllib.loads(path.read_text()))
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise BuildRefused(f"{path.name}: {error!r}") from None
    if mistakes := _mistakes(build):
        raise BuildRefused(f"{path.name}: " + "; ".join(mistakes))
    return build


def _read(name: str, raw: dict[str, Any]) -> Build:
    return Build(
        id=name,
        board=raw["board"],
        name=raw["name"],
        purpose=raw["purpose"],
        parts=tuple(Part(**part) for part in raw["parts"]),
        units=tuple(Unit(unit["id"], unit["label"], tuple(unit["pins"])) for unit in raw["units"]),
        wires=tuple(_wire(wire) for wire in raw["wires"]),
    )


def _wire(raw: list[Any]) -> Wire:
    """Read `["unit PIN", "unit PIN", "colour", mm2, "signal"]`; the last one may be missing."""
    begin, end, colour, mm2, *signal = raw
    return Wire(_pin(begin), _pin(end), colour, mm2, signal[0] if signal else "")


def _pin(text: str) -> tuple[str, str]:
    unit, _, pin = text.partition(" ")
    return unit, pin


@dataclass(slots=True)
class _Check:
    mistakes: list[str] = field(default_factory=list)

    def that(self, holds: bool, mistake: str) -> None:
        if not holds:
            self.mistakes.append(mistake)


def _mistakes(build: Build) -> list[str]:
    check = _Check()
    pins = {(unit.id, pin) for unit in build.units for pin in unit.pins}
    for wire in build.wires:
        for end in (wire.begin, wire.end):
            check.that(end in pins, f"there is no pin {end[1]!r} on {end[0]}")
        check.that(wire.colour in COLOURS, f"{wire.colour!r} is no colour of IEC 60757")
        check.that(not wire.signal or BOARD in wire.pair, f"{wire.signal!r} does not end at the board")
    used = Counter(end for wire in build.wires for end in (wire.begin, wire.end) if end[0] == BOARD)
    shared = [pin for (_, pin), count in used.items() if count > 1 and pin.startswith("GPIO")]
    check.that(not shared, f"more than one wire at {', '.join(shared)}")
    for text in (build.name, build.purpose, *(part.what for part in build.parts)):
        check.that(set(text) == set(LANGUAGES) and all(text.values()), f"not in three languages: {text}")
    for part in build.parts:
        check.that(part.count > 0 and part.about_usd > 0, f"{part.number} has no count or no price")
    return check.mistakes
