"""Who may collect a child, through the seam: named, ended, a no that wins, courts' limits, and what desks are told."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.collectors.actions import (
    A_DAY_MAX,
    CollectorGiven,
    Deed,
    Done,
    end,
    end_by_school,
    lift,
    lift_by_paper,
    name,
    name_by_paper,
)
from cloud.collectors.errors import CollectorRefused, CollectorStopped
from cloud.collectors.queries import LIFT_PAPER, OF_CHILD_MAX, Kin, Standing, collectors_of, named_of, named_of_person
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.people.bulk import GuardianGiven
from cloud.people.family import lift_limit, note_limit, set_rights
from cloud.people.kinds import CHANGED, FamilyRight, Relation
from cloud.people.sharing import share
from cloud.retention.actions import Begin, delete_due
from tests.cloud.people.family_factory import Family, a_family
from tests.cloud.schools.factory import SYSTEM

AUNT, PHONE = "Мөлдір Қасым", "+7 701 555 77 77"


@dataclass(slots=True)
class Gate:
    """A family, what its guardians are told, and what a gate's desk shows."""

    family: Family
    told: list[Done] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return self.family.services

    async def name(self, who: Actor | None = None, whom: str = AUNT, phone: str = PHONE, **days: int) -> None:
        """Let a parent, the mother where none is named, name somebody from a day to a day; today where none is said."""
        given = self.given(whom, phone, days.get("first", 0), days.get("last", 0))
        await name(self.services, who or self.family.mother, self.family.ref, given, self._hear)

    def given(self, whom: str = AUNT, phone: str = PHONE, first: int = 0, last: int = 0) -> CollectorGiven:
        today = self.family.today
        return CollectorGiven(whom, Kin.RELATIVE, phone, today + timedelta(days=first), today + timedelta(days=last))

    async def end(self, who: Actor, number: int = 0) -> None:
        await end(self.services, who, self.family.ref, await self.id_of(number), self._hear)

    async def id_of(self, number: int = 0) -> int:
        return (await named_of(self.services, self.family.child_id))[number].id

    async def standing(self, number: int = 0) -> Standing:
        return (await named_of(self.services, self.family.child_id))[number].standing

    async def desk(self) -> list[str]:
        """Return the names that a gate's desk shows for the child."""
        async with self.services.database.pool.acquire() as connection:
            found = await collectors_of(connection, self.family.school_id, self.services.clock.now())
        return [each.name for each in found if each.ref == self.family.ref]

    async def limit(self, guardian_id: int, right: FamilyRight = FamilyRight.PAY) -> int:
        return await note_limit(self.services, SYSTEM, guardian_id, self.family.child_id, [right], "сот шешімі 5")

    async def _hear(self, _connection: object, done: Done) -> None:
        self.told.append(done)


MOTHER, FATHER = "Сәуле Әліби", "Ерлан Әліби"


@pytest.fixture(name="gate")
async def _gate(services: Services) -> Gate:
    return Gate(await a_family(services))


async def test_a_desk_shows_the_parents_and_whom_one_of_them_named(gate: Gate) -> None:
    await gate.name(last=7)

    assert await gate.desk() == [MOTHER, FATHER, AUNT]
    async with gate.services.database.pool.acquire() as connection:
        mother, _, aunt = await collectors_of(connection, gate.family.school_id, gate.services.clock.now())
    assert (mother.relation, mother.first_on, mother.last_on) == ("mother", None, None)
    assert (aunt.relation, aunt.first_on, aunt.last_on) == (
        "relative", gate.family.today, gate.family.today + timedelta(days=7)
    )  # fmt: skip
    assert [(each.deed, each.name, each.by) for each in gate.told] == [(Deed.NAMED, AUNT, MOTHER)]


async def test_once_is_a_day_and_over_after_it(gate: Gate) -> None:
    await gate.name(first=1, last=1)
    before = await gate.standing(), await gate.desk()
    gate.services.clock.advance(86_400.0)  # type: ignore[attr-defined]  # simulated
    on_the_day = await gate.standing()
    gate.services.clock.advance(86_400.0)  # type: ignore[attr-defined]

    assert before == (Standing.LATER, [MOTHER, FATHER, AUNT])  # with its days, which a desk compares by itself
    assert (on_the_day, await gate.standing()) == (Standing.HOLDS, Standing.OVER)
    assert await gate.desk() == [MOTHER, FATHER]


