"""The roll of a day as the office looks at it: filtered, counted by class, sorted and in pages. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlencode

from cloud.attendance.queries import PersonToday

PAGE_SIZE = 60
SEARCH_MAX = 60
LATEST = datetime.max.replace(tzinfo=UTC)
STATES = ("inside", "late", "absent", "expected", "left", "away", "off")
STUDENT, STAFF = "student", "staff"
SORTS: Mapping[str, Callable[[PersonToday], tuple[object, ...]]] = {
    "name": lambda _person: (),  # people come in the order of the Kazakh alphabet, and sorting keeps it
    "class": lambda person: person.class_order,
    "state": lambda person: (STATES.index(person.standing), -person.late_min),
    "in": lambda person: (person.first_in_at or LATEST,),
    "out": lambda person: (person.last_out_at or LATEST,),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the office asked to see; what it cannot read it ignores."""

    role: str = STUDENT
    state: str = ""
    class_name: str = ""
    search: str = ""
    sort: str = "name"
    is_descending: bool = False
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read a query string."""
        sort = query.get("sort", "name")
        page = query.get("page", "1")
        return cls(
            role=STAFF if query.get("role") == STAFF else STUDENT,
            state=query.get("state", "") if query.get("state") in STATES else "",
            class_name=query.get("class", "")[:8],
            search=query.get("search", "").strip()[:SEARCH_MAX],
            sort=sort.removeprefix("-") if sort.removeprefix("-") in SORTS else "name",
            is_descending=sort.startswith("-"),
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        )

    @property
    def query(self) -> str:
        """Return the query string of these filters, without what goes without saying."""
        said = {
            "role": self.role if self.role != STUDENT else "", "state": self.state, "class": self.class_name,
            "search": self.search, "sort": ("-" if self.is_descending else "") + self.sort,
            "page": str(self.page) if self.page > 1 else "",
        }  # fmt: skip
        return urlencode({key: value for key, value in said.items() if value and (key, value) != ("sort", "name")})

    def to(self, **changes: object) -> str:
        """Return a link's address with some filters changed, from the first page on."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # templates name fields
        return f"?{changed.query}"

    def turned(self, key: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted by it already."""
        return self.to(sort=key, is_descending=key == self.sort and not self.is_descending)

    def fits(self, person: PersonToday) -> bool:
        """Tell whether a person is to be shown."""
        return (
            person.role == self.role
            and (not self.state or person.has(self.state))
            and (not self.class_name or person.class_name == self.class_name)
            and self.search.casefold() in person.name.casefold()
        )


@dataclass(frozen=True, slots=True)
class Sorting:
    """What the heads of columns need."""

    key: str
    is_descending: bool
    address: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a class, or of all students or staff, are in each state."""

    name: str
    total: int
    states: Mapping[str, int]

    def __getitem__(self, state: str) -> int:
        return self.states[state]


@dataclass(frozen=True, slots=True)
class Today:
    """The page: counts of all, of each class, and the people who fit."""

    filters: Filters
    all: Count
    classes: Sequence[Count]
    people: Sequence[PersonToday]
    found: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE_SIZE))

    @property
    def sorting(self) -> Sorting:
        return Sorting(self.filters.sort, self.filters.is_descending, self.filters.turned)


def today_of(roll: Sequence[PersonToday], filters: Filters) -> Today:
    """Return what the office sees of a roll."""
    mine = [person for person in roll if person.role == filters.role]
    people = fitting(roll, filters)
    filters = replace(filters, page=max(1, min(filters.page, -(-len(people) // PAGE_SIZE))))
    start = (filters.page - 1) * PAGE_SIZE
    return Today(filters, _count("", mine), by_class(mine), people[start : start + PAGE_SIZE], len(people))


def fitting(roll: Sequence[PersonToday], filters: Filters) -> list[PersonToday]:
    """Return who fits, sorted."""
    found = [person for person in roll if filters.fits(person)]
    found.sort(key=SORTS[filters.sort])
    return found[::-1] if filters.is_descending else found


def by_class(people: Iterable[PersonToday]) -> list[Count]:
    """Return the counts of each class, in the order of grades and letters."""
    classes: dict[tuple[int, str], list[PersonToday]] = {}
    for person in people:
        if person.class_name:
            classes.setdefault(person.class_order, []).append(person)
    return [_count(members[0].class_name, members) for _, members in sorted(classes.items())]


def _count(name: str, people: Sequence[PersonToday]) -> Count:
    return Count(name, len(people), {state: sum(person.has(state) for person in people) for state in STATES})
