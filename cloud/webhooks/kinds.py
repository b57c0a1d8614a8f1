"""What a webhook may tell of. Nothing told names anybody: a person's reference is looked up with a token."""

from enum import Enum

from cloud.core.i18n import N_


class EventKind(Enum):
    """A kind of event, under the name that stands in what is sent."""

    PASSAGE = "passage"
    ROSTER = "roster.changed"
    TEST = "test"  # sent at the press of a button


WORDS = {
    EventKind.PASSAGE: N_("Somebody passed a gate"),
    EventKind.ROSTER: N_("People or classes changed"),
}