async def test_a_no_of_the_other_parent_wins_until_it_is_taken_back(gate: Gate) -> None:
    await gate.name()

    await gate.end(gate.family.father)

    assert (await gate.standing(), await gate.desk()) == (Standing.STOPPED, [MOTHER, FATHER])
    for name_, phone in ((AUNT.upper(), "+77015550000"), ("Басқа Есім", "8 701 555 77 77")):
        with pytest.raises(CollectorStopped):
            await gate.name(whom=name_, phone=phone)
    with pytest.raises(CollectorStopped):  # nor does the office
        await name_by_paper(
            gate.services, gate.family.office, gate.family.school_id, gate.family.ref, gate.given(), "өтініш 3"
        )
    with pytest.raises(NotFound):  # the mother takes the father's no back as little
        await lift(gate.services, gate.family.mother, gate.family.ref, await gate.id_of())
    await lift(gate.services, gate.family.father, gate.family.ref, await gate.id_of())
    assert await gate.desk() == [MOTHER, FATHER]  # the no is gone, and so is the yes
    await gate.name()
    assert await gate.desk() == [MOTHER, FATHER, AUNT]


async def test_the_office_lifts_a_no_by_a_courts_paper_only(gate: Gate) -> None:
    await gate.name()
    await gate.end(gate.family.father)
    asked = gate.services, gate.family.office, gate.family.school_id, gate.family.ref, await gate.id_of()

    with pytest.raises(Refused):
        await lift_by_paper(*asked, " ")
    await lift_by_paper(*asked, "сот шешімі 9")

    await gate.name()
    noted = await noted_of(gate.services, SYSTEM, gate.family.school_id, Wanted(verb="collector.lifted"))
    assert "сот" not in str([each.detail for each in noted])  # an entry is never deleted
    row = await gate.services.database.pool.fetchrow("SELECT id, lift_paper_encrypted FROM collector ORDER BY id")
    vault = gate.services.vault
    assert vault.decrypt(row["lift_paper_encrypted"], LIFT_PAPER, str(row["id"])) == "сот шешімі 9"


async def test_who_ends_the_own_word_says_no_to_nobody(gate: Gate) -> None:
    await gate.name()

    await gate.end(gate.family.mother)
    await gate.name(gate.family.father)

    assert await gate.desk() == [MOTHER, FATHER, AUNT]
    assert [each.deed for each in gate.told] == [Deed.NAMED, Deed.ENDED, Deed.NAMED]


async def test_whom_a_court_limits_in_anything_names_nobody_and_whom_it_named_collects_no_more(gate: Gate) -> None:
    await gate.name(gate.family.father, last=30)
    limit_id = await gate.limit(gate.family.father_id)

    assert await gate.desk() == [MOTHER]
    assert await gate.standing() is Standing.RESTS
    with pytest.raises(NotFound):
        await gate.name(gate.family.father, whom="Тағы Біреу")
    with pytest.raises(NotFound):
        await gate.end(gate.family.father)
    await lift_limit(gate.services, SYSTEM, limit_id, "сот шешімі 6")
    assert await gate.desk() == [MOTHER, FATHER, AUNT]


async def test_a_no_of_whom_a_court_limits_stands_in_nobodys_way(gate: Gate) -> None:
    await gate.name()
    await gate.end(gate.family.father)

    await gate.limit(gate.family.father_id)
    await gate.name()

    assert await gate.desk() == [MOTHER, AUNT]


async def test_without_the_right_to_consent_nobody_is_named_and_a_nanny_for_a_term_is_no_collector(gate: Gate) -> None:
    family = gate.family
    await set_rights(gate.services, SYSTEM, family.father_id, family.child_id, {FamilyRight.SEE})
    await share(
        gate.services, family.mother, family.ref, GuardianGiven("Бибі Әже", "+77015550099"), Relation.OTHER,
        [FamilyRight.SEE], family.today,
    )  # fmt: skip

    with pytest.raises(NotFound):
        await gate.name(family.father)

    assert await gate.desk() == [MOTHER, FATHER]  # seeing the days is no collecting; who was entered may see them


async def test_a_limit_wakes_whoever_tells_the_gates_at_once(gate: Gate) -> None:
    async with await gate.services.wakeups.subscribe(CHANGED) as changes:
        await gate.limit(gate.family.father_id)
        await gate.name()

        heard = [await anext(changes), await anext(changes)]

    assert heard == [str(gate.family.school_id)] * 2


