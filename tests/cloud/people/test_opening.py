"""Accounts opened for many at once, the student's second step with a guardian's consent, and letters to guardians."""

from datetime import date

import pytest

from cloud.accounts.actions import change_password, sign_in
from cloud.accounts.beginnings import Session
from cloud.accounts.keeping import account_at, edit_account
from cloud.accounts.queries import actor_of
from cloud.consents.answering import answer
from cloud.consents.texts import current
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.mail import Letter, NotSent
from cloud.core.services import Services
from cloud.guardian.queries import child_of, children_of, seen_of
from cloud.imports.actions import check_import, import_school
from cloud.people.actions import add_guardian, add_person, give_consent
from cloud.people.bulk import GuardianGiven, PersonGiven
from cloud.people.family import lift_limit, note_limit
from cloud.people.inviting import send_ways_in
from cloud.people.kinds import FamilyRight, PersonRole, Purpose, Relation, Says
from cloud.people.opening import Slip, open_guardians, open_students, waiting_of
from cloud.people.photos import put_photo
from cloud.schools.actions import add_class
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import GOOD, HOME
from tests.cloud.core.pictures import picture
from tests.cloud.imports.factory import book, saved
from tests.cloud.people.factory import an_iin
from tests.cloud.people.family_factory import Family, a_family
from tests.cloud.schools.factory import SYSTEM

YOUNG, OLD = date(2012, 3, 4), date(2010, 9, 1)  # fourteen, and sixteen on the day of the tests
POCKET = "river lamp stone 42"


class Box:
    """Takes letters; none for an address that it does not know."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        if letter.to.startswith("nobody"):
            raise NotSent("mail_unreached: OSError")
        self.letters.append(letter)


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    """Return a family whose child of fourteen is in a class; its parents have accounts."""
    family = await a_family(services)
    await put(family, YOUNG)
    return family


async def put(family: Family, born: date | None) -> int:
    """Put the child into a class, with an IIN of this birthday; return the class."""
    class_id = await add_class(family.services, SYSTEM, family.school_id, 8, "А")
    given = PersonGiven(
        role=PersonRole.STUDENT, surname="Әліби", given_name="Айгерім", number="1", class_id=class_id,
        iin=an_iin(born, 17) if born else None,
    )  # fmt: skip
    assert await add_person(family.services, SYSTEM, family.school_id, given) == family.child_id
    return class_id


async def the_class(family: Family) -> int:
    return int(await family.services.database.pool.fetchval("SELECT school_class_id FROM person LIMIT 1"))


async def opened(family: Family) -> Slip:
    """Open the account of the child."""
    (slip,) = await open_students(family.services, family.office, family.school_id, await the_class(family))
    return slip


async def entered(family: Family, login: str, password: str = POCKET) -> Session:
    """Sign the child in by the password alone."""
    begun = await sign_in(family.services, login, password, HOME)
    assert isinstance(begun, Session)
    return begun


async def own(family: Family) -> str:
    """Open the child's account and choose a password; return the login."""
    slip = await opened(family)
    session = await entered(family, slip.login, slip.password or "")
    actor = await actor_of(family.services, session.token)
    assert actor is not None
    await change_password(family.services, actor, slip.password or "", POCKET)
    return slip.login


async def say(family: Family, says: Says, actor: Actor | None = None) -> None:
    text = current(Purpose.MFA_OFF)
    await answer(family.services, actor or family.mother, family.ref, Purpose.MFA_OFF, says, text.version)


@pytest.mark.requirement("KZ456-5.11", part="under-sixteen")
async def test_under_sixteen_the_second_step_is_off_only_while_a_parents_consent_stands(
    family: Family, clock: SimulatedClock
) -> None:
    """From the office's sheet and a parent's yes in the app to the day of the birthday."""
    login, services = await own(family), family.services
    assert (await entered(family, login)).must_enrol

    await say(family, Says.YES)
    excused = await entered(family, login)
    assert not excused.must_enrol
    actor = await actor_of(services, excused.token)
    assert actor is not None
    assert [child.ref for child in await children_of(services, actor)] == [family.ref]

    await say(family, Says.NO, family.father)  # a no wins
    assert await actor_of(services, excused.token) is None
    assert (await entered(family, login)).must_enrol

    await say(family, Says.YES, family.father)
    assert not (await entered(family, login)).must_enrol
    clock.advance((date(2028, 3, 4) - family.today).days * 86_400)
    assert (await entered(family, login)).must_enrol


async def excused(family: Family) -> str:
    """Let the child sign in with a password alone, by the mother's consent; return the session's token."""
    await say(family, Says.YES)
    session = await entered(family, await own(family))
    actor = await actor_of(family.services, session.token)
    assert actor is not None
    assert not actor.must_enrol
    return session.token


async def test_a_spreadsheet_that_withdraws_the_consent_ends_the_sessions_that_rest_on_it_and_the_photo(
    family: Family,
) -> None:
    services, token = family.services, await excused(family)
    await give_consent(services, SYSTEM, family.child_id, Purpose.PHOTO, family.today, "form 3")
    await put_photo(services, SYSTEM, family.child_id, picture())
    heading = ["Кім (ЖСН немесе нөмірі)", "Мақсаты", "Берілген күні", "Негізі", "Қайтарып алынған күні"]
    day = family.today
    ours = [["1", "mfa_off", day, "13-өтініш", day], ["1", "photo", day, "13-өтініш", day]]

    kept = saved(book({"Келісімдер": [heading, ["1", "card", day, "13-өтініш"]]}))
    assert (await import_school(services, SYSTEM, family.school_id, kept)).was_written
    assert await actor_of(services, token) is not None, "what withdraws nothing ends nothing"
    file = saved(book({"Келісімдер": [heading, *ours]}))
    assert not (await check_import(services, SYSTEM, family.school_id, file)).problems
    assert await actor_of(services, token) is not None, "a check changes nothing"
    assert (await import_school(services, SYSTEM, family.school_id, file)).was_written

    assert await actor_of(services, token) is None
    assert await services.database.pool.fetchval("SELECT count(*) FROM person_photo") == 0


