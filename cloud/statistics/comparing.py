"""Reads of statistics above schools: what an authority reaches, node by node and school by school, without names.

Rule: a figure is added up of the schools that the actor reaches, and of no other; a school that nobody placed below an
authority is seen by nobody but the national one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.organisation.tree import NodeRow, nodes
from cloud.statistics.kinds import NAMES, REASONS, Figures, together
from cloud.statistics.queries import SUMS, PartSums, added
from cloud.statistics.rules import REASONS_FROM
from cloud.statistics.spans import Stretch

SCHOOLS_MAX = 10_000
DAYS_MAX = 400
_SCHOOLS = f"""
SELECT school.code, name_kk, name_ru, name_en, coalesce(node_id, 0) AS node_id, school_days,
  (SELECT count(DISTINCT shift) FROM school_class WHERE school_id = school.id AND is_active)::int AS shifts,
  (SELECT count(*) FROM person WHERE school_id = school.id AND is_active AND role = 'student')::int AS students, day.*
FROM school CROSS JOIN LATERAL (
  SELECT {SUMS} FROM statistics_day WHERE kind = 'school' AND school_id = school.id AND "on" BETWEEN $2 AND $3
) AS day
WHERE ($1::bigint[] IS NULL OR school.id = ANY($1)) AND ($4::bigint[] IS NULL OR node_id = ANY($4))
ORDER BY school.code LIMIT $5
"""  # noqa: S608 (names of ours)
# Of a small school nobody but its own may know why somebody was absent, neither from a sum and the other schools.
_NOT_SMALL = f" FILTER (WHERE people >= {REASONS_FROM})"
_ADDED = ", ".join(
    f"coalesce(sum({name}){_NOT_SMALL if name in REASONS else ''}, 0)::bigint AS {name}" for name in NAMES
)
_BY_DAY = f"""
SELECT "on", {_ADDED} FROM statistics_day JOIN school ON school.id = school_id
WHERE kind = $1 AND ($2::bigint[] IS NULL OR school_id = ANY($2)) AND "on" BETWEEN $3 AND $4
  AND ($5::bigint[] IS NULL OR node_id = ANY($5))
GROUP BY 1 ORDER BY 1 LIMIT $6
"""  # noqa: S608 (names of ours)
_HELD = """
SELECT DISTINCT coalesce(node_id, 0) AS node_id FROM school WHERE $1::bigint[] IS NULL OR id = ANY($1) LIMIT 2000
"""
_OF_SCHOOL = ("code", "name_kk", "name_ru", "name_en", "node_id", "school_days", "shifts", "students")


@dataclass(frozen=True, slots=True)
class SchoolSums:
    """A school with what kind of school it is, and its figures of a stretch of days."""

    code: str
    name_kk: str
    name_ru: str
    name_en: str
    node_id: int  # 0: below no authority
    school_days: int  # of its week
    shifts: int
    students: int  # now
    figures: Figures

    def name(self, language: str) -> str:
        """Return the school's name in a language."""
        return {"ru": self.name_ru, "en": self.name_en}.get(language, self.name_kk)

    @property
    def has_reasons(self) -> bool:
        """Tell whether others than the school's own may read why its students were absent."""
        return self.figures.people >= REASONS_FROM


@dataclass(frozen=True, slots=True)
class NodeSums:
    """A node of the tree with what the reached schools below it come to; without one, those that stand below none."""

    node: NodeRow | None
    schools: int
    students: int
    figures: Figures  # reasons of absence without those of small schools


@dataclass(frozen=True, slots=True)
class Above:
    """What an authority sees: where it looks, the way there, the nodes below, and the schools."""

    node: NodeRow | None  # none: over everything that the actor reaches
    way: Sequence[NodeRow]  # from the highest that the actor reaches to the node, without it
    stretch: Stretch
    figures: Figures
    staff: Figures
    parts: Sequence[PartSums]
    below: Sequence[NodeSums]
    schools: Sequence[SchoolSums]  # all below the node, however deep

    @property
    def has_reasons(self) -> bool:
        return any(each.has_reasons for each in self.schools)


