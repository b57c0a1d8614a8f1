"""A school in the middle of its morning, written straight into the tables, for pages to show."""

import hashlib
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from PIL import Image

from cloud.accounts.logins import kept, login_digest
from cloud.accounts.models import Account, Grant, SignIn
from cloud.attendance.models import Movement, MovementKind, Presence
from cloud.attendance.queries import school_today
from cloud.cards.models import Card
from cloud.core.actor import Actor, Reach, Role
from cloud.core.page_wakeups import wake_pages
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.alarms import Raised, note_alarms
from cloud.devices.commands import Action, command
from cloud.devices.health import Contact, Health, note_contacts, note_health
from cloud.devices.models import Device, Gate
from cloud.ingest.cursor import LoggedRecord
from cloud.meals.projection import Meals
from cloud.people.actions import give_consent
from cloud.people.kinds import PersonRole, Purpose, Relation
from cloud.people.models import Guardian, Guardianship, Person
from cloud.people.photos import put_photo
from cloud.people.queries import person_of_ref
from cloud.people.rules import sort_key
from cloud.people.stays import note_missed
from cloud.register.actions import mark
from cloud.register.kinds import BY_CODE
from cloud.rosters.models import RosterVersion
from cloud.schools.models import Bell, School, SchoolClass
from cloud.topups.actions import promise_back, take_cash
from cloud.topups.payments import Paid, take
from schemas.structs import Item, Record, Sale, Shift, Void
from tests.pages import (
    absence_sample,
    alert_sample,
    builder_sample,
    calendar_sample,
    canteen_sample,
    family_sample,
    gate_sample,
    learning_sample,
    message_sample,
    notice_sample,
    program_sample,
    report_sample,
    server_sample,
    signon_sample,
    statistics_sample,
    wallet_sample,
)

DAY = date(2026, 9, 1)  # a Tuesday
NOW = datetime(2026, 9, 1, 3, 20, tzinfo=UTC)  # 08:20 in Almaty
BELL_MIN = 8 * 60
SHARD = 7
_TILL = "INSERT INTO till_place (school_id, till, device, since_at) VALUES ($1, $2, $2, $3)"
SYSTEM = Actor.system("sample")
ABSENT = 13  # of the students, one who has not come
SURNAMES = (
    "Әбдіқадыр",
    "Бекмұрат",
    "Ғабитова",
    "Дүйсенбай",
    "Иванова",
    "Қожахмет",
    "Нұрғалиева",
    "Өмірзақ",
    "Сұлтан",
    "Үсенов",
)
GIVEN = ("Айгерім", "Әлия", "Дәулет", "Ерасыл", "Жәнібек", "Мария", "Нұрай", "Тимур", "Ұлжан", "Інжу")
CLASSES = ((1, "А"), (1, "Ә"), (4, "Б"), (5, "А"), (9, "В"), (11, "А"))


@dataclass(frozen=True, slots=True)
class Sample:
    """What tests name of the school."""

    school_id: int
    other_school_id: int
    child_ref: str
    child_id: int
    sibling_ref: str
    sibling_id: int
    stranger_ref: str
    card_id: int
    guardian_id: int
    absent_ref: str
    staff_ref: str
    photo: str  # its digest, of the child's
    plate: str  # the digest of a dish's photo
    listed_ref: str  # who is on the list of an order
    report: str  # the checksum of a signed one
    scan: int  # of a paper about a consent
    cover: str  # the digest of a textbook's
    certificate: str  # the secret of its page's address
    course_id: int  # of the child's class
    lesson_id: int  # of that course, today
    tokens: dict[str, str]  # by role, a session's token