async def test_a_no_that_counts_again_when_a_courts_limit_is_lifted_ends_the_sessions_too(family: Family) -> None:
    services = family.services
    await say(family, Says.NO, family.father)
    limit = await note_limit(services, SYSTEM, family.father_id, family.child_id, [FamilyRight.CONSENT], "court 5")
    token = await excused(family)

    await lift_limit(services, SYSTEM, limit, "court 6")

    assert await actor_of(services, token) is None


@pytest.mark.parametrize("born", [OLD, None])
async def test_from_the_sixteenth_birthday_on_or_without_an_iin_no_consent_takes_the_second_step_away(
    services: Services, born: date | None
) -> None:
    family = await a_family(services)
    await put(family, born)
    login = await own(family)

    await say(family, Says.YES)

    assert (await entered(family, login)).must_enrol


async def test_a_student_sees_the_own_day_and_no_page_of_parents_or_of_another_child(family: Family) -> None:
    services = family.services
    await say(family, Says.YES)
    session = await entered(family, await own(family))
    actor = await actor_of(services, session.token)
    assert actor is not None

    child = await seen_of(services, actor, family.ref)

    assert child.is_own
    assert [child.may(right) for right in ("see", "meals", "pay")] == [True] * 3
    assert not any(child.may(right) for right in ("limit", "order", "block", "consent", "notices"))
    with pytest.raises(NotFound):
        await child_of(services, actor, family.ref)
    other = await a_family(services, "almaty6", "77")
    with pytest.raises(NotFound):
        await seen_of(services, actor, other.ref)


async def test_a_sheet_printed_again_gives_another_password_until_an_own_one_is_chosen(family: Family) -> None:
    services, class_id = family.services, await the_class(family)
    first = await opened(family)

    again = await opened(family)

    assert (again.login, again.name, again.about) == (first.login, "Әліби Айгерім", "8А")
    assert again.password != first.password
    session = await entered(family, again.login, again.password or "")
    actor = await actor_of(services, session.token)
    assert actor is not None
    await change_password(services, actor, again.password or "", GOOD)
    assert await open_students(services, family.office, family.school_id, class_id) == []
    (waits,) = await waiting_of(services, family.office, family.school_id)
    assert (waits.students, waits.students_left, waits.guardians_left) == (1, 0, 2)


async def test_no_journal_names_the_child(family: Family) -> None:
    login, services = await own(family), family.services
    account_id = await services.database.pool.fetchval("SELECT account_id FROM student_account")
    it = Actor("IT", None, frozenset({Reach(Role.IT, family.school_id)}))
    shown = await account_at(services, it, family.school_id, account_id)
    assert (shown.name, shown.person_ref) == ("Әліби Айгерім", family.ref)

    await edit_account(services, it, account_id, "aigerim8", "Айгерім")

    told = await services.database.pool.fetchval("SELECT string_agg(actor || detail::text, ' ') FROM audit_entry")
    assert login in told
    assert "Айгерім" not in told


async def test_who_may_not_give_the_role_opens_no_account(family: Family) -> None:
    services, class_id = family.services, await the_class(family)
    teacher, there = (
        Actor("x", None, frozenset({Reach(role, school)}))
        for role, school in ((Role.TEACHER, family.school_id), (Role.OFFICE, family.school_id + 1))
    )
    for actor in (teacher, there):
        with pytest.raises(NotAllowed):
            await open_students(services, actor, family.school_id, class_id)
        with pytest.raises(NotAllowed):
            await open_guardians(services, actor, family.school_id, None)
    assert await open_students(services, family.office, family.school_id, class_id + 1) == []


async def test_guardians_get_letters_where_an_address_is_known_and_slips_where_none_is_or_none_was_sent(
    services: Services,
) -> None:
    family = await a_family(services)
    await put(family, YOUNG)
    addresses = {"Сәуле Әліби": "saule@example.kz", "Ерлан Әліби": "nobody@example.kz"}
    for number, (name, email) in enumerate(addresses.items()):
        given = GuardianGiven(name, f"+7701555655{number}", email)
        await add_guardian(services, SYSTEM, family.child_id, given, Relation.OTHER)
    await add_guardian(services, SYSTEM, family.child_id, GuardianGiven("Апа", "+77015556560", None), Relation.OTHER)
    slips = await open_guardians(services, family.office, family.school_id, None)
    box = Box()

    printed = await send_ways_in(
        box, slips, {"kk": "Мектеп", "ru": "Школа", "en": "School"}, "https://x/", services.clock.now()
    )

    assert [slip.name for slip in slips] == ["Сәуле Әліби", "Ерлан Әліби", "Апа"]
    assert [slip.about for slip in slips] == ["Әліби Айгерім 8А"] * 3
    assert [slip.name for slip in printed] == ["Ерлан Әліби", "Апа"]
    (letter,) = box.letters
    assert letter.to == "saule@example.kz"
    assert slips[0].password is not None
    assert letter.text.count(slips[0].password) == 3  # in three languages
    assert "Айгерім" not in letter.text + letter.subject
    begun = await sign_in(services, slips[0].login, slips[0].password, HOME)
    assert isinstance(begun, Session)
    assert begun.must_change
    assert await send_ways_in(None, slips, {}, "", services.clock.now()) == tuple(slips)
