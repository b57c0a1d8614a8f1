"""What is ordered ahead for somebody, and what therefore stands in a basket that nobody has touched. Pure.

Rule: an order is only an offer: it is sold as any sale is, at the price and by the rights of the day, once.
"""

from collections.abc import Sequence

from edge_agent.till.book import Buyer, Dish, Menu
from edge_agent.till.rules import Known


def standing(buyer: Buyer, menu: Menu, known: Known) -> Sequence[Dish]:
    """Return what of an order can still be sold: what is offered, and nothing once a dish of it was sold."""
    dishes = [dish for dish in map(menu.dish, buyer.ordered) if dish is not None]
    return [] if known.used.intersection(dish.key for dish in dishes) else dishes


def untouched(buyer: Buyer | None, menu: Menu, known: Known, *, sells_sets: bool) -> Sequence[Dish]:
    """Return what one touch sells to somebody: their order, else the set where the till sells sets."""
    ordered = standing(buyer, menu, known) if buyer is not None else []
    if ordered:
        return ordered
    return [menu.set] if sells_sets and menu.set is not None else []
