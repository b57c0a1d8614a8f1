"""Reports of the builder for pages to show: one shared and made each week, one of hours, one of deeds."""

from datetime import timedelta

from cloud.accounts.models import Account
from cloud.builder.choice import Choice, Filter
from cloud.builder.keeping import SHARED_WITH, keep, schedule, share
from cloud.builder.kinds import Drawing, Every, Period, Shape
from cloud.builder.making import make_due
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services

_DUE = "UPDATE built_report SET next_on = $1 WHERE every IS NOT NULL"
LATE = Choice(
    "attendance", Period.MONTH, groups=("class",), measures=("share:late", "average:late_min", "count"),
    sort="-share:late", drawing=Drawing.COLUMNS,
)  # fmt: skip
ONE_BY_ONE = Choice(
    "attendance", Period.WEEK, shape=Shape.ROWS, columns=("day", "class", "student", "came", "late_min"),
    filters=(Filter("late", ("yes",)),), sort="-late_min",
)  # fmt: skip
DEEDS = Choice(
    "deeds", groups=("subsystem", "role"), measures=("count", "people"), sort="-count", drawing=Drawing.BARS
)  # fmt: skip


async def write(services: Services, school_id: int) -> None:
    """Write the director's reports, the first shared with every role, and the office's, shared with the director."""
    director = await _actor("Бақыт Оразов", Role.DIRECTOR, school_id)
    office = await _actor("Гүлнар Ахметова", Role.OFFICE, school_id)
    today = services.clock.now().date()
    first = await keep(services, director, school_id, "Сыныптар бойынша кешігу / Опоздания", LATE, today)
    await share(services, director, school_id, first, SHARED_WITH, [office.account_id or 0])
    await schedule(services, director, school_id, first, Every.WEEK, today)
    await services.database.pool.execute(_DUE, today - timedelta(days=1))
    assert await make_due(services) == 1
    await keep(services, director, school_id, "Осы аптада кешіккендер", ONE_BY_ONE, today)
    deeds = await keep(services, office, school_id, "Кім не істеді", DEEDS, today)
    await share(services, office, school_id, deeds, [Role.DIRECTOR], [])


async def _actor(name: str, role: Role, school_id: int) -> Actor:
    account = await Account.filter(name=name).first()
    assert account is not None
    return Actor(account.name, account.id, frozenset({Reach(role, school_id)}))
