"""A demonstration school is entered into the cloud, by the same actions that an operator and an office use."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cloud.accounts.actions import NewAccount, add_account, change_password
from cloud.accounts.queries import account_of_login
from cloud.cards.keys import card_key
from cloud.cli.world import services_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate
from cloud.devices.guards import set_guard_pin
from cloud.imports.actions import import_school
from cloud.notifications.channels.push_keys import make_push_key
from cloud.people.actions import open_guardian_account
from cloud.people.pins import staff_of
from cloud.people.queries import guardians_of, people_of
from cloud.rosters.bundles import add_device
from cloud.schools.actions import NewSchool, add_school, set_bells
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day, Ring
from simulators.demo_canteen import meals_around, seed_canteen, seed_till
from simulators.demo_cloud import DemoCloud
from simulators.demo_family import seed_family
from simulators.demo_people import DemoPerson
from simulators.demo_spreadsheet import spreadsheet
from simulators.demo_till import Shift
from simulators.demo_time import Plan
from simulators.demo_wallet import seed_wallet
from simulators.school import MINUTE_MS

CODE = "esikdemo"
TILL = "till-1"  # its device
PASSWORD = "tap-and-go-7"  # noqa: S105 # of people who do not exist, on a loopback port
SYSTEM = Actor.system("demonstration")
SCHOOL_NAMES = ("«Есік» көрсетілім мектебі", "Показательная школа «Есик»", "Esik demonstration school")
CONSENTED_BEFORE = timedelta(days=80)
GATE_NAMES = {
    "north": ("Басты кіреберіс", "Главный вход", "Main entrance"),
    "south": ("Аула жақ есік", "Вход со двора", "Yard door"),
}
STAFF = (
    (Role.GUARD, "guard", "Серік Оспанов", "guard: the screen at the gate, who is inside"),
    (Role.OFFICE, "office", "Гүлнар Ахметова", "office: inside, late and absent, by class"),
    (Role.CANTEEN, "canteen", "Сәуле Тұрар", "canteen: what the till sells, dishes, menus of two weeks"),
    (Role.DIRECTOR, "director", "Бақыт Оразов", "director: approves who eats free"),
    (Role.IT, "school-it", "Данияр Ким", "IT: every device and its health"),
)


class ImportFailed(Exception):
    """The spreadsheet of our own making was refused: the message says which row."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody whom a visitor may sign in as, and what is seen then."""

    login: str
    password: str
    sees: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a visitor needs to look, each device's bundle by its name, and who opens the till."""

    sign_ins: Sequence[SignIn]
    bundles: Mapping[str, Mapping[str, object]]
    shift: Shift


async def seed_school(
    cloud: DemoCloud, plan: Plan, people: Sequence[DemoPerson], gates: Mapping[str, str], file: Path
) -> Seeded:
    """Add the school with bells and people from a spreadsheet, its devices (gate -> device) and accounts.

    Raises ImportFailed.
    """
    async with services_of(cloud.settings) as services:
        school_id = await _add_school(services, plan)
        content = spreadsheet(people, plan.today - CONSENTED_BEFORE)
        await asyncio.to_thread(file.write_bytes, content)  # for visitors: what an office would upload
        report = await import_school(services, SYSTEM, school_id, content)
        for problem in report.problems:
            raise ImportFailed(f"{file}, sheet {problem.sheet}, row {problem.row}: {problem.message}")
        bundles = {
            device: json.loads(await add_device(services, SYSTEM, CODE, NewDevice(device, [_gate(gate)])))
            for gate, device in gates.items()
        }
        bundles[TILL] = json.loads(await add_device(services, SYSTEM, CODE, NewDevice(TILL, [])))
        await seed_canteen(services, school_id, meals_around(plan.begins_ms // MINUTE_MS))
        refs = {row.name: row.ref for row in await people_of(services, SYSTEM, school_id)}
        shift = await seed_till(services, school_id, TILL, {refs[each.name]: each for each in people})
        await _let_guards_sign_in(services, school_id, shift)
        await seed_wallet(services, school_id)
        await make_push_key(services, SYSTEM)
        return Seeded(await _sign_ins(services, school_id, refs[people[0].name]), bundles, shift)


async def _add_school(services: Services, plan: Plan) -> int:
    school_id = await add_school(services, SYSTEM, NewSchool(CODE, *SCHOOL_NAMES, plan.zone))
    await card_key(services, school_id)
    rings = [Ring(each.shift, each.lesson, each.starts_min, each.ends_min) for each in plan.lessons]
    await set_bells(services, SYSTEM, school_id, rings)
    await set_day(services, SYSTEM, school_id, plan.today, Day(DayKind.WORKDAY))  # also when this is a Sunday
    return school_id


async def _let_guards_sign_in(services: Services, school_id: int, shift: Shift) -> None:
    """Give somebody of the staff the till's PIN for the guard's desks: a visitor remembers one."""
    guard = next(ref for ref, _ in await staff_of(services.database.pool, school_id) if ref != shift.staff)
    await set_guard_pin(services, SYSTEM, school_id, guard, shift.pin)


def _gate(gate: str) -> NewGate:
    return NewGate(gate, *GATE_NAMES[gate], has_sensor=True)


async def _sign_ins(services: Services, school_id: int, ref: str) -> list[SignIn]:
    signs = [await _parent(services, school_id, ref)]
    for role, login, name, sees in STAFF:
        made = await add_account(services, SYSTEM, login, name, Reach(role, school_id))
        await _choose_password(services, made, name)
        signs.append(SignIn(made.login, PASSWORD, sees))
    return signs


async def _parent(services: Services, school_id: int, ref: str) -> SignIn:
    guardian = (await guardians_of(services, SYSTEM, ref))[0]
    opened = await open_guardian_account(services, SYSTEM, guardian.id)
    assert opened.password is not None, "the account is new"  # noqa: S101
    account_id = await account_of_login(services, opened.login)
    await _choose_password(services, NewAccount(account_id, opened.login, opened.password), guardian.name)
    await seed_family(services, school_id, ref, Actor(guardian.name, account_id))
    return SignIn(opened.login, PASSWORD, "parent: the first child comes in a minute, and eats soon after")


async def _choose_password(services: Services, made: NewAccount, name: str) -> None:
    """Do for a visitor what the first sign-in asks of everybody: choose a password of one's own."""
    await change_password(services, Actor(name, made.account_id), made.password, PASSWORD)
