"""The school of a simulated month is entered into the cloud, by the actions that its office and its canteen use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from argon2 import PasswordHasher

from cloud.cards.actions import block_card, give_card
from cloud.cards.bulk import CardGiven, put_cards
from cloud.cards.queries import cards_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.devices.actions import NewDevice
from cloud.menu.dishes import add_dish, change_dish
from cloud.menu.entitlements import EntitlementGiven, approve, list_children, propose
from cloud.menu.kinds import SET, Limit, RightKind, TillMode
from cloud.menu.meals import USUAL, put_meal
from cloud.menu.menus import fill_from_cycle, keep_cycle, publish_menus, set_menu
from cloud.menu.restrictions import restrict
from cloud.menu.rules import DishGiven, Names
from cloud.menu.tills import TillRow, put_till, set_pin
from cloud.people.actions import add_guardian, add_person, open_guardian_account
from cloud.people.bulk import ConsentGiven, GuardianGiven, PersonGiven, put_consents, put_people
from cloud.people.kinds import PersonRole, Purpose, Relation
from cloud.people.moving import leave
from cloud.rosters.bundles import HubAddress, add_device
from cloud.schools.actions import NewSchool, add_school
from cloud.schools.bulk import ClassGiven, put_classes
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day
from cloud.topups.numbers import number_of
from simulators.month_cloud import SYSTEM
from simulators.month_plan import (
    BREAKFAST,
    CYCLE_MONDAY,
    FOODS,
    GRADES_THAT_EAT_FREE,
    HOLIDAY,
    LAST_ON,
    LISTS,
    LUNCH,
    SATURDAY_OF_WORK,
    SNACK,
    Child,
    Plan,
    Right,
    menu_of,
)  # fmt: skip

CODE = "mektep1"
HUB_PORT = 8883  # nobody listens there: the network of a month has no sockets
PIN = "471108"
CASHIERS = 2
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # cheap to try on purpose: a month has many shifts
SUBSIDISED_KIND = {"free": RightKind.FREE, "subsidised": RightKind.SUBSIDISED}


@dataclass(slots=True)
class School:
    """The school as it stands in the cloud; `keys` are its dishes by our own words."""

    services: Services
    plan: Plan
    id: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    foods: dict[str, str] = field(default_factory=dict)  # the other way round
    prices: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    classes: Mapping[tuple[int, str], int] = field(default_factory=dict)
    cashiers: list[str] = field(default_factory=list)
    bundles: dict[str, bytes] = field(default_factory=dict)

    async def enter(self) -> None:
        """Enter everything but the tills."""
        self.id = await add_school(self.services, SYSTEM, NewSchool(CODE, "№1 мектеп", "Школа № 1", "School No. 1"))
        await set_day(self.services, SYSTEM, self.id, HOLIDAY, Day(DayKind.HOLIDAY))
        await set_day(self.services, SYSTEM, self.id, SATURDAY_OF_WORK, Day(DayKind.WORKDAY))
        await self._people()
        await self._dishes()
        await self._menus()
        await self._rights()

    async def add_till(self, device: str, key: str, mode: TillMode, hub: str) -> None:
        """Add a device with its secrets, and put a till on it."""
        place = HubAddress(hub, "192.0.2.1", HUB_PORT, is_tls=False)
        new = NewDevice(device, is_hub=device == hub)
        self.bundles[device] = await add_device(self.services, SYSTEM, CODE, new, place)
        await put_till(
            self.services, SYSTEM, self.id, TillRow(key, Names("Асхана", "Столовая", "Canteen"), device, mode)
        )

    def bundle_file(self, device: str, folder: Path) -> Path:
        """Write a device's bundle where only its owner reads it."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "bundle.json"
        file.write_bytes(self.bundles[device])
        file.chmod(0o600)
        return file

    # What happens in a month

    async def set_price(self, food: str, price_tiyn: int, today: date) -> None:
        """Let a dish cost something else from today on."""
        self.prices[food] = price_tiyn
        await self._change(food, today)

    async def rename(self, food: str, name: str, today: date) -> None:
        """Call a dish otherwise from today on."""
        self.names[food] = name
        await self._change(food, today)

    async def move(self, child: Child, grade: int) -> None:
        """Let a child be in another class from now on."""
        child.grade = grade
        letter = next(letter for known, letter in self.classes if known == grade)
        child.letter = letter
        await add_person(self.services, SYSTEM, self.id, _given(child, self.classes[grade, letter]))

    async def lose_card(self, child: Child) -> None:
        """Block a card that was lost."""
        child.has_card = False
        for card in await cards_of(self.services, SYSTEM, child.ref):
            if card.state.value == "active":
                await block_card(self.services, SYSTEM, card.id)

    async def give_card(self, child: Child, uid: bytes) -> None:
        """Give a child a new card."""
        child.uid, child.has_card = uid, True
        await give_card(self.services, SYSTEM, child.person_id, uid.hex())

    async def let_go(self, child: Child) -> None:
        """Let a child leave the school."""
        child.is_here = False
        await leave(self.services, SYSTEM, child.person_id)

    # Entering

    async def _people(self) -> None:
        """Enter classes, children with consents and cards, and cashiers with their PIN."""
        children = self.plan.children
        wanted = sorted({(child.grade, child.letter) for child in children})
        async with self.services.database.transaction() as connection:
            at = raw(connection)
            self.classes = await put_classes(at, self.id, [ClassGiven(*each, shift=1) for each in wanted])
            given = [_given(child, self.classes[child.grade, child.letter]) for child in children]
            ids = await put_people(self.services, at, self.id, given)
            for child, person_id in zip(children, ids, strict=True):
                child.person_id = person_id
            today = (self.services.clock.now() + timedelta(hours=5)).date()
            await put_consents(self.services, at, [ConsentGiven(each, Purpose.CARD, today, "form 1") for each in ids])
            cards = [CardGiven(child.person_id, child.uid.hex()) for child in children]
            assert not await put_cards(self.services, at, self.id, cards), "each has a card of its own"  # noqa: S101
            staff = await put_people(self.services, at, self.id, [_cashier(number) for number in range(CASHIERS)])
        rows = await self.services.database.pool.fetch("SELECT id, ref FROM person WHERE school_id = $1", self.id)
        refs = {row["id"]: row["ref"] for row in rows}
        for child in children:
            child.ref, child.pays_at = refs[child.person_id], await number_of(self.services, child.person_id)
        self.cashiers = [refs[each] for each in staff]
        for cashier in self.cashiers:
            await set_pin(self.services, SYSTEM, self.id, cashier, PIN)
        await self.services.database.pool.execute("UPDATE till_pin SET pin_hash = $1", QUICK.hash(PIN))

    async def _dishes(self) -> None:
        for meal in USUAL:
            await put_meal(self.services, SYSTEM, self.id, meal)
        for food, dish in FOODS.items():
            self.prices[food], self.names[food] = dish.price_tiyn, dish.names[0]
            self.keys[food] = await add_dish(self.services, SYSTEM, self.id, self._dish(food))
        self.foods = {key: food for food, key in self.keys.items()}

    def _dish(self, food: str) -> DishGiven:
        dish = FOODS[food]
        names = Names(self.names[food], *dish.names[1:])
        parts = tuple(self.keys[part] for part in dish.parts)
        category = SET if parts else dish.category
        return DishGiven(names, category, self.prices[food], allergens=dish.allergens, parts=parts)

    async def _change(self, food: str, today: date) -> None:
        await change_dish(self.services, SYSTEM, self.id, self.keys[food], self._dish(food), today)

    async def _menus(self) -> None:
        """Write two weeks by hand, keep them as a cycle, and copy that onto the month's school days."""
        for on in (CYCLE_MONDAY + timedelta(days=number) for number in range(14)):
            for meal in (BREAKFAST, LUNCH, SNACK):
                menu = menu_of(on, meal)
                keys = [self.keys[food] for food in menu.foods]
                chosen = self.keys[menu.set] if menu.set else ""
                await set_menu(self.services, SYSTEM, self.id, on, meal, keys, chosen)
        await keep_cycle(self.services, SYSTEM, self.id, "Негізгі", CYCLE_MONDAY, 2)
        await fill_from_cycle(self.services, SYSTEM, self.id, "Негізгі", CYCLE_MONDAY, LAST_ON)
        await publish_menus(self.services, SYSTEM, self.id, CYCLE_MONDAY, LAST_ON)

    async def _rights(self) -> None:
        of_grades = EntitlementGiven(
            RightKind.FREE, "grades", (LUNCH,), LISTS["social_aid"][0].first_on, LISTS["social_aid"][0].last_on,
            "№ 1 бұйрық", tuple(GRADES_THAT_EAT_FREE),
        )  # fmt: skip
        await self._approved(of_grades, [])
        for name, rights in LISTS.items():
            refs = [child.ref for child in self.plan.children if name in child.lists]
            for right in rights:
                await self._approved(_order(name, right), refs)

    async def _approved(self, order: EntitlementGiven, refs: Sequence[str]) -> None:
        number = await propose(self.services, SYSTEM, self.id, order)
        if refs:
            await list_children(self.services, SYSTEM, self.id, number, refs)
        await approve(self.services, SYSTEM, self.id, number)

    async def families(self, rng: Random) -> None:
        """Give siblings a mother, and let mothers say what their children may not have, and spend."""
        for child in self.plan.children:
            mother = GuardianGiven("Әліби Сауле", f"+7701{rng.randrange(10**7):07d}")
            if child.sibling is not None:
                await self._mother(self.plan.children[child.sibling], mother)
            if child.sibling is not None or child.allergen or child.day_limit_tiyn is not None:
                await self._forbid(child, await self._mother(child, mother))

    async def _mother(self, child: Child, mother: GuardianGiven) -> int:
        return await add_guardian(self.services, SYSTEM, child.person_id, mother, Relation.MOTHER)

    async def _forbid(self, child: Child, guardian: int) -> None:
        limits = [(Limit.ALLERGEN, child.allergen)] if child.allergen else []
        if child.day_limit_tiyn is not None:
            limits.append((Limit.DAY_LIMIT, str(child.day_limit_tiyn // 100)))
        if not limits:
            return
        await open_guardian_account(self.services, SYSTEM, guardian)
        account = await self.services.database.pool.fetchval("SELECT account_id FROM guardian WHERE id = $1", guardian)
        actor = Actor("Әліби Сауле", account, frozenset({Reach(Role.GUARDIAN, self.id)}))
        for kind, value in limits:
            await restrict(self.services, actor, child.ref, kind, value)


def _order(ground: str, right: Right) -> EntitlementGiven:
    return EntitlementGiven(
        SUBSIDISED_KIND[right.kind], ground, (right.meal,), right.first_on, right.last_on, f"№ 2 бұйрық, {ground}",
        price_tiyn=right.price_tiyn,
    )  # fmt: skip


def _cashier(number: int) -> PersonGiven:
    return PersonGiven(
        role=PersonRole.STAFF, surname="Сейітова", given_name=f"Айгүл{'а' * number}", number=f"c{number}"
    )


def _given(child: Child, class_id: int) -> PersonGiven:
    return PersonGiven(
        role=PersonRole.STUDENT, surname="Оқушы", given_name=f"Айым{'а' * (child.number % 7)}",
        number=str(child.number), class_id=class_id,
    )  # fmt: skip