async def write(services: Services) -> Sample:
    """Write two schools; the first with children in every state, staff, devices, and an account of every role."""
    rng = random.Random(5)
    school = await _school("almaty15", "Алматы қаласының №15 мектебі", "Школа № 15 города Алматы", "School 15, Almaty")
    other = await _school("astana7", "Астана қаласының №7 мектебі", "Школа № 7 города Астаны", "School 7, Astana")
    people = [await _student(rng, school, number, class_id) for number, class_id in enumerate(await _classes(school))]
    staff = [await _staff(school, number) for number in range(6)]
    stranger = await _person(other, "stranger0001", PersonRole.STUDENT, "Бөтен", "Бала", None)
    await note_missed(services.database.pool, NOW - timedelta(days=6))  # they came a week ago
    await _gates(school)
    await _mornings(services, rng, school.id, people, staff)
    card_id = await _card(school, people[0])
    await _consent(services, people[0], Purpose.CARD, Purpose.CODE, Purpose.NOTICES)
    await _consent(services, people[1], Purpose.NOTICES)
    photo = await _photo(services, people[0])
    await _move(None, school.id, NOW - timedelta(minutes=6), "in", number=8_001, kind=MovementKind.DENIED,
                reason="card_unknown")  # fmt: skip
    await RosterVersion(
        school_id=school.id, version=12, body=b"", digest="0" * 64, issued_at=NOW, not_after=NOW + timedelta(days=30)
    ).save()
    tokens = {
        role.value: await _account(services, role, school.id, name)
        for role, name in ((Role.GUARD, "Серік Оспанов"), (Role.OFFICE, "Гүлнар Ахметова"), (Role.IT, "Данияр Ким"))
    }
    await _alarms(services)
    await _releases(services)
    await _fleet(services)
    await program_sample.write(services, school.id)
    await _money(services, school, people[:2], people[-1])
    plate = await canteen_sample.write(services, school.id, people[0].ref, people[2].ref, staff[0].ref)
    await _eaten(services, school, people[:2], staff[0].ref)
    await wallet_sample.write(services, school.id, [each.ref for each in people[:6]])
    await canteen_sample.rate(services, school.id, people[0].id)
    await canteen_sample.order(services, school.id, people[0].id)
    report = await report_sample.write(services, school.id)
    for role, name in ((Role.CANTEEN, "Сәуле Тұрар"), (Role.DIRECTOR, "Бақыт Оразов")):
        tokens[role.value] = await _account(services, role, school.id, name)
    tokens["operator"] = await _account(services, Role.OPERATOR, None, "Ерлан Тілеу")
    tokens |= await _guardians(services, school, people) | {
        "stranger": await _guardian(services, other, [stranger], login="stranger")
    }
    for role in (Role.GUARD, Role.OFFICE, Role.IT, Role.CANTEEN, Role.DIRECTOR):
        tokens[f"other_{role.value}"] = await _account(services, role, other.id, "Басқа адам", f"other_{role.value}")
    await notice_sample.write(services)
    scan = await family_sample.write(services, people[0].id, people[ABSENT].id, NOW)
    await absence_sample.write(services, school.id, people[0].ref, people[1].ref)
    await calendar_sample.write(services, school.id, int(people[0].school_class_id or 0))
    await gate_sample.write(services, school.id, people[2].ref, people[3].ref, staff[0].ref, staff[1].ref)
    tokens |= await _offices_that_are_kept_out(services, school.id)
    tokens |= await message_sample.write_with_roles(services, school.id, other.id, set(tokens), people[0].id)
    tokens["pupil"], cover = await signon_sample.write(services, school.id, people[1].id)
    learning = await learning_sample.write(services, school.id, people, staff)
    await _counted(services, school.id)
    return Sample(
        school_id=school.id, other_school_id=other.id, child_ref=people[0].ref, child_id=people[0].id,
        sibling_ref=people[1].ref, sibling_id=people[1].id, stranger_ref=stranger.ref, card_id=card_id,
        course_id=learning.course_id, lesson_id=learning.lesson_id, certificate=learning.certificate, tokens=tokens,
        guardian_id=(await Guardian.get(ref="0000guardian")).id, plate=plate, scan=scan, photo=photo, cover=cover,
        listed_ref=people[2].ref, absent_ref=people[ABSENT].ref, staff_ref=staff[1].ref, report=report,
    )  # fmt: skip


async def _counted(services: Services, school_id: int) -> None:
    """Write what servers tell, and what is counted of the school."""
    await server_sample.write(services)
    await statistics_sample.write(services, school_id)
    await builder_sample.write(services, school_id)


async def _offices_that_are_kept_out(services: Services, school_id: int) -> dict[str, str]:
    """Make an office of a first password, one whose session is over, and one that is closed."""
    names = {"newcomer": "Жаңа кеңсе", "ended": "Ескі кеңсе", "closed": "Жабық кеңсе"}
    tokens = {
        login: await _account(services, Role.OFFICE, school_id, name, login=login) for login, name in names.items()
    }
    await Account.filter(name=names["newcomer"]).update(must_change=True)
    await SignIn.filter(account_id=(await Account.get(name=names["ended"])).id).update(expires_at=NOW)
    await Account.filter(name=names["closed"]).update(is_active=False)
    return tokens


