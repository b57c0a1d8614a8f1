"""Vouchers, tabel and meals as the office looks at them: filtered, summed up, in pages. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Self
from urllib.parse import urlencode

from cloud.core.days import day_of
from cloud.wallet.kinds import Kind, Verdict
from cloud.wallet.queries import ChildRow, Compared
from cloud.wallet.rules import Line, Sum, counts_of, sums_of

PAGE_SIZE = 60
SEARCH_MAX = 60
OPEN, EXPLAINED, WAITING, AGREED = "open", "explained", "waiting", "agreed"
STATES = (OPEN, EXPLAINED, WAITING, AGREED)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the office asked to see; what cannot be read is left at what goes without saying."""

    first_on: date
    last_on: date
    state: str = OPEN
    kind: str = ""
    search: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str], today: date) -> Self:
        """Read a query string; of no days it is this month so far."""
        page = query.get("page", "1")
        last_on = day_of(query.get("to", "")) or today
        return cls(
            day_of(query.get("from", "")) or last_on.replace(day=1), last_on,
            query.get("state", OPEN) if query.get("state", OPEN) in STATES else OPEN,
            query.get("kind", "") if query.get("kind") in set(Kind) else "",
            query.get("search", "").strip()[:SEARCH_MAX],
            int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        )  # fmt: skip

    @property
    def days(self) -> str:
        """Return the query string of the days alone."""
        return urlencode({"from": f"{self.first_on:%d.%m.%Y}", "to": f"{self.last_on:%d.%m.%Y}"})

    @property
    def query(self) -> str:
        """Return the query string of these filters."""
        said = {
            "state": self.state, "kind": self.kind, "search": self.search,
            "page": str(self.page) if self.page > 1 else "",
        }  # fmt: skip
        return "&".join((self.days, urlencode({key: value for key, value in said.items() if value})))

    def to(self, **changes: object) -> str:
        """Return a link's address with some filters changed, from the first page on."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # templates name fields
        return f"?{changed.query}"


@dataclass(frozen=True, slots=True)
class Seen:
    """The page: sums of all lines by state and of the ways they differ, and a page of those that fit."""

    filters: Filters
    sums: Mapping[str, Sum]
    all: Sum
    kinds: Mapping[Kind, int]
    lines: Sequence[Line]
    found: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE_SIZE))


def state_of(found: Compared, line: Line) -> str:
    """Return which of STATES a line is in."""
    match line.verdict:
        case Verdict.AGREED:
            return AGREED
        case Verdict.WAITING:
            return WAITING
        case Verdict.DIFFERS:
            return EXPLAINED if found.is_explained(line) else OPEN


def fitting(found: Compared, filters: Filters, child_of: Callable[[int], ChildRow]) -> list[Line]:
    """Return the lines that fit."""
    words = filters.search.casefold()
    return [
        line
        for line in found.lines
        if state_of(found, line) == filters.state
        and (not filters.kind or filters.kind in line.kinds)
        and (not words or words in _words(line, child_of(line.place.person)))
    ]


def seen(found: Compared, filters: Filters, child_of: Callable[[int], ChildRow]) -> Seen:
    """Return what the page shows."""
    lines = fitting(found, filters, child_of)
    filters = replace(filters, page=max(1, min(filters.page, -(-len(lines) // PAGE_SIZE))))
    start = (filters.page - 1) * PAGE_SIZE
    by_state: dict[str, Sum] = dict.fromkeys(STATES, Sum())
    for line in found.lines:
        state = state_of(found, line)
        by_state[state] = by_state[state].plus(line)
    everything = Sum(*(sum(column) for column in zip(*_columns(sums_of(found.lines)), strict=True)))
    shown = lines[start : start + PAGE_SIZE]
    return Seen(filters, by_state, everything, counts_of(found.lines), shown, len(lines))


def _columns(sums: Mapping[Verdict, Sum]) -> list[tuple[int, int, int]]:
    return [(each.lines, each.meals, each.owed_tiyn) for each in sums.values()]


def _words(line: Line, child: ChildRow) -> str:
    number = line.voucher.number if line.voucher is not None else ""
    return f"{child.name} {child.class_name} {number}".casefold()
