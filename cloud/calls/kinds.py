"""Words of video lessons: servers, how people are named there, a lesson by video and when it is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud.core.i18n import N_

SECRET, ADDRESS = "call_server.secret", "call_recording.address"
BEFORE, AFTER = timedelta(minutes=10), timedelta(minutes=30)  # of a lesson: how long a video lesson is open


class Kind(StrEnum):
    """What a server runs."""

    JITSI = "jitsi"
    BBB = "bbb"


KINDS = {Kind.JITSI: "Jitsi Meet", Kind.BBB: "BigBlueButton"}


class Algorithm(StrEnum):
    """How tokens for Jitsi are signed (RFC 7518)."""

    HS256 = "HS256"
    RS256 = "RS256"


class Names(StrEnum):
    """What the server is told of who comes."""

    FULL = "full"
    GIVEN = "given"
    NONE = "none"


NAMES = {
    Names.FULL: N_("Surname and given name"),
    Names.GIVEN: N_("Given name only"),
    Names.NONE: N_("No name: “Student” or “Teacher”"),
}
STUDENT, TEACHER = N_("Student"), N_("Teacher")


@dataclass(frozen=True, slots=True)
class ServerGiven:
    """A server as somebody of the school enters it; an empty secret leaves the one that is kept."""

    kind: Kind
    address: str
    secret: str = ""
    app_id: str = ""
    key_id: str = ""
    algorithm: Algorithm = Algorithm.HS256
    names: Names = Names.FULL


@dataclass(frozen=True, slots=True)
class Server:
    """The server of a school, with its secret open."""

    kind: Kind
    address: str  # without a slash at its end
    secret: str
    app_id: str
    key_id: str
    algorithm: Algorithm
    names: Names


class State(StrEnum):
    """Whether somebody can come to a video lesson at an instant."""

    EARLY = "early"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Call:
    """A lesson that is held by video; it is open from some minutes before the lesson until some after."""

    id: int
    lesson_id: int
    room: str
    opens_at: datetime
    closes_at: datetime
    made_by: str
    led_at: datetime | None  # when its teacher first began it

    def state(self, now: datetime) -> State:
        """Return whether somebody can come at an instant."""
        if now < self.opens_at:
            return State.EARLY
        return State.OPEN if now < self.closes_at else State.OVER


@dataclass(frozen=True, slots=True)
class Comer:
    """Who comes to a video lesson: in which words the server is told, and whether it leads there."""

    name: str
    leads: bool


@dataclass(frozen=True, slots=True)
class Came:
    """When a student first came to a video lesson, and whether it was from a parent's account."""

    at: datetime
    by_family: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """A link to the recording of a lesson."""

    id: int
    address: str
    added_at: datetime
    added_by: str
