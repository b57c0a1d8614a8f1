"""Whom to call and write: the installation's support by its settings, and what a school says of its own."""

import re
from dataclasses import dataclass

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import has_unseen, is_email
from cloud.support.kinds import QuestionRefused

SCHOOLS_MAX = 20  # shown to one reader
HOURS_MAX = 80
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{2,24}")
_OF = """
SELECT school.id, code, name_kk, name_ru, name_en, coalesce(phone, '') AS phone, coalesce(email, '') AS email,
  coalesce(hours, '') AS hours
FROM school LEFT JOIN support_contact ON school_id = school.id WHERE school.id = ANY($1::bigint[])
ORDER BY code LIMIT $2
"""
_SET = """
INSERT INTO support_contact (school_id, phone, email, hours, set_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (school_id) DO UPDATE SET phone = $2, email = $3, hours = $4, set_at = $5
"""


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone, an e-mail address, and when somebody is there; each may be empty."""

    phone: str = ""
    email: str = ""
    hours: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.phone or self.email)

    @property
    def dialled(self) -> str:
        """The phone as a link dials it."""
        return "".join(sign for sign in self.phone if sign.isdigit() or sign == "+")


@dataclass(frozen=True, slots=True)
class SchoolContact:
    """A school and its support."""

    school_id: int
    code: str
    names: dict[str, str]
    contact: Contact


def installations(services: Services) -> Contact:
    """Return the support of whoever runs this service."""
    return Contact(services.settings.support_phone, services.settings.support_email)


async def contacts_of(services: Services, school_ids: list[int]) -> list[SchoolContact]:
    """Return what schools say of their support, by code."""
    rows = await services.database.pool.fetch(_OF, school_ids, SCHOOLS_MAX)
    return [
        SchoolContact(
            row["id"], row["code"], {"kk": row["name_kk"], "ru": row["name_ru"], "en": row["name_en"]},
            Contact(row["phone"], row["email"], row["hours"]),
        )
        for row in rows
    ]  # fmt: skip


async def set_contact(services: Services, actor: Actor, school_id: int, given: Contact) -> None:
    """Say whom to ask at a school; all empty takes it away. Raises NotAllowed or QuestionRefused."""
    actor.require(Right.QUESTIONS_ANSWER, school_id)
    contact = Contact(given.phone.strip(), given.email.strip(), " ".join(given.hours.split()))
    if contact.phone and not PHONE.fullmatch(contact.phone):
        raise QuestionRefused(message("{phone} is no phone number. Write it as +7 727 123 45 67.", phone=contact.phone))
    if contact.email and not is_email(contact.email):
        raise QuestionRefused(
            message("{email} is no e-mail address. See whether a sign is missing.", email=contact.email)
        )
    if len(contact.hours) > HOURS_MAX or has_unseen(contact.hours):
        raise QuestionRefused(message("Say when somebody is there in {most} letters at most.", most=HOURS_MAX))
    async with services.database.transaction() as transaction:
        now = services.clock.now()
        await raw(transaction).execute(_SET, school_id, contact.phone, contact.email, contact.hours, now)
        await audit(transaction, actor, "support.contact_set", f"school:{school_id}", school_id=school_id, at=now)
