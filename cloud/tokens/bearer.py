"""A program that asks with a token: the first argument of what programs are answered."""

from dataclasses import dataclass

from cloud.core.actor import Actor
from cloud.tokens.errors import ScopeMissing
from cloud.tokens.scopes import Scope

NAME_MAX = 60


@dataclass(frozen=True, slots=True)
class Bearer:
    """A program, the one school its token is of, and what it may do there."""

    token_id: int
    name: str
    school_id: int
    school_code: str
    scopes: frozenset[Scope]

    @property
    def actor(self) -> Actor:
        """Return the program as the audit journal names it; it has no roles."""
        return Actor(f"program: {self.name}")

    def require(self, scope: Scope) -> None:
        """Raise ScopeMissing unless the token names the scope."""
        if scope not in self.scopes:
            raise ScopeMissing(scope)
