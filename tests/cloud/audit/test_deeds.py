"""Every deed is noted: whatever writes for somebody stands in the audit journal, in words of three languages."""

import asyncpg
import pytest

from cloud.accounts.actions import add_account
from cloud.audit.queries import Wanted, noted_of
from cloud.audit.verbs import VERBS
from cloud.cards.actions import block_card, give_card
from cloud.core.actor import Reach, Role
from cloud.core.services import Services
from cloud.people.actions import add_guardian, end_guardianship, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from cloud.people.moving import leave
from tests.cloud.audit.deeds import Code
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

pytestmark = pytest.mark.xdist_group("deeds")  # the code is read once for all of them

# What writes for somebody and is no deed of theirs, with the reason.
EXEMPT = {
    "accounts.actions.choose_language": "which language somebody reads changes nothing for anybody else",
    "accounts.factors.start_app": "a secret that is shown, and counts for nothing before its first code: that is noted",
    "accounts.passkeys.offer_passkey": "a challenge for the browser; the passkey that answers it is noted",
    "assessments.attempts.save": "an answer that its student may still change; beginning and handing in are noted",
    "faq.reading.say_helpful": "whether an answer helped, by who read it: counted, and shown to nobody by name",
    "homework.handing.drop_draft_file": "a student's own draft, which nobody else sees; handing in is noted",
    "homework.handing.keep_draft": "a student's own draft, which nobody else sees; handing in is noted",
    "ledger.notes.note": "a part of a posting by hand: whoever posts notes it, in the same transaction",
    "announcements.board.open_posting": "that an announcement was opened, by whom it was for",
    "messages.inbox.open_message": "that a message was opened, by whom it was for",
    "notifications.actions.mark_read": "that a letter was opened, by whom it was for",
    "notifications.channels.choices.forget_scope": "how somebody wants to be told changes nothing for anybody else",
    "notifications.channels.choices.save_scope": "how somebody wants to be told changes nothing for anybody else",
    "notifications.channels.proving.send_code": "a code that counts for nothing before it is typed: that is noted",
    "notifications.channels.push_subscribing.renew": "a browser's own new address in the place of its old one",
    "notifications.channels.push_subscribing.subscribe": "one's own browser, seen and removed on one's own page",
    "notifications.channels.telegram_links.new_code": "a code that counts for nothing before it is sent to the bot",
    "practice.attempts.save": "an answer that its student may still change; beginning and ending are noted",
    "proctoring.logs.note": "a line of the log of an attempt, which is itself kept with who and when",
    "reports.files.file_of": "keeps the picture of a report that was signed: the signing was noted",
    "rosters.actions.publish": "made of what was noted when it changed",
    "rosters.actions.publish_canteen": "made of what was noted when it changed",
    "rosters.passes.phone_pass": "a code of a minute for the guardian's own child; its use is a record of the gate",
    "talks.reading.mark_read": "up to where a talk was read, by who takes part in it",
    "support.asking.note_seen": "that an answer was seen, by who asked",
}
PERSONAL = (
    "person", "guardian", "guardianship", "card", "account", "grant_of_role", "student_account", "class_of_account",
)  # fmt: skip
# Refuses at commit what changed a person without a word in the journal; only for this test.
WATCH = """
CREATE FUNCTION test_notes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('test.noted', 'yes', true); RETURN NULL; END $$;
CREATE TRIGGER notes AFTER INSERT ON audit_entry EXECUTE FUNCTION test_notes();
CREATE FUNCTION test_watches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('test.noted', true) IS DISTINCT FROM 'yes' THEN
    RAISE EXCEPTION '% was changed and nothing was noted', TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
"""


@pytest.fixture(scope="module", name="code")
def _code() -> Code:
    return Code()


@pytest.mark.requirement("KZ456-5.13")
def test_every_public_function_that_writes_for_somebody_notes_it(code: Code) -> None:
    deeds = dict(code.deeds())

    assert len(deeds) > 100, "the walk finds what there is"
    assert sorted(name for name, is_noted in deeds.items() if not is_noted) == sorted(EXEMPT)


def test_the_walk_finds_a_deed_that_is_not_noted(code: Code) -> None:
    """Without what notes, every deed is found; so the walk is not blind."""
    for function in code.functions.values():
        function.calls -= {("cloud.audit.writing", "audit")}

    silent = {name for name, is_noted in code.deeds() if not is_noted}

    assert {"cards.actions.block_card", "people.actions.add_person", "accounts.actions.add_account"} <= silent
    code.__dict__.pop("functions")


def test_every_verb_has_words(code: Code) -> None:
    assert {verb: module for verb, module in code.verbs().items() if verb not in VERBS} == {}


async def test_people_and_cards_are_never_changed_without_a_word_in_the_same_transaction(services: Services) -> None:
    school_id = await a_school(services)
    await watch(services)

    person_id = await a_student(services, school_id)
    given = GuardianGiven("Әліби Сауле", "+77010000001", None)
    guardian_id = await add_guardian(services, SYSTEM, person_id, given, Relation.MOTHER)
    await open_guardian_account(services, SYSTEM, guardian_id)
    card_id = await give_card(services, SYSTEM, person_id, "04A1B2C3D4E5F6")
    await block_card(services, SYSTEM, card_id)
    await end_guardianship(services, SYSTEM, guardian_id, person_id, services.clock.now().date())
    await add_account(services, SYSTEM, "office", "Office", Reach(Role.OFFICE, school_id))
    await leave(services, SYSTEM, person_id)

    told = [each.verb for each in await noted_of(services, SYSTEM, school_id, Wanted())][::-1]
    assert told[-9:] == [
        "person.added", "guardian.added", "account.added", "ties.noted", "card.given", "card.blocked",
        "guardian.ended", "account.added", "person.left",
    ]  # fmt: skip
    with pytest.raises(asyncpg.RaiseError, match="nothing was noted"):
        await services.database.pool.execute("UPDATE person SET is_active = true")


async def watch(services: Services) -> None:
    """Let the database refuse what is not noted."""
    await services.database.pool.execute(WATCH)
    for table in PERSONAL:
        await services.database.pool.execute(
            f"CREATE CONSTRAINT TRIGGER watches AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test_watches()"
        )
