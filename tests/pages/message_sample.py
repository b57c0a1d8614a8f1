"""Messages of the sample school in every state, with files, receipts, answers, a correction and a recall."""

from datetime import timedelta

from cloud.accounts.logins import login_digest
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.messages.answers import answer_school
from cloud.messages.desk import say_back
from cloud.messages.files import checked_files
from cloud.messages.inbox import open_message
from cloud.messages.kinds import Audience, Given, Wording
from cloud.messages.writing import recall, refuse, write
from tests.pages import roles_sample, support_sample

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
MEETING = {
    "kk": Wording("Ата-аналар жиналысы", "Бейсенбіде сағат 18:00-де, 12-кабинетте.\n\nТоқсан қорытындысы талқыланады."),
    "ru": Wording("Родительское собрание", "В четверг в 18:00, кабинет 12.\n\nОбсудим итоги четверти."),
}
DELIVERED = {
    1: (("webpush", "confirmed", 0), ("email", "held", 0), ("sms", "queued", 1)),
    8: (("telegram", "sent", 0), ("sms", "dead", 1), ("email", "skipped", 2)),
}
_DELIVERED = """
INSERT INTO delivery (notice_id, school_id, channel, address_id, state, why, step, wait_s, is_urgent, tries, made_at,
  next_at, held_until, expires_at, sent_at, confirmed_at)
SELECT id, school_id, $2, 1, $3, CASE $3 WHEN 'dead' THEN 'sms_undelivered' WHEN 'skipped' THEN 'reached' ELSE '' END,
  $4, 60, false, 1, $5, CASE WHEN $3 IN ('queued', 'held') THEN $5::timestamptz + interval '10 hours' END,
  CASE $3 WHEN 'held' THEN $5::timestamptz + interval '10 hours' END, $5::timestamptz + interval '12 hours',
  CASE WHEN $3 IN ('sent', 'confirmed', 'dead') THEN $5 END, CASE $3 WHEN 'confirmed' THEN $5 END
FROM notice WHERE fact = $1
"""
_ACCOUNT = "SELECT id, name FROM account WHERE login_digest = $1"
_GUARDIAN = "SELECT account_id AS id, name FROM guardian WHERE ref = '0000guardian'"
_CLASS = "SELECT id FROM school_class WHERE school_id = $1 AND grade = 1 AND letter = 'А'"
_CHILD = "SELECT ref FROM person WHERE id = $1"


async def write_with_roles(
    services: Services, school_id: int, other_school_id: int, there: set[str], child_id: int
) -> dict[str, str]:
    """Make the accounts of all roles, let them write, and return their sessions' tokens."""
    tokens = await roles_sample.write(services, school_id, other_school_id, there, child_id)
    await write_all(services, school_id, child_id)
    return tokens


async def write_all(services: Services, school_id: int, child_id: int) -> None:
    """Let the class teacher, the office and the director write, and people ask support."""
    await support_sample.write(services, school_id)
    pool = services.database.pool
    class_id = await pool.fetchval(_CLASS, school_id)
    teacher = await _actor(services, "class_teacher", Reach(Role.CLASS_TEACHER, school_id, class_id))
    office = await _actor(services, "office", Reach(Role.OFFICE, school_id))
    director = await _actor(services, "director", Reach(Role.DIRECTOR, school_id))
    row = await pool.fetchrow(_GUARDIAN)
    mother = Actor(row["name"], row["id"], frozenset({Reach(Role.GUARDIAN, school_id)}))
    files = await checked_files([("Жиналыс жоспары.pdf", PDF)])
    meeting = await write(services, teacher, school_id, Given(Audience.CLASSES, MEETING, classes=[class_id]), files)
    await open_message(services, mother, meeting, "kk")
    await answer_school(services, mother, meeting, "Рақмет, келемін. Кіші баламды ертіп келуге бола ма?")
    await say_back(services, teacher, school_id, meeting, mother.account_id or 0, "Әрине, болады.")
    await answer_school(services, mother, meeting, "Рақмет!")
    family = Wording("Кеңес", "Айгерімнің көзілдірігі сыныпта қалды, ертең алып кетсін.")
    ref = await pool.fetchval(_CHILD, child_id)
    await write(services, teacher, school_id, Given(Audience.FAMILY, {"kk": family}, child=ref))
    await _of_school(services, office, director, school_id)
    for number, became in DELIVERED.items():
        for channel, state, step in became:
            await pool.execute(_DELIVERED, f"announcement:{number}", channel, state, step, services.clock.now())


async def _of_school(services: Services, office: Actor, director: Actor, school_id: int) -> None:
    """Write what goes to many: waiting, refused, scheduled, taken back, and corrected."""
    now = services.clock.now()
    fair = Wording("Мектеп жәрмеңкесі", "Сенбіде сағат 11:00-де, аулада.")
    await write(services, office, school_id, Given(Audience.GRADES, {"kk": fair}, grades=[1, 5], may_answer=False))
    refused = await write(services, office, school_id, Given(Audience.SCHOOL, {"kk": fair}))
    await refuse(services, director, school_id, refused, "Тек 1 және 5-сыныптарға")
    later = Given(Audience.SCHOOL, {"kk": Wording("Күзгі каникул", "30 қазанда басталады.")}, only_language="kk",
                  send_at=now + timedelta(days=3))  # fmt: skip
    await write(services, director, school_id, later)
    wrong = await write(services, director, school_id, Given(Audience.SCHOOL, {"kk": fair}))
    await recall(services, director, school_id, wrong, "Күні қате жазылған")
    early, late = (Wording("Екпе", f"{day} қыркүйекте.") for day in (10, 11))
    first = await write(services, director, school_id, Given(Audience.SCHOOL, {"kk": early}))
    await write(services, director, school_id, Given(Audience.SCHOOL, {"kk": late}, corrects=first))


async def _actor(services: Services, login: str, reach: Reach) -> Actor:
    row = await services.database.pool.fetchrow(_ACCOUNT, login_digest(services.vault, login))
    return Actor(row["name"], row["id"], frozenset({reach}))
