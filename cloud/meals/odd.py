"""What somebody should look at: sales that stand and are odd, by kind and day, and what does not count yet.

Rule: what does not count stays on the list, whatever day it is of, until the office accepts or refuses it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.meals.rules import Oddness, Place

PAGE = 50


class Kind(StrEnum):
    """What is odd about a sale that stands, in the order in which it is shown."""

    SECOND_FREE = "second_free"
    STRANGER = "stranger"
    TOO_MUCH_BACK = "too_much_back"
    NO_LINES = "no_lines"
    LINES_DIFFER = "lines_differ"
    FOREIGN_LINES = "foreign_lines"
    DOUBTFUL_CLOCK = "doubtful_clock"
    OVERRULED = "overruled"
    UNCONFIRMED = "unconfirmed"
    NOT_SEEN = "not_seen"
    ABSENT_IN_CLASS = "absent_in_class"
    TOLD_ABSENT = "told_absent"  # by the family, and nothing was said in class


# The sales of school $1 on day $2 that are odd in each way: their ids, and what there is to say.
_OF_KIND = {
    Kind.SECOND_FREE: """
SELECT id, '' AS detail FROM (
  SELECT id, row_number() OVER (PARTITION BY person_id, meal ORDER BY at, device, epoch, seq) AS place FROM meal_sale
  WHERE school_id = $1 AND "on" = $2 AND NOT is_void AND payment IN ('free', 'subsidised') AND person_id IS NOT NULL
) AS ranked WHERE place > 1""",
    Kind.STRANGER: """
SELECT id, '' AS detail FROM meal_sale WHERE school_id = $1 AND "on" = $2 AND NOT is_known""",
    Kind.TOO_MUCH_BACK: """
SELECT DISTINCT sale.id, '' AS detail FROM meal_sale AS sale JOIN meal_change AS change
  ON change.school_id = $1 AND change.sale = sale.id AND given_tiyn < change.amount_tiyn
WHERE sale.school_id = $1 AND "on" = $2""",
    Kind.NO_LINES: """
SELECT id, '' AS detail FROM meal_sale WHERE school_id = $1 AND "on" = $2 AND is_known AND full_tiyn < amount_tiyn""",
    Kind.LINES_DIFFER: """
SELECT id, '' AS detail FROM meal_sale
WHERE school_id = $1 AND "on" = $2 AND payment IN ('account', 'cash') AND full_tiyn > amount_tiyn""",
    Kind.FOREIGN_LINES: """
SELECT sale.id, string_agg(DISTINCT line.device, ', ') AS detail FROM meal_sale AS sale JOIN meal_line AS line
  ON line.school_id = $1 AND line.sale = sale.id AND (line.device, line.epoch) <> (sale.device, sale.epoch)
WHERE sale.school_id = $1 AND "on" = $2 GROUP BY sale.id""",
    Kind.DOUBTFUL_CLOCK: """
SELECT id, clock AS detail FROM meal_sale WHERE school_id = $1 AND "on" = $2 AND clock IN ('floor', 'none')""",
    Kind.OVERRULED: """
SELECT sale.id, rule || ': ' || why AS detail FROM meal_sale AS sale JOIN meal_override AS told
  ON told.school_id = $1 AND told.sale = sale.id AND told.device = sale.device AND told.epoch = sale.epoch
WHERE sale.school_id = $1 AND "on" = $2""",
    Kind.UNCONFIRMED: """
SELECT id, '' AS detail FROM meal_sale WHERE school_id = $1 AND "on" = $2 AND NOT is_void AND is_unconfirmed""",
    Kind.NOT_SEEN: """
SELECT id, '' AS detail FROM meal_sale
WHERE school_id = $1 AND "on" = $2 AND NOT is_void AND payment IN ('free', 'subsidised') AND person_id IS NOT NULL
  AND NOT EXISTS (
  SELECT FROM presence WHERE presence.person_id = meal_sale.person_id AND presence."on" = $2
    AND first_in_at IS NOT NULL)""",
    Kind.ABSENT_IN_CLASS: """
SELECT id, by_name AS detail FROM meal_sale CROSS JOIN LATERAL (
  SELECT says, by_name FROM register_mark AS mark WHERE mark.person_id = meal_sale.person_id AND mark."on" = $2
  ORDER BY number DESC LIMIT 1) AS last
WHERE school_id = $1 AND "on" = $2 AND NOT is_void AND payment IN ('free', 'subsidised') AND says = 'absent'""",
    Kind.TOLD_ABSENT: """