async def test_the_office_names_by_a_paper_and_ends(gate: Gate) -> None:
    family = gate.family
    asked = gate.services, family.office, family.school_id, family.ref
    await name_by_paper(*asked, gate.given(), "14-өтініш")
    named = (await named_of_person(*asked))[0]

    assert (named.paper, named.guardian_id, named.phone) == ("14-өтініш", None, "+77015557777")
    await end_by_school(*asked, named.id)
    assert await gate.desk() == [MOTHER, FATHER]


@pytest.mark.parametrize("role", [Role.GUARD, Role.CLASS_TEACHER, Role.GUARDIAN, Role.IT])
async def test_nobody_else_reads_phones_or_names(gate: Gate, role: Role) -> None:
    await gate.name()
    other = Actor("x", 10_000, frozenset({Reach(role, gate.family.school_id)}))
    asked = gate.services, other, gate.family.school_id, gate.family.ref

    for refused in (named_of_person(*asked), name_by_paper(*asked, gate.given(), "x"), end_by_school(*asked, 1)):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(NotFound):
        await name(gate.services, other, gate.family.ref, gate.given())


@pytest.mark.parametrize(
    ("whom", "phone", "first", "last"),
    [("Мөлдір", PHONE, 0, 0), (AUNT, "12", 0, 0), (AUNT, PHONE, 0, 367), (AUNT, PHONE, 2, 1), (AUNT, PHONE, -2, -1),
     ("Мөлдір <b>", PHONE, 0, 0)],
    ids=["one name", "no phone", "too long", "turned", "over", "no name"],
)  # fmt: skip
async def test_what_names_nobody_is_refused(gate: Gate, whom: str, phone: str, first: int, last: int) -> None:
    with pytest.raises(Refused):
        await gate.name(whom=whom, phone=phone, first=first, last=last)

    assert await gate.desk() == [MOTHER, FATHER]


async def test_of_two_parents_in_one_moment_neither_goes_beyond_what_a_desk_shows(gate: Gate) -> None:
    who = [gate.family.mother, gate.family.father]
    names = [("Адам " + chr(0x410 + number), f"+770155501{number:02}") for number in range(14)]

    came = await asyncio.gather(
        *(gate.name(who[number % 2], whom, phone) for number, (whom, phone) in enumerate(names)),
        return_exceptions=True,
    )

    assert sum(isinstance(each, CollectorRefused) for each in came) == 2
    assert len(await gate.desk()) <= OF_CHILD_MAX


async def test_nobody_is_told_of_names_without_end(gate: Gate) -> None:
    for number in range(A_DAY_MAX):
        await gate.name(whom=f"Адам {chr(0x410 + number)}", phone=f"+7701555{number:04}")
        await gate.end(gate.family.mother)

    with pytest.raises(CollectorRefused, match="today"):
        await gate.name()
    gate.services.clock.advance(86_401.0)  # type: ignore[attr-defined]  # simulated
    await gate.name()


async def test_phones_lie_sealed_and_the_journal_names_nobody(gate: Gate) -> None:
    await gate.name()

    rows = await gate.services.database.pool.fetch("SELECT * FROM collector")
    noted = await noted_of(gate.services, SYSTEM, gate.family.school_id, Wanted(verb="collector.named"))

    assert "77015557777" not in repr([tuple(row.values()) for row in rows])
    assert AUNT not in str([each.detail for each in noted])


async def test_who_becomes_nameless_has_nobody_who_collects(gate: Gate) -> None:
    await gate.name()

    await gate.services.database.pool.fetch(STEPS["collectors"], gate.family.child_id)

    assert await gate.services.database.pool.fetchval("SELECT count(*) FROM collector") == 0


async def test_who_could_collect_is_forgotten_after_two_years_and_a_no_that_stands_is_not(gate: Gate) -> None:
    await gate.name()
    await gate.end(gate.family.father)
    await gate.name(whom="Басқа Адам", phone="+77015550000")

    gate.services.clock.advance(732 * 86_400.0)  # type: ignore[attr-defined]
    await delete_due(gate.services, Begin.AT_ONCE)

    assert [each.name for each in await named_of(gate.services, gate.family.child_id)] == [AUNT]


async def test_what_somebody_is_to_the_child_is_told_as_it_was_named(gate: Gate) -> None:
    today = gate.family.today
    neighbour = CollectorGiven("Ким Ольга", Kin.OTHER, PHONE, today, today)
    await name(gate.services, gate.family.mother, gate.family.ref, neighbour)

    async with gate.services.database.pool.acquire() as connection:
        found = await collectors_of(connection, gate.family.school_id, gate.services.clock.now())

    assert [each.relation for each in found] == ["mother", "father", "other"]
