"""Who asks: the first argument of every public query and action, and what it may reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Self

from cloud.core.errors import NotAllowed


class Role(Enum):
    """What an account may be. Its words: `word(f"role_{role.value}")`."""

    GUARDIAN = "guardian"  # a parent or legal representative
    STUDENT = "student"
    TEACHER = "teacher"  # of a subject
    CLASS_TEACHER = "class_teacher"
    TUTOR = "tutor"
    METHODOLOGIST = "methodologist"
    PEDAGOGUE = "pedagogue"  # social: keeps the lists of who eats free
    NURSE = "nurse"  # keeps diets
    CASHIER = "cashier"
    CANTEEN = "canteen"  # plans and publishes menus
    GUARD = "guard"
    OFFICE = "office"
    DEPUTY = "deputy"
    DIRECTOR = "director"  # approves who eats free
    IT = "it"
    AUTHORITY = "authority"  # municipal, regional or national
    OPERATOR = "operator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Reach:
    """A role at a school; at every school when `school_id` is None."""

    role: Role
    school_id: int | None


@dataclass(frozen=True, slots=True)
class Actor:
    """An account that signed in, or the system itself doing what its reason says."""

    name: str
    account_id: int | None = None
    reaches: frozenset[Reach] = frozenset()
    language: str = ""  # its pages'; empty is none chosen
    must_change: bool = False  # an initial password: nothing but changing it is allowed

    @classmethod
    def system(cls, reason: str) -> Self:
        """Return the system's own actor, which may do everything; `reason` stands in the audit journal."""
        return cls(f"system: {reason}", reaches=frozenset({Reach(Role.OPERATOR, None)}), language="en")

    def may(self, role: Role, school_id: int) -> bool:
        """Tell whether the actor has the role at the school; an operator has the staff's roles at all of them."""
        if self.must_change:
            return False
        return bool(self.reaches & {Reach(role, school_id), Reach(role, None)}) or (
            role is not Role.GUARDIAN and self.is_operator
        )

    @property
    def is_operator(self) -> bool:
        return not self.must_change and Reach(Role.OPERATOR, None) in self.reaches

    def require(self, roles: Role | Iterable[Role], school_id: int) -> None:
        """Raise NotAllowed unless the actor has one of the roles at the school."""
        wanted = (roles,) if isinstance(roles, Role) else tuple(roles)
        if not any(self.may(role, school_id) for role in wanted):
            raise NotAllowed

    def require_operator(self) -> None:
        """Raise NotAllowed unless the actor is an operator."""
        if not self.is_operator:
            raise NotAllowed

    def schools_as(self, *roles: Role) -> frozenset[int]:
        """Return the schools at which the actor has one of the roles by a grant of its own."""
        if self.must_change:
            return frozenset()
        return frozenset(
            reach.school_id for reach in self.reaches if reach.role in roles and reach.school_id is not None
        )
