"""Analysis of questions: how hard each was, whether it tells who knows from who does not, and what was chosen. Pure.

By the classical theory of tests: difficulty p is the mean part of the points; discrimination is the point-biserial
correlation of a question with the rest of the test, and the difference of p between the upper and the lower 27 % (T. L.
Kelley, 1939). Rule: a question is never correlated with a sum that holds its own points.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt

UPPER = 0.27
LEAST = 10  # attempts under which figures of discrimination say nothing
EASY, HARD = 0.9, 0.2
WEAK, WRONG = 0.2, 0.0


class Verdict(StrEnum):
    """What figures say of a question; the words are those of `word(f"item_{verdict}")`."""

    GOOD = "good"
    FEW = "few"  # answers: nothing can be said yet
    EASY = "easy"
    HARD = "hard"
    WEAK = "weak"  # it hardly tells who knows
    WRONG = "wrong"  # who knows less answers it better: the key may be wrong


@dataclass(frozen=True, slots=True)
class Reached:
    """What an attempt reached: of each question, by its digest, the part of its points, 0 to 1, and what it chose."""

    parts: Mapping[str, float]
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a question; None where nothing can be said."""

    answers: int
    difficulty: float | None
    biserial: float | None
    upper_lower: float | None
    chosen: Mapping[str, int]
    chosen_by_upper: Mapping[str, int]
    chosen_by_lower: Mapping[str, int]

    @property
    def verdict(self) -> Verdict:
        """Return what the figures say in a word."""
        if self.difficulty is None or self.answers < LEAST:
            return Verdict.FEW
        if self.biserial is not None and self.biserial < WRONG:
            return Verdict.WRONG
        if self.difficulty > EASY:
            return Verdict.EASY
        if self.difficulty < HARD:
            return Verdict.HARD
        return Verdict.WEAK if self.biserial is None or self.biserial < WEAK else Verdict.GOOD


def figures_of(digests: Sequence[str], reached: Sequence[Reached]) -> dict[str, Figures]:
    """Return the figures of each question, by digest."""
    size = max(1, round(len(reached) * UPPER))
    ranked = sorted(reached, key=_mean, reverse=True)
    groups = (ranked[:size], ranked[-size:]) if len(reached) >= LEAST else ((), ())
    return {digest: _figures(digest, reached, *groups) for digest in digests}


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Pearson's correlation; with parts that are 0 or 1 it is the point-biserial one. None without a spread."""
    count = len(pairs)
    if count < 2:
        return None
    left, right = sum(x for x, _ in pairs) / count, sum(y for _, y in pairs) / count
    spread_x = sum((x - left) ** 2 for x, _ in pairs)
    spread_y = sum((y - right) ** 2 for _, y in pairs)
    if spread_x < 1e-12 or spread_y < 1e-12:
        return None
    return sum((x - left) * (y - right) for x, y in pairs) / sqrt(spread_x * spread_y)


def _figures(
    digest: str, reached: Sequence[Reached], upper: Sequence[Reached], lower: Sequence[Reached]
) -> Figures:  # fmt: skip
    asked = [each for each in reached if digest in each.parts]
    parts = [each.parts[digest] for each in asked]
    pairs = [(each.parts[digest], rest) for each in asked if (rest := _rest(each, digest)) is not None]
    of_upper, of_lower = _difficulty(digest, upper), _difficulty(digest, lower)
    return Figures(
        len(asked), sum(parts) / len(parts) if parts else None,
        correlation(pairs) if len(pairs) >= LEAST else None,
        None if of_upper is None or of_lower is None else of_upper - of_lower,
        _chosen(digest, asked), _chosen(digest, upper), _chosen(digest, lower),
    )  # fmt: skip


def _difficulty(digest: str, group: Sequence[Reached]) -> float | None:
    parts = [each.parts[digest] for each in group if digest in each.parts]
    return sum(parts) / len(parts) if parts else None


def _chosen(digest: str, group: Sequence[Reached]) -> Mapping[str, int]:
    return Counter(key for each in group for key in each.chosen.get(digest, ()))


def _rest(each: Reached, digest: str) -> float | None:
    """Return the mean part of an attempt's other questions."""
    others = [part for key, part in each.parts.items() if key != digest]
    return sum(others) / len(others) if others else None


def _mean(each: Reached) -> float:
    return sum(each.parts.values()) / len(each.parts) if each.parts else 0.0
