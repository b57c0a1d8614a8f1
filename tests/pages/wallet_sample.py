"""A school's vouchers and the tabel of its first day, for pages to show: what agrees, what waits, what differs."""

from collections.abc import Sequence

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.wallet.explaining import explain
from cloud.wallet.kinds import FileKind
from cloud.wallet.taking import take_file
from tests.pages.canteen_sample import DAY


async def write(services: Services, school_id: int, refs: Sequence[str]) -> None:
    """Let files come in; the second of `refs` has eaten twice, the others not at all."""
    office = Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.OFFICE, school_id)}))
    vouchers = [f"SK-{number:06d};{ref};01.09.2026;25.05.2027;577" for number, ref in enumerate(refs[1:], 1)]
    heads = "Номер ваучера;Ребёнок (номер или ИИН);Действует с;Действует по;Цена, ₸"
    wrong = "SK-000099;9999;01.09.2026;25.05.2027;577"
    await take_file(services, office, school_id, FileKind.VOUCHERS, "\n".join([heads, *vouchers, wrong]).encode())
    told = ("present", "present", "absent", "present")
    days = [f"SK-{number:06d};01.09.2026;{word};" for number, word in enumerate(told, 1)]
    heads = "Номер ваучера;Дата;Посещение;Причина"
    await take_file(services, office, school_id, FileKind.TABEL, "\n".join([heads, *days]).encode())
    await explain(services, office, school_id, refs[2], DAY, "lunch", "Түскі астан бас тартты, ата-анасының өтініші")
