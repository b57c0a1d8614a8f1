"""What a program may be allowed: an action on a kind of thing, at one school.

Rule: a program may do what its token names, and nothing besides; a scope never reaches another school. The name of a
student goes to a program with the consent to digital resources, or by a scope of its own.
"""

from collections.abc import Iterable
from enum import Enum

from cloud.core.i18n import N_


class Scope(Enum):
    """A right of a program, under the name that stands in tokens."""

    ROSTER_READ = "roster.read"
    MARKS_READ = "marks.read"
    ROSTER_NAMES = "roster.names"  # of students whose families did not consent to it, too
    ACCOUNTS_READ = "accounts.read"
    ACCOUNTS_WRITE = "accounts.write"
    PRESENCE_READ = "presence.read"
    PASSAGES_READ = "passages.read"
    PASSAGES_WRITE = "passages.write"
    STATISTICS_READ = "statistics.read"


WORDS = {
    Scope.ROSTER_READ: N_("Read classes, students and teachers (OneRoster)"),
    Scope.MARKS_READ: N_("Read marks of this school year (OneRoster gradebook)"),
    Scope.ROSTER_NAMES: N_(
        "Read the name of every student, asked or not: only for a system of the school itself, as its diary"
    ),
    Scope.ACCOUNTS_READ: N_("See who may sign in (SCIM)"),
    Scope.ACCOUNTS_WRITE: N_("Open, change and close accounts of staff (SCIM)"),
    Scope.PRESENCE_READ: N_("Read who is at school now"),
    Scope.PASSAGES_READ: N_("Read who passed the gates"),
    Scope.PASSAGES_WRITE: N_("Tell of passages at gates of another system"),
    Scope.STATISTICS_READ: N_("Read the school in figures, without names"),
}
# OneRoster 1.2 names its scopes by addresses; those of demographics, and of writing marks, are never given.
ONEROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ONEROSTER_SCOPES = {
    f"{ONEROSTER}roster.readonly": Scope.ROSTER_READ,
    f"{ONEROSTER}roster-core.readonly": Scope.ROSTER_READ,
    f"{ONEROSTER}gradebook.readonly": Scope.MARKS_READ,
    f"{ONEROSTER}gradebook-core.readonly": Scope.MARKS_READ,
}
_BY_NAME = {scope.value: scope for scope in Scope}


def named(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes of their names; names that are none of ours are left out."""
    return frozenset(_BY_NAME[name] for name in names if name in _BY_NAME)


def granted(asked: str, held: frozenset[Scope]) -> dict[str, Scope]:
    """Return what is granted of a list with spaces, by the names it was asked for with; all that is held for none."""
    names = asked.split()
    if not names:
        return {scope.value: scope for scope in sorted(held, key=lambda each: each.value)}
    known = {name: ONEROSTER_SCOPES.get(name) or _BY_NAME.get(name) for name in names}
    return {name: scope for name, scope in known.items() if scope is not None and scope in held}


def kept_of(scopes: Iterable[Scope], held: frozenset[Scope]) -> frozenset[Scope]:
    """Return what an access token is kept with: no standard has one for names, so that goes along."""
    kept = frozenset(scopes)
    return kept | (held & {Scope.ROSTER_NAMES}) if kept & {Scope.ROSTER_READ, Scope.MARKS_READ} else kept