async def _mornings(
    services: Services, rng: random.Random, school_id: int, people: Sequence[Person], staff: Sequence[Person]
) -> None:
    """Write how everybody came, and what teachers said in class."""
    for number, person in enumerate([*people, *staff]):
        await _morning(rng, person, number)
    await _register(services, school_id, people)
    await alert_sample.write(
        services, school_id, sorted({int(each.school_class_id or 0) for each in people}),
        [people[2 * 12 + 1].id, people[3 * 12 + 1].id],
    )  # fmt: skip


async def _register(services: Services, school_id: int, children: Sequence[Person]) -> None:
    """Let a teacher say of a class what is shown: who is ill, who went through the gate, and who was never seen."""
    school = await school_today(services, SYSTEM, "almaty15", Right.PRESENCE_READ)
    class_id = int(children[0].school_class_id or 0)
    teacher = Actor("Әсел Омарова", reaches=frozenset({Reach(Role.CLASS_TEACHER, school_id, class_id)}))
    for number, code in enumerate(("absent_ill", "absent_family", "away", "present")):
        await mark(services, teacher, school, class_id, DAY, children[number].ref, BY_CODE[code], 0)
    unseen = children[ABSENT]
    await mark(services, SYSTEM, school, int(unseen.school_class_id or 0), DAY, unseen.ref, BY_CODE["present"], 0)


async def arrive(services: Services, person_id: int, school_id: int, ref: str, at: datetime) -> None:
    """Write what a projection writes when a record of a tap comes in, and wake the pages."""
    number = 9_000 + int((at - NOW).total_seconds())
    async with services.database.transaction() as connection:
        await Movement.filter(position=number).delete()
        await _move(person_id, school_id, at, "in", number=number)
        await Presence.filter(person_id=person_id, on=DAY).update(first_in_at=at, is_inside=True, last_out_at=None)
        await wake_pages(services.vault, connection, [(school_id, ref)])


async def _school(code: str, kk: str, ru: str, en: str) -> School:
    school = await School.create(code=code, shard=SHARD, name_kk=kk, name_ru=ru, name_en=en, created_at=NOW)
    await Bell(school_id=school.id, shift=1, lesson=1, starts_min=BELL_MIN, ends_min=BELL_MIN + 45).save()
    return school


async def _classes(school: School) -> list[int]:
    rows = [await SchoolClass.create(school_id=school.id, grade=grade, letter=letter) for grade, letter in CLASSES]
    return [row.id for row in rows for _ in range(10)]


async def _student(rng: random.Random, school: School, number: int, class_id: int) -> Person:
    surname, given = rng.choice(SURNAMES), rng.choice(GIVEN)
    return await _person(school, f"student{number:05d}", PersonRole.STUDENT, surname, given, class_id)


async def _staff(school: School, number: int) -> Person:
    return await _person(school, f"staff{number:07d}", PersonRole.STAFF, SURNAMES[number], GIVEN[-number], None)


async def _person(school: School, ref: str, role: PersonRole, surname: str, given: str, class_id: int | None) -> Person:
    return await Person.create(
        school_id=school.id, shard=SHARD, ref=ref, role=role, surname=surname, given_name=given,
        sort_key=sort_key(surname, given, ""), school_class_id=class_id, created_at=NOW,
    )  # fmt: skip


async def _gates(school: School) -> None:
    north = Device(
        school_id=school.id, name="gate-north", secret_encrypted=b"x", firmware="0.1.0", roster_version=12, clock="ntp",
        is_online=True, seen_at=NOW, created_at=NOW,
    )  # fmt: skip
    south = Device(
        school_id=school.id, name="gate-south", secret_encrypted=b"x", firmware="0.1.0", roster_version=11,
        clock="floor", unsent=47, is_online=False, seen_at=NOW - timedelta(minutes=26), created_at=NOW,
    )  # fmt: skip
    await north.save()
    await south.save()
    await Device(school_id=school.id, name="gate-yard", secret_encrypted=b"x", created_at=NOW).save()
    for key, kk, ru, en, device in (
        ("north", "Басты кіреберіс", "Главный вход", "Main entrance", north),
        ("south", "Аула жақ есік", "Вход со двора", "Yard door", south),
    ):
        await Gate(
            school_id=school.id, key=key, name_kk=kk, name_ru=ru, name_en=en, device_id=device.id
        ).save()  # fmt: skip


