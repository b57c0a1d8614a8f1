"""The four indicators as pages and files show them: words, shares, what counts, who does not yet. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from cloud.core.i18n import N_, Language, translate
from cloud.core.sheets import Row
from cloud.statistics.indicators import Indicator, Lack, Missing, Shares
from cloud.statistics.indicators_above import SharesAbove

PAGE_SIZE = 100
NAMES = {
    Indicator.PROFILED: N_("Students with a digital profile"),
    Indicator.ADVISED: N_("Students with recommendations or a trajectory"),
    Indicator.TEACHERS: N_("Teachers with free access to verified content"),
    Indicator.STUDENTS: N_("Students with free access to verified content"),
}
COUNTS = {
    Indicator.PROFILED: N_(
        "A profile counts when it says citizenship, native language, form of study, the number of the identity "
        "document and the address of living, and when date of birth and sex are typed or told by the IIN."
    ),
    Indicator.ADVISED: N_(
        "A student counts whose family was shown a recommendation that stands, or for whom a goal with at least one "
        "step is set and was not given up: a trajectory that the teacher formed."
    ),
    Indicator.TEACHERS: N_(
        "A teacher is who teaches a course this year, or whose account has a pedagogue's role. One counts whose "
        "account is tied and open, when at least one resource for teachers is published, verified and free of charge."
    ),
    Indicator.STUDENTS: N_(
        "A student counts who has an open account, when at least one resource for the grade or class is published, "
        "verified and free of charge."
    ),
}
LACKS = {
    Lack.PROFILE: N_("The profile is not filled"),
    Lack.ADVICE: N_("No recommendations and no trajectory"),
    Lack.ACCOUNT: N_("No account to sign in with"),
    Lack.CONTENT: N_("No verified free resource is published"),
}
HEADS = N_("Name"), N_("Class or position"), N_("Who"), N_("What is lacking")
TEACHER, STUDENT = N_("teacher"), N_("student")
SCHOOL_HEADS = N_("School"), N_("Counted on"), N_("Students"), N_("Teachers")


@dataclass(frozen=True, slots=True)
class Shown:
    """An indicator as it is shown: by its number, with what it is a share of."""

    indicator: Indicator
    part: int
    whole: int

    @property
    def name(self) -> str:
        return NAMES[self.indicator]

    @property
    def counts(self) -> str:
        """Return the words of who counts."""
        return COUNTS[self.indicator]

    @property
    def lacks(self) -> str:
        """Return by which lack the list shows who does not count; empty: by more than one."""
        return {Indicator.PROFILED: Lack.PROFILE.value, Indicator.ADVISED: Lack.ADVICE.value}.get(self.indicator, "")

    @property
    def sign(self) -> str:
        return "indicator_whole" if self.whole and self.part == self.whole else "indicator_part"


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of who does not count yet."""

    people: Sequence[Missing]
    found: int
    page: int
    lack: str  # empty: whatever is lacking

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE_SIZE))


def shown(shares: Shares) -> list[Shown]:
    """Return the four indicators of shares."""
    return [Shown(each, *shares.of(each)) for each in Indicator]


def listed(missing: Iterable[Missing], lack: str, page: int) -> Listed:
    """Return a page of those who lack something; of whatever they lack where nothing that there is was named."""
    wanted = lack if lack in set(Lack) else ""
    found = [each for each in missing if not wanted or wanted in each.lacks]
    number = max(1, min(page, -(-len(found) // PAGE_SIZE)))
    first = (number - 1) * PAGE_SIZE
    return Listed(found[first : first + PAGE_SIZE], len(found), number, wanted)


def rows_of_school(shares: Shares, missing: Sequence[Missing], language: Language) -> list[Row]:
    """Return the indicators and who does not count yet as the rows of a spreadsheet."""
    told = partial(translate, language)
    rows: list[Row] = [[told(head) for head in HEADS]]
    rows += [[f"{each.indicator.value} {told(each.name)}", "", each.part, each.whole] for each in shown(shares)]
    rows += [
        [
            each.name, each.place, told(TEACHER if each.is_teacher else STUDENT),
            "; ".join(told(LACKS[lack]) for lack in each.lacks),
        ]
        for each in missing
    ]  # fmt: skip
    return rows


def rows_of_schools(above: SharesAbove, language: Language) -> list[Row]:
    """Return the indicators of schools as the rows of a spreadsheet, with numerators and denominators."""
    told = partial(translate, language)
    rows: list[Row] = [
        [*(told(head) for head in SCHOOL_HEADS), *(f"{each.value} {told(NAMES[each])}" for each in Indicator)]
    ]
    rows += [
        [
            each.name(language.value), each.on or "", each.shares.students if each.shares else "",
            each.shares.teachers if each.shares else "",
            *(each.shares.of(indicator)[0] if each.shares else "" for indicator in Indicator),
        ]
        for each in above.schools
    ]  # fmt: skip
    return rows
