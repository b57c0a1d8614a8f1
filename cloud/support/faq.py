"""What is often asked, with answers in three languages, by whom it concerns; and where the ministry's resources are."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from cloud.core.actor import Actor
from cloud.core.i18n import N_, Language, translate
from cloud.core.navigation import sections_of
from cloud.core.roles import OF_CLASSES, Role
from cloud.faq.kinds import has_words

FORGOTTEN, PRIVACY = "/sign-in/forgotten", "/privacy"
NAMED = re.compile(r"\{([^{}]+)\}")
QUOTES = {Language.KK: ("«", "»"), Language.RU: ("«", "»"), Language.EN: ("“", "”")}
FILE = Path(__file__).parent / "faq.toml"


class Audience(StrEnum):
    """Whom an answer concerns."""

    PARENTS = "parents"
    TEACHERS = "teachers"
    OFFICE = "office"
    IT = "it"


AUDIENCES = {
    Audience.PARENTS: N_("Parents and students"),
    Audience.TEACHERS: N_("Teachers"),
    Audience.OFFICE: N_("Office and heads"),
    Audience.IT: N_("IT"),
}
ROLES: Mapping[Audience, frozenset[Role]] = {
    Audience.PARENTS: frozenset({Role.GUARDIAN, Role.STUDENT}),
    Audience.TEACHERS: OF_CLASSES | {Role.METHODOLOGIST},
    Audience.OFFICE: frozenset({Role.OFFICE, Role.DEPUTY, Role.DIRECTOR, Role.PEDAGOGUE, Role.NURSE}),
    Audience.IT: frozenset({Role.IT, Role.OPERATOR}),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A question and its answer by language, and the page where it is done, or nothing."""

    audience: Audience
    at: str
    words: Mapping[str, tuple[str, str]]

    def told(self, language: Language) -> tuple[str, str]:
        """Return question and answer in a language, pages and buttons by their names there."""
        opening, closing = QUOTES[language]

        def named(found: re.Match[str]) -> str:
            return f"{opening}{translate(language, found[1])}{closing}"

        question, answer = self.words[language.value]
        return question, NAMED.sub(named, answer)

    def has(self, words: str) -> bool:
        """Tell whether it holds words, as it is told in whichever language."""
        return has_words([text for language in Language for text in self.told(language)], words)


@dataclass(frozen=True, slots=True)
class Section:
    """The entries of an audience; those of the reader's own come first and stand open."""

    audience: Audience
    entries: Sequence[Entry]
    is_own: bool

    @property
    def label(self) -> str:
        return AUDIENCES[self.audience]


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the ministry or the state: its name, what it is for, and where it is."""

    name: str
    what: str
    address: str


RESOURCES = (
    Resource(N_("Ministry of Enlightenment"), N_("News, orders and contacts of the ministry"),
             "https://www.gov.kz/memleket/entities/edu"),
    Resource(N_("Law database “Adilet”"), N_("Texts of laws and orders, order No. 456 among them"),
             "https://adilet.zan.kz"),
    Resource(N_("Electronic government"), N_("Public services: places at schools, free meals, certificates"),
             "https://egov.kz"),
    Resource(N_("Electronic appeals"), N_("Write to a state body and follow the answer"), "https://eotinish.kz"),
    Resource(N_("National education database"), N_("For schools: students, staff, reports to the ministry"),
             "https://nobd.iac.kz"),
    Resource(N_("Electronic textbooks"), N_("Textbooks of the ministry's centre of textbooks"), "https://okulyk.kz"),
    Resource(N_("National testing centre"), N_("The unified national test"), "https://testcenter.kz"),
)  # fmt: skip


@cache
def entries() -> Sequence[Entry]:
    """Return every entry, in the order of the file."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))["entry"]
    return [
        Entry(
            Audience(each["audience"]), each["at"],
            {language.value: (each[language.value][0], each[language.value][1]) for language in Language},
        )
        for each in found
    ]  # fmt: skip


def sections_for(actor: Actor | None, words: str = "") -> list[Section]:
    """Return what is often asked by audience, the reader's own first; of nobody signed in, parents'.

    With words, the entries that hold them in whichever language, and no section without any.
    """
    own = {audience for audience in Audience if _is_of(actor, audience)} or {Audience.PARENTS}
    ordered = sorted(Audience, key=lambda audience: audience not in own)
    sections = [
        Section(audience, [each for each in entries() if each.audience is audience and each.has(words)],
                audience in own)
        for audience in ordered
    ]  # fmt: skip
    return [each for each in sections if each.entries]


def way_to(entry: Entry, actor: Actor | None, *, has_mail: bool) -> str:
    """Return the page where an answer is done, if the reader may open it; else nothing."""
    if entry.at == FORGOTTEN:
        return entry.at if has_mail and actor is None else ""
    if entry.at == PRIVACY or (actor is None and not entry.at):
        return entry.at
    if actor is None or not _is_of(actor, entry.audience):
        return ""
    key = entry.at.removeprefix("/go/")
    return entry.at if key == entry.at or key in {section.key for section in sections_of(actor, "")} else ""


def _is_of(actor: Actor | None, audience: Audience) -> bool:
    return actor is not None and any(role in ROLES[audience] for role, *_ in actor.reaches)
