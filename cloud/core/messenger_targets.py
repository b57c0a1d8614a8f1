"""Messengers that an operator lets guardians add, over Apprise: each a name and an address with one place to fill in.

Rule: scheme, host and everything else of an address are the operator's; of a guardian it takes letters, digits, `-` and
`_` in the one place, so that nobody outside chooses where this service connects to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cloud.core.errors import Refused
from cloud.core.messages import message

PLACE = "{to}"
APPRISE = "apprise."  # before a messenger's name: what its channel is called
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}", re.ASCII)
TYPED = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s]+", re.ASCII)


class TargetRefused(Refused):
    """What was typed cannot stand in the address of a messenger."""

    code = "target_refused"

    def __init__(self) -> None:
        super().__init__(message("Letters, digits, - and _ only, 64 at most."))


class TargetWrong(ValueError):
    """The operator's setting cannot be read."""


@dataclass(frozen=True, slots=True)
class Target:
    """A messenger by its name, and the address with the place."""

    name: str
    address: str = field(repr=False)  # it may hold the operator's keys

    @property
    def channel(self) -> str:
        """Return its channel's name."""
        return APPRISE + self.name.lower()

    def filled(self, typed: str) -> str:
        """Return the address for what a guardian typed. Raises TargetRefused."""
        if TYPED.fullmatch(typed) is None:
            raise TargetRefused
        return self.address.replace(PLACE, typed)


def targets_of(setting: str) -> Mapping[str, Target]:
    """Return the messengers of the setting by their channels. Raises TargetWrong."""
    found: dict[str, Target] = {}
    for each in setting.split():
        name, mark, address = each.partition("=")
        if not mark or NAME.fullmatch(name) is None or _ADDRESS.fullmatch(address) is None:
            raise TargetWrong("not readable")
        scheme, _, rest = address.partition("://")
        if rest.count(PLACE) != 1 or PLACE in rest.partition("/")[0] or "{" in scheme:
            raise TargetWrong("without {to} after the host")
        target = Target(name, address)
        found[target.channel] = target
    return found