async def _fleet(services: Services) -> None:
    """Write how the northern gate was since yesterday, what it lost, and what it was told to do."""
    pool = services.database.pool
    north = await pool.fetchval("SELECT id FROM device WHERE name = 'gate-north'")
    healths = [
        Health(north, NOW - timedelta(minutes=10 * turn), 90_000 - 600 * turn, max(0, 60 - abs(turn - 70)) * 9, 14_200,
               38 + turn % 7, 20, -61 - turn % 9)
        for turn in range(130) if not 90 < turn < 104
    ]  # fmt: skip
    await note_health(pool, healths)
    await note_contacts(pool, [Contact(north, NOW, NOW - timedelta(seconds=1), "4f1c" * 4)])
    await pool.execute(
        "INSERT INTO loss (shard, school_id, device, epoch, first_seq, last_seq, received_at, reason, digest)"
        " SELECT $1, school_id, name, $2, 411, 413, $3, 'unreadable', ''::bytea FROM device WHERE id = $4",
        SHARD, "91d0" * 4, NOW - timedelta(days=2), north,
    )  # fmt: skip
    for action, gate in ((Action.RESTART, ""), (Action.OPEN_ONCE, "north"), (Action.LOCATE, "")):
        await command(services, Actor("Данияр Ким", is_system=True),
                      "gate-north", action, gate, "5А кешікті" if gate else "")  # fmt: skip
    await pool.execute(
        "UPDATE device_command SET outcome = 'done', sent_at = asked_at, done_at = asked_at,"
        " answered_at = asked_at + interval '0.8 s' WHERE action = 'open_once'"
    )


async def _money(services: Services, school: School, children: list[Person], leaver: Person) -> None:
    """Write what two siblings' parents paid and what was eaten, and a leaver's balance that waits to be paid back."""
    child, sibling = [await person_of_ref(services, SYSTEM, each.ref) for each in children]
    office = Actor("Гүлнар Ахметова", reaches=frozenset({Reach(Role.OFFICE, school.id)}))
    await take_cash(services, office, child, 5_000_00, "a" * 32)
    kaspi = Paid("kaspi", "2000000001", school.id, sibling.id, sibling.ref, 3_500_00, NOW - timedelta(days=1))
    await take(services, SYSTEM, kaspi)
    gone = await person_of_ref(services, SYSTEM, leaver.ref)
    await take_cash(services, office, gone, 1_200_00, "b" * 32)
    await Person.filter(id=leaver.id).update(is_active=False)
    await promise_back(services, SYSTEM, await person_of_ref(services, SYSTEM, leaver.ref), "өтініш 12, 01.09.2026")
    await Person.filter(id=leaver.id).update(is_active=True)


async def _eaten(services: Services, school: School, children: list[Person], cashier: str) -> None:
    """Write what a till recorded: a shift, three days of lunches, one taken back, one free twice, and one by a gate."""
    dishes = [row["key"] for row in await services.database.pool.fetch("SELECT key FROM dish ORDER BY id")]
    child, sibling = (each.ref for each in children)
    sales: list[tuple[int, datetime, str, Any]] = [
        (number, NOW - timedelta(days=number % 3 if payment == "account" else 0, minutes=number), who, payment)
        for number, (who, payment) in enumerate([(child, "account")] * 4 + [(sibling, "free")] * 2, 1)
    ]
    records: list[tuple[datetime, Record]] = [(NOW - timedelta(hours=1), _shift("opened", cashier))]
    for number, at, who, payment in sales:
        price = 811_50 if payment == "account" else 577_00
        tag, of = _tag(at), f"{number:016x}"
        records.append((at, Item(**tag, sale=of, dish=dishes[number % 3], version=1, count=1, price_tiyn=price)))
        amount = price if payment == "account" else 0
        records.append((at, Sale(**tag, id=of, shift="5" * 16, meal="lunch", amount_tiyn=amount, payment=payment,
                                 person=who)))  # fmt: skip
    records.append((NOW, Void(**_tag(NOW), id="a" * 16, sale=f"{3:016x}", amount_tiyn=811_50, staff=cashier,
                              reason="қате")))  # fmt: skip
    records.append((NOW, _shift("closed", cashier)))
    logged = [
        LoggedRecord(SHARD, seq, school.id, "till-1", "e" * 16, seq, at, int(at.timestamp() * 1000),
                     str(record.__struct_config__.tag), msgspec.json.encode(record))
        for seq, (at, record) in enumerate(records, 1)
    ]  # fmt: skip
    stranger = Sale(**_tag(NOW), id="f" * 16, shift="5" * 16, meal="lunch", amount_tiyn=811_50, payment="account",
                    person=child)  # fmt: skip
    logged.append(
        LoggedRecord(SHARD, 99, school.id, "gate-south", "e" * 16, 1, NOW, int(NOW.timestamp() * 1000), "sale",
                     msgspec.json.encode(stranger))
    )  # fmt: skip
    async with services.database.pool.acquire() as connection, connection.transaction():
        await connection.execute(_TILL, school.id, "till-1", NOW - timedelta(days=30))
        await Meals(services).apply(connection, logged)


