"""A canteen for tests: meals, dishes, a set, and the people who plan, approve and pay."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from cloud.accounts.actions import add_account
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.menu.dishes import add_dish
from cloud.menu.kinds import SET
from cloud.menu.meals import USUAL, put_meal
from cloud.menu.menus import publish_menus, set_menu
from cloud.menu.rules import DishGiven, Names
from cloud.people.actions import add_guardian, give_consent, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Purpose, Relation
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

SOUP = DishGiven(Names("Борщ", "Борщ", "Borscht"), "soup", 35_000, "250 г", 120, "свёкла, капуста", ("celery",))
BREAD = DishGiven(Names("Нан", "Хлеб", "Bread"), "bakery", 5_000, "40 г", 90, "", ("gluten",))
TEA = DishGiven(Names("Шай", "Чай", "Tea"), "drink", 8_000)


@dataclass
class Canteen:
    """A school with a canteen; `on` is its day."""

    services: Services
    school_id: int = 0
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def on(self) -> date:
        return (self.services.clock.now() + timedelta(hours=5)).date()

    @property
    def cook(self) -> Actor:
        return Actor("Сәуле Тұрар", None, frozenset({Reach(Role.CANTEEN, self.school_id)}))

    async def open(self) -> "Canteen":
        """Add the school, the usual meals, three dishes, and a set of two of them."""
        self.school_id = await a_school(self.services)
        for meal in USUAL:
            await put_meal(self.services, self.cook, self.school_id, meal)
        for name, dish in (("soup", SOUP), ("bread", BREAD), ("tea", TEA)):
            self.keys[name] = await add_dish(self.services, self.cook, self.school_id, dish)
        lunch = DishGiven(
            Names("Түскі ас 1-4", "Обед 1-4", "Lunch 1-4"), SET, 57_700, parts=(self.keys["soup"], self.keys["bread"])
        )
        self.keys["lunch"] = await add_dish(self.services, self.cook, self.school_id, lunch)
        return self

    async def offer(self, *names: str, on: date | None = None, sold: str = "", publish: bool = True) -> None:
        """Write a lunch of these dishes, and publish it."""
        day, keys = on or self.on, [self.keys[name] for name in names]
        await set_menu(self.services, self.cook, self.school_id, day, "lunch", keys, self.keys[sold] if sold else "")
        if publish:
            await publish_menus(self.services, self.cook, self.school_id, day, day)

    async def child(self, number: str = "1", class_id: int | None = None) -> tuple[int, str]:
        """Add a student and return id and reference."""
        person_id = await a_student(self.services, self.school_id, number, class_id)
        ref = await self.services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", person_id)
        return person_id, str(ref)

    async def parent(self, person_id: int, phone: str = "+77010000001", *, acts: bool = True) -> Actor:
        """Give a child a guardian with an account, and return the guardian as an actor."""
        given = GuardianGiven("Әліби Сауле", phone, None)
        guardian_id = await add_guardian(self.services, SYSTEM, person_id, given, Relation.MOTHER, may_block_card=acts)
        await give_consent(self.services, SYSTEM, person_id, Purpose.NOTICES, self.on, "form 12")
        await open_guardian_account(self.services, SYSTEM, guardian_id)
        account_id = await self.services.database.pool.fetchval(
            "SELECT account_id FROM guardian WHERE id = $1", guardian_id
        )
        return Actor("Әліби Сауле", account_id, frozenset({Reach(Role.GUARDIAN, self.school_id)}))

    async def clerk(self, role: Role, login: str) -> Actor:
        """Return somebody of the school with an account."""
        made = await add_account(self.services, SYSTEM, login, login, Reach(role, self.school_id))
        return Actor(login, made.account_id, frozenset({Reach(role, self.school_id)}))


def priced(dish: DishGiven, price_tiyn: int) -> DishGiven:
    """Return a dish with another price."""
    return replace(dish, price_tiyn=price_tiyn)