SELECT id, '' AS detail FROM meal_sale
WHERE school_id = $1 AND "on" = $2 AND NOT is_void AND payment IN ('free', 'subsidised') AND EXISTS (
  SELECT FROM absence WHERE absence.person_id = meal_sale.person_id AND first_on <= $2 AND last_on >= $2
    AND state IN ('told', 'accepted'))
  AND coalesce((
    SELECT says FROM register_mark AS mark WHERE mark.person_id = meal_sale.person_id AND mark."on" = $2
    ORDER BY number DESC LIMIT 1), 'unsaid') = 'unsaid'""",
}  # fmt: skip
_COUNTS = "\nUNION ALL\n".join(
    f"SELECT '{kind}' AS kind, count(*) AS count FROM ({of_kind}) AS {kind}"  # noqa: S608 - of our own words only
    for kind, of_kind in _OF_KIND.items()
)
_ROWS = """
SELECT sale.id, sale.at, coalesce(concat_ws(' ', surname, given_name), '') AS name, coalesce(ref, '') AS ref,
  sale.device, sale.amount_tiyn, detail
FROM ({of_kind}) AS odd JOIN meal_sale AS sale ON sale.school_id = $1 AND sale.id = odd.id
LEFT JOIN person ON person.id = person_id ORDER BY sale.at DESC, sale.id, detail LIMIT $3 OFFSET $4
"""
_APART_COUNTS = """
SELECT why, count(*) AS count FROM meal_odd WHERE school_id = $1 AND decision = '' GROUP BY why
"""
_APART = """
SELECT device, epoch, seq, why, record, at, "on", amount_tiyn, payment, staff, reason,
  coalesce(concat_ws(' ', surname, given_name), '') AS name
FROM meal_odd LEFT JOIN person ON person.school_id = $1 AND person.ref = meal_odd.ref
WHERE meal_odd.school_id = $1 AND why = $2 AND decision = '' ORDER BY at DESC, device, epoch, seq LIMIT $3 OFFSET $4
"""


@dataclass(frozen=True, slots=True)
class Odd:
    """A sale that stands and that somebody should look at; `ref` is who ate, empty if the school does not know."""

    id: str
    at: datetime
    name: str
    ref: str
    device: str
    amount_tiyn: int
    detail: str

    @property
    def rule(self) -> str:
        """Return the rule that was overruled, or how the clock was."""
        return self.detail.partition(": ")[0]

    @property
    def said(self) -> str:
        """Return why it was sold all the same."""
        return self.detail.partition(": ")[2]


@dataclass(frozen=True, slots=True)
class Apart:
    """A sale, void or refund that does not count until somebody decides."""

    place: Place
    why: Oddness
    record: str
    at: datetime
    on: date
    amount_tiyn: int
    payment: str
    staff: str
    reason: str
    name: str


async def odd_counts(services: Services, actor: Actor, school_id: int, on: date) -> list[tuple[Kind, int]]:
    """Return how many sales of a day are odd in each way, those ways left out in which none is. Raises NotAllowed."""
    actor.require(Right.SALES_READ, school_id)
    rows = {Kind(row["kind"]): row["count"] for row in await services.database.pool.fetch(_COUNTS, school_id, on)}
    return [(kind, rows[kind]) for kind in Kind if rows[kind]]


async def odd_of(
    services: Services, actor: Actor, school_id: int, on: date, kind: Kind, page: int = 1
) -> Sequence[Odd]:
    """Return a page of the sales of a day that are odd in one way, the newest first. Raises NotAllowed."""
    actor.require(Right.SALES_READ, school_id)
    statement = _ROWS.format(of_kind=_OF_KIND[kind])
    rows = await services.database.pool.fetch(statement, school_id, on, PAGE, PAGE * (page - 1))
    return [Odd(**row) for row in rows]


async def apart_counts(services: Services, actor: Actor, school_id: int) -> list[tuple[Oddness, int]]:
    """Return how much waits for a decision, by why it does not count. Raises NotAllowed."""
    actor.require(Right.SALES_READ, school_id)
    rows = {row["why"]: row["count"] for row in await services.database.pool.fetch(_APART_COUNTS, school_id)}
    return [(why, rows[why]) for why in Oddness if why in rows]


async def apart_of(services: Services, actor: Actor, school_id: int, why: Oddness, page: int = 1) -> Sequence[Apart]:
    """Return a page of what waits for a decision for one reason, the newest first. Raises NotAllowed."""
    actor.require(Right.SALES_READ, school_id)
    rows = await services.database.pool.fetch(_APART, school_id, why.value, PAGE, PAGE * (page - 1))
    return [_apart(dict(row)) for row in rows]


def _apart(row: dict[str, object]) -> Apart:
    place = Place(str(row.pop("device")), str(row.pop("epoch")), int(str(row.pop("seq"))))
    return Apart(place=place, why=Oddness(str(row.pop("why"))), **row)  # type: ignore[arg-type]
