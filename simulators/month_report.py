"""The month's report of free and subsidised meals against paper; and made anew from the records, byte for byte."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date

from cloud.reports.checking import check
from cloud.reports.content import Content, Tally
from cloud.reports.making import make
from cloud.reports.meals import MEALS
from cloud.reports.months import Month
from cloud.reports.queries import report_of
from simulators.month_cloud import SYSTEM
from simulators.month_days import Days
from simulators.month_paper import Sale
from simulators.month_school import CODE

TOLD_MAX = 600
Counted = tuple[int, int, int, int, int, int]  # students, meals, their price, parents', the budget's, given back


async def report_differences(days: Days) -> list[str]:
    """Make the month's report as a worker does on the first of the next, and return how it differs from paper."""
    month = Month.of(days.plan.days[0])
    report_id = await make(days.services, SYSTEM, days.school.id, MEALS, month)
    if report_id is None:
        return [f"there is no report of {month}"]
    content = (await report_of(days.services, SYSTEM, days.school.id, report_id)).content
    anew = await check(days.services, SYSTEM, CODE, month, MEALS)
    days.counts.happened["meals in the report"] += content.totals.together.meals
    wrong = [f"the report made anew from the records: {each.wrong}" for each in anew if not each.is_same]
    return [*wrong, *_unlike(days, content), *([] if len(anew) == 1 else [f"{len(anew)} reports of {month}"])]


def _unlike(days: Days, content: Content) -> list[str]:
    given = [sale for sale in days.paper.standing() if sale.due.is_by_right]
    by_kind, by_day = defaultdict[str, list[Sale]](list), defaultdict[tuple[date, str], list[Sale]](list)
    for sale in given:
        by_kind[sale.due.kind].append(sale)
        by_day[sale.on, sale.due.kind].append(sale)
    totals = {"free": content.totals.free, "subsidised": content.totals.subsidised}
    pairs: list[tuple[str, object, object]] = [
        ("sum", _counted(given), _told(content.totals.together)),
        ("totals", {kind: _counted(by_kind[kind]) for kind in totals}, {kind: _told(totals[kind]) for kind in totals}),
        ("days", _each(by_day), {(line.on, line.kind): _told(line.tally) for line in content.days}),
        ("dishes", _dishes(given), _dishes_told(content)),
    ]
    return [f"the report's {what}: on paper {wanted}, found {found}"[:TOLD_MAX] for what, wanted, found in pairs
            if wanted != found]  # fmt: skip


def _each(by_day: Mapping[tuple[date, str], list[Sale]]) -> dict[tuple[date, str], Counted]:
    return {key: _counted(sales) for key, sales in by_day.items()}


def _dishes(given: list[Sale]) -> Counter[tuple[str, str, int]]:
    """Return portions by what a dish was called then, by right and by price: a right gives one set, at one price."""
    return Counter((name, sale.due.kind, sale.due.full_tiyn) for sale in given for name, _ in sale.names)


def _dishes_told(content: Content) -> Counter[tuple[str, str, int]]:
    told = Counter[tuple[str, str, int]]()
    for line in content.dishes:
        told[line.name.kk, line.kind, line.price_tiyn] += line.portions
    return told


def _counted(sales: list[Sale]) -> Counted:
    paid, back = sum(sale.due.paid_tiyn for sale in sales), sum(sale.returned_tiyn for sale in sales)
    full = sum(sale.due.full_tiyn for sale in sales)
    return len({sale.child for sale in sales}), len(sales), full, paid - back, full - paid, back


def _told(tally: Tally) -> Counted:
    return (
        tally.students, tally.meals, tally.full_tiyn, tally.parents_tiyn, tally.budget_tiyn, tally.returned_tiyn,
    )  # fmt: skip
