"""What describes a file of an export: its query, and which columns are encrypted at rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Secret(Enum):
    """What is exported only when it was asked for by name."""

    IIN = "iin"
    CARD_NUMBER = "card number"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column kept encrypted: its context at the vault, and the secret it is, if it is one."""

    context: str
    secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """One file of CSV."""

    name: str
    about: str
    query: str
    sealed: Mapping[str, Sealed] = field(default_factory=dict)
