"""Words of reports that stand in files and letters, for the catalogues: every text in the three languages."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from cloud.core.formats import Formats
from cloud.core.i18n import N_, Language, translate
from cloud.core.words import WORDS
from cloud.reports.months import Month

Translate = Callable[[str], str]
REMARKS = {
    "second_meal": N_("A second meal of one child at one meal of the day"),
    "not_seen": N_("No gate saw the child come in on this day"),
    "absent_in_class": N_("The child was marked absent from class on this day"),
    "without_right": N_("The child had no approved right to this meal on this day"),
    "unconfirmed": N_("Given while the tills could not ask each other"),
    "overruled": N_("The till spoke against it, and a member of staff decided"),
    "stranger": N_("For somebody whom the school does not have; not counted"),
    "no_lines": N_("The dishes of this meal were lost on the way"),
    "rough_clock": N_("The clock of the till was uncertain"),
    "no_school_day": N_("Meals were given on a day without lessons"),
    "gates_silent": N_("Meals were given on a day on which the gates saw nobody"),
    "absent_but_seen": N_("Marked absent from class, but a gate saw the child come in"),
    "by_hand": N_("Let through by the guard, without a card"),
    "never_left": N_("No gate saw the person leave"),
    "never_came": N_("A gate saw the person leave, and none come in"),
    "no_lessons": N_("Students came on a day without lessons"),
    "gates_out": N_("No gate told of anybody on a day of lessons"),
}
KIND_WORDS = {
    "free": N_("Free"),
    "subsidised": N_("For less"),
    "students": N_("Students"),
    "staff": N_("Staff"),
}
ALL_TOGETHER = N_("All together")


@dataclass(frozen=True, slots=True)
class Wording:
    """How one reader of a report reads it."""

    language: Language
    zone: ZoneInfo

    @property
    def formats(self) -> Formats:
        return Formats(self.language, self.zone)

    def told(self, text: str, **values: object) -> str:
        """Return a text of the catalogues with its values."""
        return translate(self.language, text).format(**values)

    def month(self, month: Month) -> str:
        """Return a month with its year, as August 2026."""
        return month_named(month, self.language)

    def remark(self, what: str) -> str:
        """Return what a remark says; one that is newer than this program stays its code."""
        return translate(self.language, REMARKS.get(what, what))

    def rule(self, rule: str) -> str:
        """Return the words of a rule of tills; of one that is newer than this program its code."""
        return translate(self.language, WORDS.get(rule, rule))

    def kind(self, kind: str) -> str:
        """Return the word of a kind."""
        return translate(self.language, KIND_WORDS.get(kind, kind))


def month_named(month: Month, language: Language) -> str:
    """Return a month with its year in a language: August 2026."""
    return str(format_skeleton("yMMMM", month.first_on, locale=language.value))
