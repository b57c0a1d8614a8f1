"""What of a list of resources somebody asks for, and what comes first on whose shelf. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from cloud.resources.kinds import GRADES, KINDS, LANGUAGES, SUBJECTS
from cloud.resources.queries import Resource

EVERY_SUBJECT = "general"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A choice by subject, grade, language and kind; what it cannot read it ignores."""

    subject: str = ""
    grade: int | None = None
    language: str = ""
    kind: str = ""
    is_verified: bool = False  # those alone

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read a query string."""
        grades = {str(grade): grade for grade in GRADES}
        return cls(
            _one_of(query.get("subject"), SUBJECTS), grades.get(query.get("grade", "")),
            _one_of(query.get("language"), LANGUAGES), _one_of(query.get("kind"), [each.value for each in KINDS]),
            query.get("verified") == "true",
        )  # fmt: skip

    @property
    def is_any(self) -> bool:
        """Tell whether everything is asked for."""
        return self == Wanted()

    def fits(self, resource: Resource) -> bool:
        """Tell whether a resource is one of those; classes that are named one by one are of no grade here."""
        return (
            self.subject in {"", resource.subject}
            and self.language in {"", resource.language}
            and self.kind in {"", resource.kind.value}
            and (self.grade is None or self.grade in resource.grades)
            and (resource.is_verified or not self.is_verified)
        )


@dataclass(frozen=True, slots=True)
class Own:
    """What somebody studies or teaches: subjects of the catalogue, and a teacher's grades."""

    subjects: frozenset[str] = frozenset()
    grades: frozenset[int] = frozenset()  # empty: the shelf has no others

    def is_near(self, resource: Resource) -> bool:
        """Tell whether a resource is about one of the subjects, and for one of the grades if it is for grades."""
        is_of_grade = not self.grades or not resource.grades or not self.grades.isdisjoint(resource.grades)
        return resource.subject in self.subjects and is_of_grade


def sorted_for(own: Own, resources: Iterable[Resource]) -> list[Resource]:
    """Return resources with those of somebody's own subjects first; otherwise as they came."""
    return sorted(resources, key=lambda each: not own.is_near(each))


def chosen(resources: Sequence[Resource], wanted: Wanted) -> list[Resource]:
    """Return the resources that are asked for."""
    return [each for each in resources if wanted.fits(each)]


def _one_of(text: str | None, known: Iterable[str]) -> str:
    return text if text is not None and text in set(known) else ""
