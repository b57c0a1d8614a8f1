"""What describes a table of an export: whose its rows are, and which columns do not go out as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cloud.core.handed_files import Shelf

OWN = "school_id = $1"
# Accounts that a row of the school's names; the catalogue knows by which columns. Those that are of the school itself
# go out with their logins, the others by name alone.
ACCOUNTS, OF_SCHOOL = "{accounts}", "{of_school}"


class Secret(Enum):
    """What stands in the open tables only when it was asked for by name."""

    IIN = "iin"
    CARD_NUMBER = "card number"
    CONTACT = "contact"
    HEALTH = "health"  # what somebody may not eat, and the papers of doctors, courts and the office


class Writing(Enum):
    """How bytes of a column are written in a table."""

    HEX = "hex"  # after \x
    TEXT = "text"  # they are UTF-8 of ours
    ESCAPED = "escaped"  # printable ASCII as it is, a backslash twice, any other byte as \ooo


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column kept encrypted: its context at the vault, and the secret that it is, if anybody may ask for it.

    Without a secret it goes out in the sealed part only, for another installation.
    """

    context: str
    secret: Secret | None = None

    def shown_as(self, column: str) -> str:
        """Return the name of the open column."""
        return column.removesuffix("_encrypted")


@dataclass(frozen=True, slots=True)
class Table:
    """A table, of which a school's rows go out; `whose` is the condition, $1 the school's id."""

    name: str
    whose: str = OWN
    sealed: Mapping[str, Sealed] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()  # secrets that the vault does not keep: in the sealed part only
    digests: Mapping[str, str] = field(default_factory=dict)  # computed anew from a sealed column
    unkept: Mapping[str, str] = field(default_factory=dict)  # stays here; what SQL puts in its place elsewhere
    written: Mapping[str, Writing] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)  # bytes that are a file: its name, of other columns
    shown: Mapping[str, str] = field(default_factory=dict)  # what SQL gives out instead of the column itself

    @property
    def hidden(self) -> frozenset[str]:
        """The columns that no open table shows."""
        return self.closed | frozenset(self.sealed) | frozenset(self.digests) | frozenset(self.unkept)


def sealed_by(shelf: Shelf) -> dict[str, Sealed]:
    """Return what seals name and content of a shelf's files."""
    return {"name_encrypted": Sealed(shelf.name), "content_encrypted": Sealed(shelf.content)}


def through(column: str, table: str, key: str = "id") -> str:
    """Return the condition of rows that are the school's by another table."""
    return f"{column} IN (SELECT {key} FROM {table} WHERE {OWN})"  # noqa: S608 (names of ours)
