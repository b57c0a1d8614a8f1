"""Who forgot a password chooses another by a code from a letter; nobody learns who has an account, or takes one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cloud.accounts.actions import change_password, close_account, give_role, sign_in
from cloud.accounts.beginnings import Half, Session
from cloud.accounts.errors import PasswordRefused, SignInRefused, TooManyAttempts
from cloud.accounts.logins import kept
from cloud.accounts.models import Account, Passkey
from cloud.accounts.queries import actor_of
from cloud.accounts.rules import FREE_FROM_ANYWHERE, WAIT_MAX_ANYWHERE
from cloud.core.actor import Actor, Reach, Role
from cloud.core.mail import Letter, NotSent
from cloud.core.services import Services
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.joining import take_in
from cloud.people.kinds import Relation
from cloud.people.recovering import FREE, SENDING, RecoveryRefused, count_wish, recover, send_changed, send_code
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import AWAY, GOOD, HOME, Somebody, somebody, whole
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

PHONE, EMAIL = "+77011234567", "mother@example.kz"
MOTHER = GuardianGiven("Әліби Сауле", PHONE, EMAIL)
ADDRESS, NEW = "https://esik.example.kz", "garden window 81 river"


class Postman:
    """Takes every letter, or none."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.letters: list[Letter] = []
        self.is_away = is_away

    async def send(self, letter: Letter) -> None:
        if self.is_away:
            raise NotSent("away")
        self.letters.append(letter)

    @property
    def code(self) -> str:
        """The code of the last letter."""
        return self.letters[-1].text.partition("Code: ")[2].partition("\n")[0]


async def a_mother(services: Services) -> tuple[int, int]:
    """Enter a mother who chose a password of her own; return her account and her school."""
    school = await a_school(services, "almaty5")
    student = await a_student(services, school)
    guardian = await add_guardian(services, SYSTEM, student, MOTHER, Relation.MOTHER)
    opened = await open_guardian_account(services, SYSTEM, guardian)
    assert opened.password is not None
    holder = await actor_of(services, (await whole(services, PHONE, opened.password)).token)
    assert holder is not None
    await change_password(services, holder, opened.password, GOOD)
    assert holder.account_id is not None
    return holder.account_id, school


async def letters_for(services: Services, login: str) -> list[str]:
    """Return to whom letters go when somebody asks for this login."""
    postman = Postman()
    await send_code(services, postman, login, ADDRESS)
    return [letter.to for letter in postman.letters]


async def test_the_code_of_the_letter_lets_choose_a_password_once_and_signs_out_everywhere(services: Services) -> None:
    account_id, school = await a_mother(services)
    session, postman = await whole(services, PHONE, GOOD), Postman()

    await send_code(services, postman, "8 701 123 45 67", ADDRESS)
    code = postman.code
    to = await recover(services, PHONE, f" {code.upper().replace('-', ' ')}", NEW, AWAY)
    await send_changed(services, postman, to, ADDRESS)

    assert [letter.to for letter in postman.letters] == [EMAIL, EMAIL]
    assert await actor_of(services, session.token) is None
    assert isinstance(await sign_in(services, PHONE, NEW, HOME), Session)
    with pytest.raises(SignInRefused):
        await sign_in(services, PHONE, GOOD, HOME)
    with pytest.raises(RecoveryRefused):
        await recover(services, PHONE, code, "other window 81 river", AWAY)
    noted = await services.database.pool.fetch(
        "SELECT verb FROM audit_entry WHERE subject = $1 AND school_id = $2 AND verb LIKE 'account.reco%' ORDER BY id",
        f"account:{account_id}", school,
    )  # fmt: skip
    assert [row["verb"] for row in noted] == ["account.recovery_asked", "account.recovered"]
    told = "\n".join(letter.subject + letter.text for letter in postman.letters)
    assert not any(word in told for word in ("Әліби", "Сауле", PHONE, PHONE[2:], NEW))


async def test_a_code_is_over_after_half_an_hour_at_most_and_works_for_a_quarter_at_least(
    services: Services, clock: SimulatedClock
) -> None:
    await a_mother(services)
    postman = Postman()
    await send_code(services, postman, PHONE, ADDRESS)

    clock.advance(1_800)
    with pytest.raises(RecoveryRefused):
        await recover(services, PHONE, postman.code, NEW, AWAY)

    await send_code(services, postman, PHONE, ADDRESS)
    clock.advance(899)
    assert await recover(services, PHONE, postman.code, NEW, AWAY) == EMAIL


async def test_of_two_who_use_a_code_at_once_one_chooses_the_password(services: Services) -> None:
    await a_mother(services)
    postman = Postman()
    await send_code(services, postman, PHONE, ADDRESS)

    became = await asyncio.gather(
        *(recover(services, PHONE, postman.code, password, AWAY) for password in (NEW, "other window 81 river")),
        return_exceptions=True,
    )

    assert sorted(type(each).__name__ for each in became) == ["RecoveryRefused", "str"]


async def test_the_second_step_is_asked_as_ever(services: Services) -> None:
    account_id, _ = await a_mother(services)
    await Passkey(
        account_id=account_id,
        credential="abc",
        public_key=b"x",
        sign_count=0,
        name="x",
        created_at=services.clock.now(),
    ).save()
    postman = Postman()
    await send_code(services, postman, PHONE, ADDRESS)

    await recover(services, PHONE, postman.code, NEW, AWAY)

    assert isinstance(await sign_in(services, PHONE, NEW, HOME), Half)


async def nobody(services: Services) -> None:
    await services.database.pool.execute("UPDATE account SET login_digest = 'x'")


