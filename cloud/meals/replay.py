"""A month of meals made anew from the records, by the rules of the projection and without its tables.

Rule: for the same records it returns what cloud/meals/monthly.py reads of the tables, or one of both is wrong. What no
record says (which device was a till when, what the office decided) is given to it, as it was at an instant.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import asyncpg

from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.plan import clean
from cloud.meals.book import COST_MAX_TIYN, Book, LineOf
from cloud.meals.monthly import GIVEN, GivenMeal
from cloud.meals.projection import meet
from cloud.meals.reading import KINDS, Met, line, met
from cloud.meals.rules import Place, Portion, Sale, Stand
from schemas import structs

__all__ = ["KINDS", "Acts", "Replay", "acts_until"]
T = TypeVar("T")
_STANDS = """
SELECT device, since_at, CASE WHEN until_at <= $2 THEN until_at END AS until_at FROM till_place
WHERE school_id = $1 AND since_at <= $2
"""
_DECIDED = """
SELECT device, epoch, seq, decision = 'accepted' AS is_accepted FROM meal_odd
WHERE school_id = $1 AND decision <> '' AND decided_at <= $2 ORDER BY decided_at, at, device, epoch, seq
"""


@dataclass(frozen=True, slots=True)
class Acts:
    """What people did about a school's meals until an instant: tills that they put, records that they decided about."""

    stands: Sequence[Stand]
    accepted: Sequence[Place]  # in the order of the decisions
    refused: frozenset[Place]


async def acts_until(connection: asyncpg.Connection, school_id: int, until: datetime) -> Acts:
    """Return what was done until an instant. For slices above, after their own check."""
    stands = [Stand(**row) for row in await connection.fetch(_STANDS, school_id, until)]
    decided = await connection.fetch(_DECIDED, school_id, until)
    places = {is_accepted: list[Place]() for is_accepted in (True, False)}
    for device, epoch, seq, is_accepted in decided:
        places[is_accepted].append(Place(device, epoch, seq))
    return Acts(stands, places[True], frozenset(places[False]))


class Replay:
    """Meets records one by one, in the order of the log; `people` are references of the school."""

    def __init__(self, people: Collection[str], acts: Acts, zone: ZoneInfo) -> None:
        self._people = frozenset(people)
        self._acts = acts
        self._zone = zone
        self._book = Book(stands=acts.stands)
        self._portions: defaultdict[LineOf, list[tuple[Place, Portion]]] = defaultdict(list)
        self._rules: defaultdict[LineOf, list[tuple[Place, str]]] = defaultdict(list)

    def meet(self, rows: Iterable[LoggedRecord]) -> None:
        """Meet the next records."""
        for row in rows:
            if (told := met(row)) is not None:
                meet(self._book, told, self._people)
                self._note(told)
                self._refuse(told.place)
        self._book.postings.clear()

    def accept(self) -> None:
        """Let count, when every record was met, what the office accepted."""
        for place in self._acts.accepted:
            if (odd := self._book.odd.pop(place, None)) is None:
                continue  # a shift that came later let it count by itself
            if not isinstance(odd.told, Sale):
                self._book.accept(odd)
                continue
            was, lines = (odd.told.id, place.device, place.epoch), self._book.own_lines(odd.told)
            portions, others = _split(self._portions[was], lines)
            cost_tiyn = sum(portion.cost_tiyn for _, portion in portions)
            stands_as = self._book.accept(odd, min(cost_tiyn, COST_MAX_TIYN))
            if stands_as != odd.told.id:
                now = (stands_as, place.device, place.epoch)
                self._portions[now], self._portions[was] = portions, others
                self._rules[now], self._rules[was] = _split(self._rules[was], lines)

    def meals_given(self, first_on: date, last_on: date) -> Sequence[GivenMeal]:
        """Return the meals of some days, in order."""
        given = (
            self._given(sale, self._day_of(sale))
            for sale in self._book.sales.values()
            if sale.payment in GIVEN and not sale.is_void
        )
        return sorted((each for each in given if first_on <= each.on <= last_on), key=lambda each: each.order)

    def _note(self, told: Met) -> None:
        """Keep what a book does not: the dishes of a sale, and which rules were overruled."""
        place = told.place
        match told.record:
            case structs.Item() as item:
                self._portions[item.sale, place.device, place.epoch].append((place, line(place, item).portion))
            case structs.Override() as why:
                self._rules[why.sale, place.device, place.epoch].append((place, clean(why.rule)))
            case _:
                pass

    def _refuse(self, place: Place) -> None:
        if place in self._acts.refused and place in self._book.odd:
            self._book.odd[place] = replace(self._book.odd[place], is_decided=True)

    def _day_of(self, sale: Sale) -> date:
        """Return the day of a sale: as the cashier named it, where the clock did not know."""
        return self._book.day_named(sale) or sale.at.astimezone(self._zone).date()

    def _given(self, sale: Sale, on: date) -> GivenMeal:
        of = (sale.id, sale.place.device, sale.place.epoch)
        portions = tuple(portion for _, portion in sorted(self._portions.get(of, ()), key=lambda each: each[0]))
        return GivenMeal(
            sale.id, sale.place, sale.at, on, sale.meal, sale.payment, sale.person, sale.is_known, sale.amount_tiyn,
            sale.full_tiyn, sale.returned_tiyn, sale.is_unconfirmed, sale.clock, portions,
            tuple(sorted({rule for _, rule in self._rules.get(of, ())})),
        )  # fmt: skip


def _split(told: Sequence[tuple[Place, T]], lines: range) -> tuple[list[tuple[Place, T]], list[tuple[Place, T]]]:
    """Return what stands at these numbers, and the rest."""
    return [each for each in told if each[0].seq in lines], [each for each in told if each[0].seq not in lines]
