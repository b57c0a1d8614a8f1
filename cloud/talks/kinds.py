"""What talks are: chats and topics, who takes part as what, posts, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from zoneinfo import ZoneInfo

from cloud.core.errors import Refused
from cloud.core.handed_files import FileRow
from cloud.core.i18n import N_

TITLE, WORDS, BEFORE, REPORTED, HIDDEN, MUTED = (
    "talk.title", "talk_post.words", "talk_revision.words", "talk_report.words",
    "talk_post.why", "talk_mute.why",
)  # fmt: skip
SECTION = "talks"  # of the menu


class Kind(StrEnum):
    """What a talk is of."""

    COURSE = "course"  # a teacher, and who learns in the course
    CLASS = "class"  # the class teacher, and the class
    PARENTS = "parents"  # the class teacher, and the guardians of the class
    TOPIC = "topic"  # of a section of the forum


KINDS = {
    Kind.COURSE: N_("Course chat"),
    Kind.CLASS: N_("Class chat"),
    Kind.PARENTS: N_("Parents' chat"),
    Kind.TOPIC: N_("Topic of the forum"),
}


class As(StrEnum):
    """As what somebody takes part."""

    STUDENT = "student"
    GUARDIAN = "guardian"
    STAFF = "staff"


WHO = {As.STUDENT: N_("Students"), As.GUARDIAN: N_("Parents"), As.STAFF: N_("Staff")}
AUTHORS = {As.STUDENT: N_("student"), As.GUARDIAN: N_("parent"), As.STAFF: N_("staff")}


@dataclass(frozen=True, slots=True)
class Seat:
    """An actor's place in a talk, and the talk as it stands. Names are by language."""

    talk_id: int
    school_id: int
    school_code: str
    zone: ZoneInfo
    kind: Kind
    year: int
    class_id: int | None
    course_id: int | None
    section_id: int | None
    names: Mapping[str, str]  # of the subject or the section; empty for a class
    class_name: str  # with the group's
    title: str  # of a topic
    is_read_only: bool
    quiet: tuple[int, int] | None  # minutes of the school's day
    opened_at: datetime
    closed_at: datetime | None
    last_at: datetime
    leads: bool  # it is the actor's chat: of the own course or class
    moderates: bool
    is_member: bool
    as_a: As
    person_id: int | None
    unread: int = 0

    def name(self, language: str) -> str:
        """Return what the talk is called."""
        if self.kind is Kind.TOPIC:
            return self.title
        subject = self.names.get(language, "")
        return f"{subject}, {self.class_name}" if subject else self.class_name


@dataclass(frozen=True, slots=True)
class Post:
    """A post as its reader sees it: what was deleted or hidden has no words but for who moderates."""

    id: int
    author: str
    as_a: As
    at: datetime
    words: str
    is_own: bool
    account_id: int
    edited_at: datetime | None
    deleted_at: datetime | None
    hidden_at: datetime | None
    hidden_by: str
    why: str  # hidden; told to its author and who moderates
    reply_to: int | None
    quoted: str = ""  # the beginning of what it replies to, with its author
    files: Sequence[FileRow] = ()
    before: Sequence[tuple[datetime, str]] = field(default=())  # what it said until when; of who moderates

    @property
    def is_gone(self) -> bool:
        return self.deleted_at is not None or self.hidden_at is not None


@dataclass(frozen=True, slots=True)
class Mute:
    """Somebody who may not write for a while."""

    id: int
    account_id: int
    name: str
    why: str
    by_name: str
    at: datetime
    until_at: datetime
    talk_id: int | None  # none: in all talks of the school
    kind: Kind | None = None  # of that talk, in the list of who moderates
    class_name: str = ""


class TalkRefused(Refused):
    """A post cannot be taken, or nothing can be done with it any more."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "talk_refused"


class TooManyPosts(TalkRefused):
    """Somebody writes more in a minute or a day than one person does."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_posts"
