"""Questions to support in every state, and how the sample school's support is reached."""

from datetime import timedelta

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.support.answering import answer, pass_on
from cloud.support.asking import ask
from cloud.support.contacts import Contact, set_contact
from cloud.support.kinds import Asked, Topic

_GUARDIAN = "SELECT account_id, name FROM guardian WHERE ref = '0000guardian'"
_OFFICE = "SELECT account_id FROM grant_of_role WHERE school_id = $1 AND role = 'office' ORDER BY account_id LIMIT 1"
_EARLIER = "UPDATE support_question SET asked_at = asked_at - make_interval(hours => 30 * (4 - id)::int)"


async def write(services: Services, school_id: int) -> None:
    """Let a mother ask three things, of which one is answered and one passed on, and the office one."""
    pool = services.database.pool
    row = await pool.fetchrow(_GUARDIAN)
    mother = Actor(row["name"], row["account_id"], frozenset({Reach(Role.GUARDIAN, school_id)}))
    office = Actor(
        "Гүлнар Ахметова", await pool.fetchval(_OFFICE, school_id), frozenset({Reach(Role.OFFICE, school_id)})
    )
    support = Actor("Данияр Ким", None, frozenset({Reach(Role.IT, school_id)}))
    hours = "Дүйсенбі–жұма, 9:00–18:00"
    await set_contact(services, support, school_id, Contact("+7 727 123 45 67", "it@mektep15.kz", hours))
    card = "Баламның картасы кеше оқылмады.\nЖаңа карта қанша күнде дайын болады?"
    first = await ask(services, mother, school_id, Asked(Topic.CARD, card, "/"))
    second = await ask(services, mother, school_id, Asked(Topic.NOTICES, "Екі телефонға хабарландыру ала аламын ба?"))
    await ask(services, mother, school_id, Asked(Topic.CHILD, "Кіші балам әлі тізімде жоқ, 1 «Ә» сыныбы.", "/notices"))
    await ask(services, office, school_id, Asked(Topic.DEVICES, "Солтүстік кіреберістегі құрылғы баяу.", "/"))
    await pool.execute(_EARLIER)
    await answer(services, support, school_id, first, "Карта ертең дайын болады, кеңседен алыңыз.")
    await pass_on(services, support, school_id, second)
    await pool.execute("UPDATE support_question SET answered_at = $1 WHERE id = $2",
                       services.clock.now() - timedelta(minutes=50), first)  # fmt: skip
