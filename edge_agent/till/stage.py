"""What a till's screen is about, and everything it shows of a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edge_agent.till.book import Book, Buyer, Day, Menu
from edge_agent.till.rules import Judgement, Known, Line
from edge_agent.till.sales import Sold
from edge_agent.timekeeper import Stamp
from schemas.structs import MealRow, Shift

Kind = Literal["idle", "buyer", "turned", "sold", "not_sold"]


@dataclass(frozen=True, slots=True)
class Stage:
    """What the screen is about. `turn` grows with everybody who comes to stand there."""

    kind: Kind = "idle"
    turn: int = 0
    ref: str | None = None
    reason: str = ""
    about: Sequence[str] = ()
    sales: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """Everything the screen shows of a moment."""

    stage: Stage
    stamp: Stamp
    book: Book | None
    day: Day
    meal: MealRow | None
    menu: Menu
    shift: Shift | None
    buyer: Buyer | None
    known: Known
    lines: Sequence[Line]
    judgement: Judgement | None
    cash: Judgement | None
    last: Sold | None