def _tag(at: datetime) -> dict[str, Any]:
    return {"monotonic_ms": 1, "wall_ms": int(at.timestamp() * 1000), "clock": "ntp"}


def _shift(outcome: Any, cashier: str) -> Shift:
    counted: dict[str, Any] = {"amount_tiyn": 2_434_50, "cash_tiyn": 0, "count": 6} if outcome == "closed" else {}
    return Shift(**_tag(NOW), id="5" * 16, till="till1", outcome=outcome, staff=cashier, **counted)


async def _alarms(services: Services) -> None:
    """Write alarms of every severity, one that was looked into, and one of a device nobody knows."""
    raised = [
        Raised("gate-north", "clone", "8a1f 77c0", NOW - timedelta(minutes=40), count=3),
        Raised("gate-north", "reader_lost", "1", NOW - timedelta(minutes=9)),
        Raised("gate-south", "reader_back", "1", NOW - timedelta(minutes=30)),
        Raised("gate-east", "device_unknown", "", NOW - timedelta(hours=2), count=1_204),
    ]
    await note_alarms(services.database.pool, raised)
    await services.database.pool.execute(
        "UPDATE alarm SET acknowledged_at = $1, acknowledged_by = 'Данияр Ким' WHERE kind = 'reader_back'", NOW
    )


async def _releases(services: Services) -> None:
    """Write a release that stopped with a device that failed, and one that is given to nobody yet."""
    pool, notes = (
        services.database.pool,
        ("Қақпа жылдамырақ ашылады.", "Проход открывается быстрее.", "Gates open sooner."),
    )
    for counter in (11, 12):
        await pool.execute(
            "INSERT INTO release (product, board, counter, version, size, manifest, notes_kk, notes_ru, notes_en, "
            "added_at) VALUES ('agent', 'any', $1, $2, 1, '', $3, $4, $5, $6)",
            counter, f"0.{counter}.0", *notes, NOW - timedelta(hours=24 - counter),
        )  # fmt: skip
    await pool.execute(
        "INSERT INTO device_program SELECT id, 'agent', 'linux-aarch64', 10, $1 FROM device WHERE state = 'active'", NOW
    )
    await pool.execute(
        "INSERT INTO rollout (release_id, state, stage, first_device_id, started_at, changed_at)"
        " SELECT release.id, 'stopped', 'tenth', device.id, $1, $1 FROM release, device"
        " WHERE counter = 11 AND name = 'gate-north'", NOW,
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO rollout_device (rollout_id, device_id, offered_at, tried_at, failed_at, why)"
        " SELECT rollout.id, device.id, $1, $1, $1, 'no_ack' FROM rollout, device WHERE name = 'gate-south'", NOW,
    )  # fmt: skip


async def _morning(rng: random.Random, person: Person, number: int) -> None:
    bell = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
    at = bell + timedelta(seconds=rng.randrange(-1800, -60))
    match number % 12:
        case 0:
            at = bell - timedelta(minutes=8, seconds=12)
        case 1:
            await Presence(**_presence(person, None)).save()
            return
        case 5:
            at = bell + timedelta(minutes=7)
        case _:
            pass
    kind = MovementKind.HAND if number % 12 == 7 else MovementKind.CARD
    await _move(person.id, person.school_id, at, "in", number=number, kind=kind, delayed=number % 12 == 0)
    left_at = bell + timedelta(minutes=12) if number % 12 == 9 else None
    if left_at:
        await _move(person.id, person.school_id, left_at, "out", number=number + 1_000)
    if number % 12 == 3:
        await _move(person.id, person.school_id, at + timedelta(minutes=1), "in", number=number + 2_000,
                    kind=MovementKind.DENIED, reason="card_blocked")  # fmt: skip
    late = int(number % 12 == 5) * 7
    await Presence(**_presence(person, at, left_at, late, kind is MovementKind.HAND)).save()
    if number < 2:
        for days in (1, 3, 4):
            earlier = at - timedelta(days=days)
            await _move(person.id, person.school_id, earlier, "in", number=number + 3_000 + days * 10)
            await _move(
                person.id, person.school_id, earlier + timedelta(hours=5), "out", number=number + 4_000 + days * 10
            )
            seen = _presence(person, earlier, earlier + timedelta(hours=5))
            await Presence(**{**seen, "on": DAY - timedelta(days=days)}).save()


