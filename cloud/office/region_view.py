"""Schools as an authority compares them: of one kind, sorted by a figure, in pages. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from cloud.office.view import Sorting
from cloud.statistics.comparing import SchoolSums
from cloud.statistics.kinds import Figures, together
from cloud.statistics.spans import By

PAGE_SIZE = 60
SIZES = {"small": range(200), "middle": range(200, 600), "large": range(600, 1_200), "huge": range(1_200, 1_000_000)}
WEEKS, SHIFTS = ("5", "6"), ("1", "2", "3")
SORTS: Mapping[str, Callable[[SchoolSums], float]] = {
    "students": lambda school: school.students,
    "came": lambda school: _share(school.figures.came, school.figures.expected),
    "late": lambda school: _share(school.figures.late, school.figures.came),
    "ate": lambda school: _share(school.figures.ate, school.figures.taught),
    "food": lambda school: _share(school.figures.food, school.figures.rated),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked to see of the schools; what it cannot read it ignores."""

    node: str = ""
    by: By = By.DAY
    on: str = ""
    size: str = ""
    week: str = ""
    shifts: str = ""
    sort: str = ""  # empty: by name, as they come
    is_descending: bool = False
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read a query string."""
        sort, page, by = query.get("sort", ""), query.get("page", "1"), query.get("by", "")
        return cls(
            node=query.get("node", "")[:24], by=By(by) if by in set(By) else By.DAY, on=query.get("on", "")[:10],
            size=_one_of(query.get("size"), SIZES), week=_one_of(query.get("week"), WEEKS),
            shifts=_one_of(query.get("shifts"), SHIFTS), sort=_one_of(sort.removeprefix("-"), SORTS),
            is_descending=sort.startswith("-"),
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1,
        )  # fmt: skip

    @property
    def query(self) -> str:
        """Return the query string of it, without what goes without saying."""
        said = {
            "node": self.node, "by": "" if self.by is By.DAY else self.by.value, "on": self.on, "size": self.size,
            "week": self.week, "shifts": self.shifts,
            "sort": ("-" if self.is_descending else "") + self.sort if self.sort else "",
            "page": str(self.page) if self.page > 1 else "",
        }  # fmt: skip
        return urlencode({key: value for key, value in said.items() if value})

    def to(self, **changes: object) -> str:
        """Return a link's address with something changed, from the first page on."""
        return f"/region?{replace(self, **{'page': 1, **changes}).query}"  # type: ignore[arg-type]  # templates name fields

    def turned(self, key: str) -> str:
        """Return the address that sorts by a column; the most first, and the other way round when it is so already."""
        return self.to(sort=key, is_descending=not (key == self.sort and self.is_descending)) + "#schools"

    @property
    def sorting(self) -> Sorting:
        return Sorting(self.sort, self.is_descending, self.turned)

    def fits(self, school: SchoolSums) -> bool:
        """Tell whether a school is of the kind that was asked for."""
        return (
            (not self.size or school.students in SIZES[self.size])
            and (not self.week or school.school_days == int(self.week))
            and (not self.shifts or school.shifts == int(self.shifts))
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """A page of schools of a kind, and what all of that kind come to."""

    wanted: Wanted
    schools: Sequence[SchoolSums]
    found: int
    students: int
    figures: Figures

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE_SIZE))


def compared(schools: Iterable[SchoolSums], wanted: Wanted) -> Compared:
    """Return the schools that fit, sorted; those of equal figures stay by code."""
    found = [each for each in schools if wanted.fits(each)]
    if wanted.sort:
        found.sort(key=SORTS[wanted.sort], reverse=wanted.is_descending)
    wanted = replace(wanted, page=max(1, min(wanted.page, -(-len(found) // PAGE_SIZE))))
    first = (wanted.page - 1) * PAGE_SIZE
    return Compared(
        wanted, found[first : first + PAGE_SIZE], len(found), sum(each.students for each in found),
        together(each.figures for each in found),
    )  # fmt: skip


def _one_of(text: str | None, known: Iterable[str]) -> str:
    return text if text is not None and text in set(known) else ""


def _share(part: int, whole: int) -> float:
    """Return a share to sort by; what has none comes before what has none of it."""
    return part / whole if whole else -1.0
