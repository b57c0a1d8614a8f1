"""Rules of the catalogue: what a resource must have before it is kept, and who sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloud.core.i18n import Language
from cloud.core.messages import message
from cloud.resources.errors import ResourceRefused
from cloud.resources.kinds import GRADES, SUBJECTS, ResourceKind, Way

TITLE_MAX = 160
AUDIENCE_MAX = 200


@dataclass(frozen=True, slots=True)
class ResourceGiven:
    """A resource as somebody enters it; `key` is the id of its client or tool, 0 for a link."""

    kind: str
    title: str
    subject: str
    language: str
    way: str
    address: str
    key: int = 0
    grades: Sequence[int] = ()
    classes: Sequence[int] = ()  # ids
    for_teachers: bool = True
    is_free: bool = False  # of charge, for whom it is meant


def checked_resource(given: ResourceGiven) -> ResourceGiven:
    """Return a resource without spaces around. Raises ResourceRefused with what to mend."""
    title = " ".join(given.title.split())
    if not 1 <= len(title) <= TITLE_MAX:
        raise ResourceRefused(message("Give a title of 1 to {count} characters.", count=TITLE_MAX))
    if given.kind not in set(ResourceKind) or given.way not in set(Way):
        raise ResourceRefused(message("Choose what it is, and how it is opened."))
    if given.subject not in SUBJECTS or given.language not in set(Language):
        raise ResourceRefused(message("Choose a subject and a language of the lists."))
    if any(grade not in GRADES for grade in given.grades) or len(given.grades) + len(given.classes) > AUDIENCE_MAX:
        raise ResourceRefused(message("Choose grades and classes of the lists."))
    if not (given.grades or given.classes or given.for_teachers):
        raise ResourceRefused(message("Choose at least one grade, a class or the teachers: else nobody would see it."))
    if (given.way == Way.LINK) != (given.key == 0):
        raise ResourceRefused(
            message("Choose by which client or tool it is opened; IT sets them up under “Single sign-on”.")
        )
    return replace(
        given, title=title, grades=sorted(set(given.grades)), classes=sorted(set(given.classes)),
        address=given.address.strip(),
    )  # fmt: skip
