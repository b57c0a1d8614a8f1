"""A school whose canteen sells free lunches, with files of vouchers and a tabel, for tests."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.menu.meals import USUAL, put_meal
from cloud.wallet.kinds import FileKind
from cloud.wallet.taking import TakenFile, take_file
from schemas.structs import Record
from tests.cloud.meals import factory

DAY = date(2026, 9, 1)  # of factory.NOON
PRICE_TIYN = 57_700
VOUCHERS = ("Номер ваучера", "Ребёнок (номер или ИИН)", "Действует с", "Действует по", "Цена, ₸")
TABEL = ("Номер ваучера", "Дата", "Посещение", "Причина")


class WalletSchool:
    """A school with three children, numbered 1 to 3, and a till."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.canteen = factory.Canteen(services)

    async def open(self) -> "WalletSchool":
        await self.canteen.open()
        for meal in USUAL:
            await put_meal(self.services, Actor.system("test"), self.id, meal)
        return self

    @property
    def id(self) -> int:
        return self.canteen.school_id

    @property
    def office(self) -> Actor:
        return Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.OFFICE, self.id)}))

    @property
    def canteen_cook(self) -> Actor:
        return Actor("Сәуле Тұрар", None, frozenset({Reach(Role.CANTEEN, self.id)}))

    @property
    def pool(self) -> Any:
        return self.services.database.pool

    async def vouchers(self, *rows: Sequence[str], heads: Sequence[str] = VOUCHERS) -> TakenFile:
        return await self.take(FileKind.VOUCHERS, csv_bytes(heads, *rows))

    async def tabel(self, *rows: Sequence[str], heads: Sequence[str] = TABEL) -> TakenFile:
        return await self.take(FileKind.TABEL, csv_bytes(heads, *rows))

    async def take(self, kind: FileKind, content: bytes) -> TakenFile:
        return await take_file(self.services, self.office, self.id, kind, content)

    async def eat(self, child: int, price: int = PRICE_TIYN, **more: Any) -> Sequence[Record]:
        """Let a child, the first being 0, have a free lunch at noon of DAY."""
        records = self.canteen.sold(child, price, payment="free", **more)
        await self.canteen.send(*records)
        await self.canteen.project()
        return records


def voucher(number: int, *, last: str = "25.05.2027", price: str = "577,00") -> tuple[str, ...]:
    """Return a row of VOUCHERS: child number `number` has the voucher SK-<number>."""
    return f"SK-{number}", str(number), "01.09.2026", last, price


def csv_bytes(heads: Sequence[str], *rows: Sequence[str]) -> bytes:
    return "\n".join(";".join(row) for row in (heads, *rows)).encode()


def problems(taken: TakenFile) -> Mapping[int, str]:
    return {problem.row: str(problem.message) for problem in taken.problems}
