"""Asking for all tills of a school at once: whether a right is still unused, and money not spent elsewhere.

Rule: silence is an answer: a till that nobody answers in time sells by what it knows itself, and says so in the sale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Outcome = Literal["granted", "silent", "had_it", "no_money", "day_limit"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sale takes: a right, money of an account, or both; made again, it takes the place of what it was."""

    sale: str
    person: str
    meal: str
    day: str
    amount_tiyn: int
    is_by_right: bool


class Claims(Protocol):
    """Who answers for all tills."""

    @property
    def is_near(self) -> bool:
        """Tell whether an answer is to be expected."""
        ...

    async def ask(self, claim: Claim) -> Outcome:
        """Return the answer; `silent` when none came in time. What is granted is on the answerer's disk."""
        ...


class OnlyTill:
    """The answer of a school that has no other till: its own records are all there are."""

    is_near = True

    async def ask(self, _claim: Claim) -> Outcome:
        return "granted"


class NobodyToAsk:
    """The answer of several tills without a hub."""

    is_near = False

    async def ask(self, _claim: Claim) -> Outcome:
        return "silent"


class SchoolClaims:
    """Who answers by the roster of now: nobody needs to, the hub can, or nobody is there to ask."""

    def __init__(self, is_only: Callable[[], bool], hub: Callable[[], Claims | None]) -> None:
        """`is_only` tells whether this is the school's one till; `hub` gives the way to its hub, if there is one."""
        self._is_only = is_only
        self._hub = hub

    @property
    def is_near(self) -> bool:
        return self._now().is_near

    async def ask(self, claim: Claim) -> Outcome:
        return await self._now().ask(claim)

    def _now(self) -> Claims:
        if self._is_only():
            return OnlyTill()
        return self._hub() or NobodyToAsk()
