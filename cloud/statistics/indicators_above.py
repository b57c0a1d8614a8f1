"""The indicators above schools: node by node down the tree and school by school, as they were counted by a day.

Rule: as in `comparing`: what is added up are the schools that the actor reaches, and no other; there are no names.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.organisation.tree import NodeRow
from cloud.statistics.comparing import SCHOOLS_MAX, place_asked
from cloud.statistics.indicators import COLUMNS, Shares

STANDS_DAYS = 31  # so long what was counted last is told for a day
_SCHOOLS = f"""
SELECT school.code, name_kk, name_ru, name_en, coalesce(node_id, 0) AS node_id, kept."on", {", ".join(COLUMNS)}
FROM school LEFT JOIN LATERAL (
  SELECT * FROM indicator_day WHERE school_id = school.id AND "on" BETWEEN $2::date - {STANDS_DAYS} AND $2::date
  ORDER BY "on" DESC LIMIT 1
) AS kept ON true
WHERE ($1::bigint[] IS NULL OR school.id = ANY($1)) AND ($3::bigint[] IS NULL OR node_id = ANY($3))
ORDER BY school.code LIMIT $4
"""  # noqa: S608 (names of ours)


@dataclass(frozen=True, slots=True)
class SchoolShares:
    """A school with its indicators; none where nothing was counted lately."""

    code: str
    name_kk: str
    name_ru: str
    name_en: str
    node_id: int  # 0: below no authority
    on: date | None  # when it was counted
    shares: Shares | None

    def name(self, language: str) -> str:
        """Return the school's name in a language."""
        return {"ru": self.name_ru, "en": self.name_en}.get(language, self.name_kk)


@dataclass(frozen=True, slots=True)
class NodeShares:
    """A node of the tree with what the reached schools below it come to; without one, those that stand below none."""

    node: NodeRow | None
    schools: int
    counted: int  # of these schools
    shares: Shares


@dataclass(frozen=True, slots=True)
class SharesAbove:
    """What an authority sees of the indicators."""

    node: NodeRow | None  # none: over everything that the actor reaches
    way: Sequence[NodeRow]
    on: date
    shares: Shares
    below: Sequence[NodeShares]
    schools: Sequence[SchoolShares]


async def indicators_above(services: Services, actor: Actor, code: str, on: date) -> SharesAbove:
    """Return the indicators by a day over the schools below a node, or over all that the actor reaches.

    Raises NotAllowed for who reads no indicators, NotFound for a node below which the actor reaches no school.
    """
    place = await place_asked(services, actor, Right.INDICATORS_READ, code)
    rows = await services.database.pool.fetch(_SCHOOLS, place.own, on, place.within, SCHOOLS_MAX)
    schools = [_school(row) for row in rows]
    below = [_sums(each, place.tree.below(each), schools) for each in place.tree.children(place.node)]
    if place.node is None:
        below.append(_sums(None, {0}, schools))
    return SharesAbove(
        place.node, place.way, on, _together(schools), [each for each in below if each.schools], schools
    )  # fmt: skip


def _sums(node: NodeRow | None, ids: Collection[int], schools: Iterable[SchoolShares]) -> NodeShares:
    own = [each for each in schools if each.node_id in ids]
    return NodeShares(node, len(own), sum(each.shares is not None for each in own), _together(own))


def _together(schools: Iterable[SchoolShares]) -> Shares:
    return reduce(Shares.plus, (each.shares for each in schools if each.shares is not None), Shares())


def _school(row: Mapping[str, Any]) -> SchoolShares:
    shares = None if row["on"] is None else Shares(*(row[name] for name in COLUMNS))
    return SchoolShares(
        row["code"], row["name_kk"], row["name_ru"], row["name_en"], row["node_id"], row["on"], shares
    )  # fmt: skip
