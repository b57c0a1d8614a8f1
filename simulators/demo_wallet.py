"""The demonstration school's vouchers and yesterday's tabel: what agrees and what somebody has to look at."""

from datetime import date, timedelta

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.menu.dishes import today_of
from cloud.people.kinds import PersonRole
from cloud.people.queries import people_of
from cloud.wallet.kinds import FileKind
from cloud.wallet.taking import take_file

SYSTEM = Actor.system("demonstration")
YOUNGEST = ("1А", "3Ә")  # who eats free
TERM = timedelta(days=270)
PRICE_TENGE = "811"
ILL = 4  # of the children, who do not eat and are absent by the tabel
FORGOTTEN = 2  # who are present by the tabel, and ate nothing that was recorded


async def seed_wallet(services: Services, school_id: int) -> None:
    """Take in a file of vouchers, and a tabel in which a few children were ill yesterday."""
    today = await today_of(services, school_id)
    people = await people_of(services, SYSTEM, school_id)
    refs = [each.ref for each in people if each.role is PersonRole.STUDENT and each.class_name in YOUNGEST]
    await take_file(services, SYSTEM, school_id, FileKind.VOUCHERS, _vouchers(refs, today))
    await take_file(services, SYSTEM, school_id, FileKind.TABEL, _tabel(today - timedelta(days=1)))


def _vouchers(refs: list[str], today: date) -> bytes:
    first_on, last_on = today - timedelta(days=today.weekday() + 7), today + TERM
    rows = [f"SK-{number:06d};{ref};{first_on};{last_on};{PRICE_TENGE}" for number, ref in enumerate(refs, 1)]
    return "\n".join(["voucher;child;valid_from;valid_to;price_tenge", *rows]).encode()


def _tabel(on: date) -> bytes:
    ill = [f"SK-{number:06d};{on};absent;ауырып қалды" for number in range(1, ILL + 1)]
    forgotten = [f"SK-{number:06d};{on};present;" for number in range(ILL + 1, ILL + FORGOTTEN + 1)]
    return "\n".join(["voucher;day;attendance;reason", *ill, *forgotten]).encode()
