"""Who asks: the first argument of every public query and action, and what it may reach.

Rule: this is the one gate. What it answers comes from the table in `cloud.core.rights`, and from the account's grants.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from cloud.core.errors import NotAllowed
from cloud.core.rights import OWN_CLASSES, OWN_COURSES, OWN_PEOPLE, WHOLE_SCHOOL, Right
from cloud.core.roles import Role

__all__ = ["Actor", "Reach", "Role"]


class Reach(NamedTuple):
    """A role at a school; at every school when `school_id` is None; with a class, for this class of the school too."""

    role: Role
    school_id: int | None
    class_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """An account that signed in, or the system itself doing what its reason says."""

    name: str
    account_id: int | None = None
    reaches: frozenset[Reach] = frozenset()
    language: str = ""  # its pages'; empty is none chosen
    must_change: bool = False  # an initial password: nothing but changing it is allowed
    must_enrol: bool = False  # a second factor is to be set up: nothing but that is allowed
    is_system: bool = False

    @classmethod
    def system(cls, reason: str) -> Self:
        """Return the system's own actor, which may do everything; `reason` stands in the audit journal."""
        return cls(f"system: {reason}", language="en", is_system=True)

    def can(self, right: Right, school_id: int) -> bool:
        """Tell whether the actor has the right for a whole school."""
        return self._has(WHOLE_SCHOOL[right], school_id)

    def can_everywhere(self, right: Right) -> bool:
        """Tell whether the actor has the right for every school there is."""
        return self._has(WHOLE_SCHOOL[right], None)

    def classes(self, right: Right, school_id: int) -> frozenset[int]:
        """Return the classes of a school for which the actor has the right, where it has none for the whole school."""
        if self.must_change:
            return frozenset()
        roles = OWN_CLASSES[right]
        return frozenset(
            reach.class_id
            for reach in self.reaches
            if reach.class_id is not None and reach.school_id == school_id and reach.role in roles
        )

    def teaches(self, right: Right, school_id: int) -> bool:
        """Tell whether the actor has the right for what it teaches at a school; which courses, a query asks."""
        return not self.must_change and bool(OWN_COURSES[right] & self.roles_at(school_id))

    def kinships(self, right: Right) -> frozenset[Role]:
        """Return in which of a family's roles the actor has the right; whose child or which student, a query asks."""
        if self.must_change:
            return frozenset()
        return OWN_PEOPLE[right] & {reach.role for reach in self.reaches}

    def require(self, right: Right, school_id: int) -> None:
        """Raise NotAllowed unless the actor has the right for a whole school."""
        if not self.can(right, school_id):
            raise NotAllowed

    def require_everywhere(self, right: Right) -> None:
        """Raise NotAllowed unless the actor has the right for every school there is."""
        if not self.can_everywhere(right):
            raise NotAllowed

    def schools_with(self, right: Right) -> frozenset[int] | None:
        """Return the schools for all of which the actor has the right; None is every school there is."""
        if self.can_everywhere(right):
            return None
        return frozenset() if self.must_change else self._schools(WHOLE_SCHOOL[right])

    def schools_as(self, *roles: Role) -> frozenset[int]:
        """Return the schools at which the actor has one of the roles by a grant of its own."""
        return frozenset() if self.must_change else self._schools(roles)

    def roles_at(self, school_id: int) -> frozenset[Role]:
        """Return the roles that the actor has at a school: for what is shared with a role, which gives no right."""
        held = frozenset(reach.role for reach in self.reaches if reach.school_id in {school_id, None})
        return frozenset() if self.must_change else held

    def _has(self, roles: frozenset[Role], school_id: int | None) -> bool:
        if self.is_system:
            return True
        if self.must_change:
            return False
        reaches = self.reaches
        return any(Reach(role, None) in reaches or Reach(role, school_id) in reaches for role in roles)

    def _schools(self, roles: Iterable[Role]) -> frozenset[int]:
        wanted = frozenset(roles)
        return frozenset(
            reach.school_id for reach in self.reaches if reach.role in wanted and reach.school_id is not None
        )
