"""What the cashier has put together for one sale.

Rule: a basket that nobody has touched holds what one touch sells: an order made ahead, else the set; once touched, it
holds what was touched and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_agent.till.book import Dish, Menu
from edge_agent.till.rules import Line


@dataclass(slots=True)
class Basket:
    """Dishes by their ids, in the order in which they came."""

    is_touched: bool = False
    _counts: dict[str, int] = field(default_factory=dict)

    def lines(self, menu: Menu, offered: Sequence[Dish]) -> Sequence[Line]:
        """Return what is in it; `offered` is what stands in an untouched one."""
        if not self.is_touched:
            return [Line(dish) for dish in offered]
        dishes = ((menu.dish(dish_id), count) for dish_id, count in self._counts.items())
        return [Line(dish, count) for dish, count in dishes if dish is not None]

    def with_more(self, dish: Dish, count: int, shown: Sequence[Line]) -> Sequence[Line]:
        """Return what would be in it with so many more of a dish; `shown` is what is in it now."""
        counts = {line.dish.id: line.count for line in shown}
        dishes = {line.dish.id: line.dish for line in shown} | {dish.id: dish}
        counts[dish.id] = counts.get(dish.id, 0) + count
        return [Line(dishes[dish_id], left) for dish_id, left in counts.items() if left > 0]

    def hold(self, lines: Sequence[Line]) -> None:
        """Hold these lines, as touched."""
        self.is_touched = True
        self._counts = {line.dish.id: line.count for line in lines}

    def clear(self) -> None:
        """Be as nobody has touched it."""
        self.is_touched = False
        self._counts = {}