async def seen_above(services: Services, actor: Actor, code: str, stretch: Stretch) -> Above:
    """Return a stretch of days over the schools below a node, or over all that the actor reaches.

    Raises NotAllowed for who reads no statistics of schools, NotFound for a node below which the actor reaches none.
    """
    place = await place_asked(services, actor, Right.STATISTICS_READ, code)
    asked = (place.own, stretch.first_on, stretch.last_on, place.within)
    schools = [_school(row) for row in await services.database.pool.fetch(_SCHOOLS, *asked, SCHOOLS_MAX)]
    days = await _days(services, "school", stretch, asked)
    return Above(
        place.node, place.way, stretch, added(days, stretch),
        added(await _days(services, "staff", stretch, asked), stretch),
        [PartSums(part, added(days, part)) for part in stretch.parts], place.tree.grouped(place.node, schools), schools,
    )  # fmt: skip


async def place_asked(services: Services, actor: Actor, right: Right, code: str) -> "Place":
    """Return where an actor looks that asks for a node by its code, or for everything that it reaches.

    Raises NotAllowed for who has the right at no school, NotFound for a node below which the actor reaches none.
    """
    reached = actor.schools_with(right)
    if reached is not None and not reached:
        raise NotAllowed
    own, tree = None if reached is None else sorted(reached), Tree(await nodes(services))
    held = {row["node_id"] for row in await services.database.pool.fetch(_HELD, own)}
    start = tree.start(held)
    node = tree.of_code(code) if code else start
    within = None if node is None else tree.below(node)
    if code and within is not None and not within & held:
        raise NotFound
    return Place(own, tree, node, tree.way(start, node), None if within is None else sorted(within))


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody looks: a node or, without one, everything that is reached."""

    own: list[int] | None  # the schools that are reached; None: every one there is
    tree: "Tree"
    node: NodeRow | None
    way: Sequence[NodeRow]  # from the highest that is reached to the node, without it
    within: list[int] | None  # the node and those below it; None: every one there is


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of authorities; None stands above all of them."""

    nodes: Sequence[NodeRow]

    def of_code(self, code: str) -> NodeRow:
        """Return a node. Raises NotFound."""
        for node in self.nodes:
            if node.code == code:
                return node
        raise NotFound

    def children(self, node: NodeRow | None) -> list[NodeRow]:
        """Return the nodes right below one."""
        above = None if node is None else node.code
        return [each for each in self.nodes if each.parent == above]

    def below(self, node: NodeRow) -> set[int]:
        """Return the id of a node and of all below it."""
        return {node.id}.union(*(self.below(each) for each in self.children(node)))

    def start(self, held: Collection[int]) -> NodeRow | None:
        """Return the lowest node below which all schools stand that hang at these nodes."""
        node: NodeRow | None = None
        while True:
            fitting = [each for each in self.children(node) if self.below(each).intersection(held)]
            if len(fitting) != 1 or not self.below(fitting[0]).issuperset(held):
                return node
            node = fitting[0]

    def way(self, start: NodeRow | None, node: NodeRow | None) -> list[NodeRow]:
        """Return the nodes from a start down to one, without it."""
        above, way = {each.code: each for each in self.nodes}, list[NodeRow]()
        while node is not None and (start is None or node.code != start.code):
            node = above.get(node.parent or "")
            way = [node, *way] if node is not None else way
        return way

    def grouped(self, node: NodeRow | None, schools: Sequence[SchoolSums]) -> list[NodeSums]:
        """Return the nodes right below one with what the schools below each come to, and those below no authority."""
        found = [self._sums(each, self.below(each), schools) for each in self.children(node)]
        if node is None:
            found.append(self._sums(None, {0}, schools))
        return [each for each in found if each.schools]

    @staticmethod
    def _sums(node: NodeRow | None, ids: Collection[int], schools: Iterable[SchoolSums]) -> NodeSums:
        own = [each for each in schools if each.node_id in ids]
        students = sum(each.students for each in own)
        return NodeSums(node, len(own), students, together(each.figures for each in own))


def _school(row: Mapping[str, Any]) -> SchoolSums:
    figures = Figures(*(row[name] for name in NAMES))
    if figures.people < REASONS_FROM:
        figures = figures.without_reasons()
    return SchoolSums(**{name: row[name] for name in _OF_SCHOOL}, figures=figures)


async def _days(
    services: Services, kind: str, stretch: Stretch, asked: tuple[list[int] | None, date, date, list[int] | None]
) -> Mapping[date, Figures]:
    own, _, last_on, within = asked
    rows = await services.database.pool.fetch(_BY_DAY, kind, own, stretch.drawn_from, last_on, within, DAYS_MAX)
    return {row["on"]: Figures(*row[1:]) for row in rows}