async def closed(services: Services) -> None:
    await close_account(services, SYSTEM, int(await services.database.pool.fetchval("SELECT id FROM account")))


async def never_used(services: Services) -> None:
    await services.database.pool.execute("UPDATE account SET must_change = true")


async def works_here_too(services: Services) -> None:
    row = await services.database.pool.fetchrow("SELECT account_id, school_id FROM grant_of_role")
    await give_role(services, SYSTEM, row["account_id"], Reach(Role.TEACHER, row["school_id"]))


async def another_school_knows_no_address(services: Services) -> None:
    await of_another_school(services, None)


async def a_school_took_the_role_and_not_the_child(services: Services) -> None:
    await of_another_school(services, "office@elsewhere.example")
    await services.database.pool.execute("DELETE FROM grant_of_role WHERE id = (SELECT max(id) FROM grant_of_role)")


async def another_school_wrote_its_own_address(services: Services) -> None:
    await of_another_school(services, "office@elsewhere.example")


async def of_another_school(services: Services, email: str | None) -> None:
    """Let the mother have a child at another school, whose office wrote down what it likes."""
    there = await a_school(services, "astana7")
    given = GuardianGiven("Әліби Сауле", PHONE, email)
    guardian = await add_guardian(services, SYSTEM, await a_student(services, there), given, Relation.MOTHER)
    opened = await open_guardian_account(services, SYSTEM, guardian)
    account_id = await services.database.pool.fetchval("SELECT id FROM account")
    assert opened.code is not None
    await take_in(services, Actor("Сауле", account_id), opened.code)


@pytest.mark.parametrize(
    "change",
    [
        nobody,
        closed,
        never_used,
        works_here_too,
        another_school_knows_no_address,
        another_school_wrote_its_own_address,
        a_school_took_the_role_and_not_the_child,
    ],
)
async def test_no_letter_goes_where_no_account_or_no_agreed_address_is(
    services: Services, change: Callable[[Services], Awaitable[None]]
) -> None:
    await a_mother(services)
    assert await letters_for(services, PHONE) == [EMAIL]

    await change(services)

    assert await letters_for(services, PHONE) == []
    with pytest.raises(RecoveryRefused):
        await recover(services, PHONE, "aaaa-bbbb-cccc", NEW, AWAY)


async def test_of_staff_the_login_itself_is_the_address_or_there_is_none(services: Services) -> None:
    person: Somebody = await somebody(services)
    assert await letters_for(services, person.login) == []

    await Account.filter(id=person.account_id).update(**kept(services.vault, "office@school.kz"))

    assert await letters_for(services, " Office@SCHOOL.kz ") == ["office@school.kz"]


async def test_letters_and_guesses_are_slowed_down_whether_an_account_is_there_or_not(services: Services) -> None:
    await a_mother(services)

    for login in (PHONE, "nobody@example.kz"):
        for _ in range(FREE):
            await count_wish(services, login, AWAY)
        with pytest.raises(TooManyAttempts):
            await count_wish(services, login, HOME)
        for _ in range(FREE):
            with pytest.raises(RecoveryRefused):
                await recover(services, login, "aaaa-bbbb-cccc", NEW, AWAY)
        with pytest.raises(TooManyAttempts):
            await recover(services, login, "aaaa-bbbb-cccc", NEW, AWAY)


async def test_who_types_wrong_codes_from_everywhere_keeps_the_holder_of_the_letter_out_for_half_a_minute_at_most(
    services: Services, clock: SimulatedClock
) -> None:
    await a_mother(services)
    postman = Postman()
    await send_code(services, postman, PHONE, ADDRESS)
    kept_out = 0

    for number in range(FREE_FROM_ANYWHERE + 10):
        with pytest.raises((RecoveryRefused, TooManyAttempts)) as refused:
            await recover(services, PHONE, "aaaa-bbbb-cccc", NEW, f"203.0.113.{number}")
        kept_out += refused.type is not RecoveryRefused
    with pytest.raises(TooManyAttempts):
        await recover(services, PHONE, postman.code, NEW, HOME)
    clock.advance(WAIT_MAX_ANYWHERE.total_seconds())

    assert kept_out == 10
    assert await recover(services, PHONE, postman.code, NEW, HOME) == EMAIL


async def test_of_an_account_that_a_directory_keeps_no_program_chooses_the_mailbox(services: Services) -> None:
    person: Somebody = await somebody(services)
    await Account.filter(id=person.account_id).update(**kept(services.vault, "stranger@example.kz"))
    assert await letters_for(services, "stranger@example.kz") == ["stranger@example.kz"]

    school = await a_school(services, "almaty5")
    await services.database.pool.execute(
        "INSERT INTO scim_account (school_id, account_id, external_id, changed_at) VALUES ($1, $2, '', now())",
        school, person.account_id,
    )  # fmt: skip

    assert await letters_for(services, "stranger@example.kz") == []


async def test_a_password_that_is_guessed_is_refused_before_anything_is_told(services: Services) -> None:
    await a_mother(services)
    postman = Postman()
    await send_code(services, postman, PHONE, ADDRESS)

    for login, code in ((PHONE, postman.code), (PHONE, "x"), ("nobody", "x")):
        with pytest.raises(PasswordRefused):
            await recover(services, login, code, "short", AWAY)

    assert await recover(services, PHONE, postman.code, NEW, AWAY) == EMAIL


async def test_a_server_that_takes_no_letter_changes_nothing(services: Services) -> None:
    await a_mother(services)

    await send_code(services, Postman(is_away=True), PHONE, ADDRESS)

    assert SENDING.now == 0
    assert isinstance(await sign_in(services, PHONE, GOOD, HOME), Session)