def _presence(
    person: Person, came: datetime | None, left: datetime | None = None, late: int = 0, hand: bool = False
) -> dict[str, object]:
    return {
        "shard": SHARD, "school_id": person.school_id, "person_id": person.id, "on": DAY, "first_in_at": came,
        "last_out_at": left, "is_inside": came is not None and left is None, "late_min": late, "without_card": hand,
        "entries": 1, "updated_at": NOW,
    }  # fmt: skip


async def _move(
    person_id: int | None,
    school_id: int,
    at: datetime,
    direction: str,
    *,
    number: int,
    kind: MovementKind = MovementKind.CARD,
    reason: str = "",
    delayed: bool = False,
) -> None:
    await Movement(
        shard=SHARD, position=number, school_id=school_id, person_id=person_id, on=(at + timedelta(hours=5)).date(),
        at=at, received_at=at + (timedelta(minutes=14) if delayed else timedelta(milliseconds=300)),
        direction=direction, gate="north" if number % 2 else "south", kind=kind, reason=reason,
        clock="ntp", device="gate-north", epoch="0" * 16, seq=number,
    ).save()  # fmt: skip


async def _card(school: School, person: Person) -> int:
    card = Card(
        school_id=school.id, person_id=person.id, token="0" * 24, number_encrypted=b"x", issued_at=NOW, changed_at=NOW
    )
    await card.save()
    return int(card.id)


async def _photo(services: Services, person: Person) -> str:
    await _consent(services, person, Purpose.PHOTO)
    picture = io.BytesIO()
    Image.new("RGB", (400, 500), "#b98").save(picture, "PNG")
    await put_photo(services, Actor.system("sample"), person.id, picture.getvalue())
    return str(await services.database.pool.fetchval("SELECT digest FROM person_photo WHERE person_id = $1", person.id))


async def _consent(services: Services, person: Person, *purposes: Purpose) -> None:
    for purpose in purposes:
        on = DAY - timedelta(days=3)
        await give_consent(services, Actor.system("sample"), person.id, purpose, on, "12-өтініш")


async def _guardian(services: Services, school: School, children: list[Person], login: str = "guardian") -> str:
    token = await _account(services, Role.GUARDIAN, school.id, "Айгүл Қожахмет", login=login)
    account = await Account.get(login_digest=login_digest(services.vault, login))
    guardian = await Guardian.create(
        school_id=school.id, ref=f"{login:0>12}"[:12], name=account.name, account_id=account.id, created_at=NOW
    )
    for child in children:
        await Guardianship(guardian_id=guardian.id, person_id=child.id, relation=Relation.MOTHER).save()
    return token


async def _guardians(services: Services, school: School, people: list[Person]) -> dict[str, str]:
    """Make accounts of a mother of two, a father whom a court limits, and somebody without a child here."""
    children = {"guardian": people[:2], "father": [people[ABSENT]], "childless": []}
    return {login: await _guardian(services, school, own, login=login) for login, own in children.items()}


async def _account(services: Services, role: Role, school_id: int | None, name: str, login: str = "") -> str:
    known_as = login or role.value
    account = await Account.create(
        password_hash="x", must_change=False, name=name, created_at=NOW, **kept(services.vault, known_as)
    )
    await Grant(account_id=account.id, school_id=school_id, role=role).save()
    token = f"token-of-{known_as}"
    digest = hashlib.sha256(token.encode()).hexdigest()
    expires_at = services.clock.now() + timedelta(days=1)
    await SignIn(account_id=account.id, token_digest=digest, created_at=NOW, expires_at=expires_at).save()
    return token
