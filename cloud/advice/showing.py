"""Recommendations as they are shown to a reader of a language: of which subject, what is advised, and why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.advice.kinds import Advice, Kept
from cloud.advice.queries import Line
from cloud.advice.wording import offer_of, reason_of
from cloud.core.i18n import Language, translate


@dataclass(frozen=True, slots=True)
class Shown:
    """A recommendation in words; `subject` is empty where it is of none."""

    line: Line
    subject: str
    what: str
    why: str

    @property
    def title(self) -> str:
        """Return what a goal of it is called at first."""
        return f"{self.subject}: {self.what}" if self.subject else self.what


def shown(line: Line, language: Language) -> Shown:
    """Return a line in a reader's words; a teacher's own words are as they were written."""
    subject = line.advice.subject
    words = line.kept.words if line.kept else ""
    return Shown(
        line, subject.name(language.value) if subject else "", words or translate(language, offer_of(line.advice)),
        why(line.advice, language),
    )  # fmt: skip


def shown_all(lines: Sequence[Line], language: Language) -> list[Shown]:
    """Return lines in a reader's words."""
    return [shown(each, language) for each in lines]


def kept_shown(kept: Sequence[Kept], language: Language) -> list[Shown]:
    """Return what was kept in a reader's words."""
    return [shown(Line(each.advice, each, is_now=False), language) for each in kept]


def why(advice: Advice, language: Language) -> str:
    """Return why something is advised."""
    reason = reason_of(advice)
    return translate(language, reason) if reason.text else ""
