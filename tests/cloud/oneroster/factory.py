"""A small school with two classes, two quarters, and a program that may read its roster."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import httpx2

from cloud.core.services import Services
from cloud.people.kinds import PersonRole
from cloud.people.models import Person
from cloud.people.rules import sort_key
from cloud.schools.models import SchoolClass, Term
from cloud.tokens.scopes import Scope
from tests.cloud.tokens.factory import program, school, token

ROOT = "/ims/oneroster/rostering/v1p2"
TERMS = ((date(2026, 9, 1), date(2026, 10, 25)), (date(2026, 11, 2), date(2026, 12, 27)))


async def roster(services: Services, code: str = "almaty15") -> int:
    """Write a school: Әлия and Тимур in 5А, Мария in 6Б, a teacher, a director and a caretaker."""
    at = await school(services, code)
    for first_on, last_on in TERMS:
        await Term(school_id=at, first_on=first_on, last_on=last_on).save()
    five = await SchoolClass.create(school_id=at, grade=5, letter="А")
    six = await SchoolClass.create(school_id=at, grade=6, letter="Б")
    rows = (
        ("Сұлтан", "Әлия", five.id, ""), ("Қожахмет", "Тимур", five.id, ""), ("Иванова", "Мария", six.id, ""),
        ("Оспанова", "Гүлнар", None, "математика мұғалімі"), ("Оразов", "Бақыт", None, "директор"),
        ("Ким", "Олег", None, "завхоз"),
    )  # fmt: skip
    for number, (surname, given, class_id, position) in enumerate(rows):
        await person(services, at, f"{code}{number:04}"[-12:].rjust(12, "0"), surname, given, class_id, position)
    return at


async def person(
    services: Services, at: int, ref: str, surname: str, given: str, class_id: int | None, position: str = ""
) -> None:
    """Write a person: a student if there is a class, else staff."""
    role = PersonRole.STUDENT if class_id is not None else PersonRole.STAFF
    await Person(
        school_id=at, shard=7, ref=ref, role=role, surname=surname, given_name=given, position=position,
        sort_key=sort_key(surname, given, ""), school_class_id=class_id, created_at=services.clock.now(),
    ).save()  # fmt: skip


@asynccontextmanager
async def reader(services: Services, at: int, *scopes: Scope) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask with a token that may read the roster; with all names, where no scopes are named."""
    made = await token(services, at, *(scopes or (Scope.ROSTER_READ, Scope.ROSTER_NAMES)))
    async with program(services, made.secret) as client:
        yield client
