"""Profiles of staff through their seam: the teacher's own, what the office confirms, and attestations that end."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.adding import add, mend, send_back
from cloud.portfolio.entries import ending_at, entries_of, staff_of, waiting_of_staff
from cloud.portfolio.errors import EntryRefused
from cloud.portfolio.files import checked_file
from cloud.portfolio.kinds import OF_STAFF, Given, Kind, State, Subject
from cloud.portfolio.reach import own_place, own_places, staff_at
from tests.cloud.portfolio.factory import TODAY, confirm_seen, picture
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.studies.factory import a_teacher

EVERYTHING = (
    Given(Kind.EDUCATION, "Абай атындағы ҚазҰПУ", TODAY - timedelta(days=4_000), "математика, диплом 12"),
    Given(Kind.TITLE, "Ы. Алтынсарин төсбелгісі", TODAY - timedelta(days=400)),
    Given(Kind.DEGREE, "Педагогика магистрі", TODAY - timedelta(days=3_000)),
    Given(Kind.TEST, "ҰБТ", TODAY - timedelta(days=100), "48 балл"),
    Given(Kind.ATTESTATION, "Бұйрық 7", TODAY - timedelta(days=1_700), "", "expert", "", TODAY + timedelta(days=100)),
    Given(Kind.TRAINING, "«Өрлеу»", TODAY - timedelta(days=300), "", hours=80),
    Given(Kind.STAFF_CERTIFICATE, "IELTS", TODAY - timedelta(days=200), "7.5"),
    Given(Kind.STAFF_WORK, "Ашық сабақ", TODAY - timedelta(days=50)),
)  # fmt: skip


@dataclass(slots=True)
class Work:
    """A school with two teachers, by their accounts, and the office."""

    services: Services
    school_id: int
    teacher_ids: list[int]  # persons
    teachers: list[Actor]
    office: Actor


@pytest.fixture(name="school")
async def _school(services: Services) -> Work:
    school_id = await a_school(services)
    names = {"first": ("Сейіт", "Айгүл"), "second": ("Ким", "Вера")}
    told = [await a_teacher(services, school_id, name, login) for login, name in names.items()]
    office = Actor("Гүлнар Ахметова", reaches=frozenset({Reach(Role.OFFICE, school_id)}))
    return Work(services, school_id, [each for each, _ in told], [actor for _, actor in told], office)


async def _own(school: Work, number: int = 0) -> Subject:
    (place,) = await own_places(school.services, school.teachers[number])
    return place


@pytest.mark.requirement("KZ456-27.2")
async def test_a_teacher_fills_the_own_profile_and_the_office_confirms_it(school: Work) -> None:
    services, teacher = school.services, school.teachers[0]
    own = await _own(school)
    assert own.id == school.teacher_ids[0]
    for given in EVERYTHING:
        file = await checked_file(picture("JPEG"))
        await add(services, teacher, own, given, OF_STAFF, state=State.WAITING, file=file)
    waiting = await waiting_of_staff(services, school.office, school.school_id)
    assert [each.given for each in waiting] == list(EVERYTHING)
    whose = await staff_at_office(school, own.ref)

    for each in waiting[1:]:
        await confirm_seen(services, school.office, whose, each.id)
    await send_back(services, school.office, whose, waiting[0].id, "Дипломның беті анық емес")
    await mend(services, teacher, own, waiting[0].id, "диплом ЖБ-Б № 0123", None)

    entries = await entries_of(services, teacher, own, OF_STAFF)
    assert {each.given.kind for each in entries} == set(OF_STAFF)
    assert {each.given.kind for each in entries if each.state is State.WAITING} == {Kind.EDUCATION}
    assert all(len(each.files) == 1 for each in entries)
    (member,) = [each for each in await staff_of(services, school.office, school.school_id, TODAY) if each.confirmed]
    assert (member.hours, member.attested_until) == (80, TODAY + timedelta(days=100))


async def staff_at_office(school: Work, ref: str) -> Subject:
    return await staff_at(school.services, school.office, school.school_id, ref, Right.STAFF_PROFILES_KEEP)


@pytest.mark.requirement("KZ456-27.2")
async def test_attestations_that_end_soon_are_listed_until_a_later_one_is_confirmed(school: Work) -> None:
    services = school.services
    own, other = await _own(school), await _own(school, 1)
    await add(services, SYSTEM, own, EVERYTHING[4], OF_STAFF, state=State.CONFIRMED)
    far = Given(Kind.ATTESTATION, "Бұйрық 9", TODAY, "", "master", "", TODAY + timedelta(days=1_800))
    await add(services, SYSTEM, other, far, OF_STAFF, state=State.CONFIRMED)
    listed = await ending_at(services, school.office, school.school_id, TODAY)
    assert [(each.name, each.given.last_on) for each in listed] == [("Сейіт Айгүл", TODAY + timedelta(days=100))]

    renewed = await add(services, school.teachers[0], own, far, OF_STAFF, state=State.WAITING)
    assert len(await ending_at(services, school.office, school.school_id, TODAY)) == 1
    await confirm_seen(services, school.office, own, renewed)

    assert await ending_at(services, school.office, school.school_id, TODAY) == []


async def test_a_teacher_finds_nobody_but_oneself_and_adds_nothing_of_students(school: Work) -> None:
    services, teacher = school.services, school.teachers[0]
    own, other = await _own(school), await _own(school, 1)

    with pytest.raises(NotFound):
        await own_place(services, teacher, other.ref)
    with pytest.raises(EntryRefused):
        await add(services, teacher, own, Given(Kind.SPORT, "x", TODAY), OF_STAFF, state=State.WAITING)
    with pytest.raises(NotAllowed):
        await waiting_of_staff(services, teacher, school.school_id)
    with pytest.raises(NotAllowed):
        await staff_of(services, teacher, school.school_id, TODAY)


async def test_somebody_of_the_office_puts_nothing_as_confirmed_into_the_own_profile(school: Work) -> None:
    services, own = school.services, await _own(school)
    reaches = frozenset({Reach(Role.OFFICE, school.school_id)})
    both = replace(school.teachers[0], reaches=reaches)
    added_by_the_office = await add(services, school.office, own, EVERYTHING[0], OF_STAFF, state=State.WAITING)

    with pytest.raises(EntryRefused, match="oneself"):
        await add(services, both, own, EVERYTHING[1], OF_STAFF, state=State.CONFIRMED)
    with pytest.raises(EntryRefused, match="oneself"):
        await confirm_seen(services, both, own, added_by_the_office)
    await add(services, both, await _own(school, 1), EVERYTHING[1], OF_STAFF, state=State.CONFIRMED)

    assert [each.state for each in await entries_of(services, both, own, OF_STAFF)] == [State.WAITING]


async def test_who_is_no_staff_has_no_own_profile_and_who_is_tied_to_nobody_an_empty_one(school: Work) -> None:
    untied = Actor("x", 10_000, frozenset({Reach(Role.CASHIER, school.school_id)}))
    student = Actor("x", school.teachers[0].account_id, frozenset({Reach(Role.STUDENT, school.school_id)}))

    assert await own_places(school.services, untied) == []
    with pytest.raises(NotAllowed):
        await own_places(school.services, student)
