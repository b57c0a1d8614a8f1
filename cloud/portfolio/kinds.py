"""Words of portfolios: kinds of entries and who adds which, levels, places, states; contexts at the vault."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cloud.core.i18n import N_

VALUE = "profile_field.value"  # contexts of the vault
TITLE, WORDS, ANSWER = "portfolio_entry.title", "portfolio_entry.words", "portfolio_entry.answer"
FILE = "portfolio_file.content"


class Kind(StrEnum):
    """What an entry is."""

    OLYMPIAD = "olympiad"
    EVENT = "event"
    WORK = "work"
    AWARD = "award"
    CERTIFICATE = "certificate"
    SPORT = "sport"
    SOCIAL = "social"
    CLASSES = "classes"  # additional education
    CAREER = "career"
    RECOMMENDATION = "recommendation"
    REFERENCE = "reference"  # of somebody's character
    NOTE = "note"
    STUDY_PLACE = "study_place"
    PROGRAMME = "programme"
    STUDY_PAPER = "study_paper"
    EDUCATION = "education"
    TITLE = "title"
    DEGREE = "degree"
    TEST = "test"  # the national qualification test
    ATTESTATION = "attestation"
    TRAINING = "training"
    STAFF_CERTIFICATE = "staff_certificate"
    STAFF_WORK = "staff_work"  # a publication, an open lesson, a method of one's own


KINDS = {
    Kind.OLYMPIAD: N_("Olympiad or contest in a subject"),
    Kind.EVENT: N_("Event or contest"),
    Kind.WORK: N_("Work or project"),
    Kind.AWARD: N_("Award"),
    Kind.CERTIFICATE: N_("Diploma or certificate"),
    Kind.SPORT: N_("Sport"),
    Kind.SOCIAL: N_("Social activity"),
    Kind.CLASSES: N_("Additional education"),
    Kind.CAREER: N_("Career guidance"),
    Kind.RECOMMENDATION: N_("Letter of recommendation"),
    Kind.REFERENCE: N_("Character reference"),
    Kind.NOTE: N_("Further note"),
    Kind.STUDY_PLACE: N_("Previous school"),
    Kind.PROGRAMME: N_("Programme of study"),
    Kind.STUDY_PAPER: N_("Education document"),
    Kind.EDUCATION: N_("Education"),
    Kind.TITLE: N_("Title or state award"),
    Kind.DEGREE: N_("Academic degree"),
    Kind.TEST: N_("National qualification test"),
    Kind.ATTESTATION: N_("Attestation"),
    Kind.TRAINING: N_("Further training"),
    Kind.STAFF_CERTIFICATE: N_("Certificate of a teacher"),
    Kind.STAFF_WORK: N_("Publication, open lesson or own method"),
}
BY_KIN = (
    Kind.OLYMPIAD, Kind.EVENT, Kind.WORK, Kind.AWARD, Kind.CERTIFICATE, Kind.SPORT, Kind.SOCIAL, Kind.CLASSES,
    Kind.CAREER, Kind.RECOMMENDATION,
)  # fmt: skip
OF_STUDY = (Kind.STUDY_PLACE, Kind.PROGRAMME, Kind.STUDY_PAPER)
OF_STUDENTS = (*BY_KIN, Kind.REFERENCE, Kind.NOTE, *OF_STUDY)
OF_STAFF = (
    Kind.EDUCATION, Kind.TITLE, Kind.DEGREE, Kind.TEST, Kind.ATTESTATION, Kind.TRAINING, Kind.STAFF_CERTIFICATE,
    Kind.STAFF_WORK,
)  # fmt: skip
LEVELS = {
    "school": N_("of the school"), "district": N_("of the district or town"), "region": N_("of the region"),
    "country": N_("of the country"), "international": N_("international"),
}  # fmt: skip
PLACES = {
    "first": N_("1st place"), "second": N_("2nd place"), "third": N_("3rd place"), "laureate": N_("Laureate"),
    "took_part": N_("Took part"),
}  # fmt: skip
CATEGORIES = {
    "teacher": N_("Pedagogue"), "moderator": N_("Pedagogue-moderator"), "expert": N_("Pedagogue-expert"),
    "researcher": N_("Pedagogue-researcher"), "master": N_("Pedagogue-master"),
}  # fmt: skip


class State(StrEnum):
    """Where an entry stands; the values stand in the table."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    SENT_BACK = "sent_back"
    TAKEN_BACK = "taken_back"  # by whoever added it


@dataclass(frozen=True, slots=True)
class Given:
    """An entry as somebody gives it; without a last day it has none, 0 hours are none."""

    kind: Kind
    title: str
    on: date
    words: str = ""
    level: str = ""
    result: str = ""
    last_on: date | None = None
    hours: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands."""

    id: int
    ref: str
    name: str  # whose it is
    class_name: str
    class_id: int
    given: Given
    is_mine: bool  # added by who asks
    added_at: datetime
    added_by: str
    state: State
    answered_at: datetime | None
    answered_by: str
    answer: str
    files: tuple[int, ...]

    @property
    def sign(self) -> str:
        """Return the sign that it is shown by."""
        return f"entry_{self.state}"

    @property
    def digest(self) -> str:
        """Return what names the words and files that were seen, for whoever confirms them."""
        return digest_of(self.given.words, self.files)

    @property
    def kind_words(self) -> str:
        return KINDS[self.given.kind]

    @property
    def level_words(self) -> str:
        """Return the level or the category in words; empty where there is none."""
        return (CATEGORIES if self.given.kind is Kind.ATTESTATION else LEVELS).get(self.given.level, "")

    @property
    def result_words(self) -> str:
        return PLACES.get(self.given.result, "")


def digest_of(words: str, files: Sequence[int]) -> str:
    """Return the SHA-256 of what of an entry may change after it was added."""
    return hashlib.sha256(json.dumps([words, *files]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose profile it is; `name` is as lists have it."""

    id: int
    ref: str
    school_id: int
    name: str
    class_id: int  # 0: in no class
    class_name: str
    position: str
    is_active: bool
