"""The school's roster as the agent looks things up in it: the doors', and with it the canteen's at a till."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
from typing_extensions import override

from edge_agent.rows import Header, Rows, header_of, prefix_of
from schemas.roster import RosterRefused, body_of
from schemas.structs import AnyRow, CardRow, GateRow, PersonRow, PolicyRow, PolicyRules, ProfileRow

__all__ = ["Header", "Roster", "header_of", "prefix_of"]

UTC_OFFSET_MIN = 300  # all of Kazakhstan, since March 2024
KINDS = frozenset({"policy", "gate", "profile", "person", "card", "till"})  # of the doors' rows
_decode_card = msgspec.json.Decoder(CardRow).decode
_decode_person = msgspec.json.Decoder(PersonRow).decode


def local_time(roster: "Roster | None", wall_ms: int) -> datetime:
    """Return the school's own time of an instant."""
    offset_min = roster.utc_offset_min if roster is not None else UTC_OFFSET_MIN
    return datetime.fromtimestamp(wall_ms / 1000, UTC) + timedelta(minutes=offset_min)


class Roster(Rows):
    """Cards, people, profiles, gates, tills and rules of one version.

    A cloud of before the canteen had a roster of its own puts the canteen's rows here, where they are found as well.
    """

    __slots__ = ("_gates", "_policy", "_profiles", "canteen")

    def __init__(self, header: Header, body: bytes) -> None:
        """Take a snapshot's body as Rows do. Raises RosterRefused, also when it has no rules, or lists no card."""
        self._gates: dict[str, GateRow] = {}
        self._profiles: dict[str, ProfileRow] = {}
        self._policy: PolicyRules | None = None
        self.canteen: Rows | None = None
        super().__init__(header, body)
        if self.policy.empty is not True and not self._has(b'["card",'):
            raise RosterRefused("empty", "it lists no card, and its policy does not say that this is meant")

    @classmethod
    def parse(cls, header: Mapping[str, object], rows: Iterable[bytes]) -> "Roster":
        """Return the roster of a file's header and rows. Raises RosterRefused."""
        return cls(header_of(header), body_of(list(rows)))

    @property
    def policy(self) -> PolicyRules:
        if self._policy is None:
            raise RosterRefused("malformed", "it has no policy row; one is needed")
        return self._policy

    @property
    def utc_offset_min(self) -> int:
        """Return how many minutes the school's clocks are ahead of UTC."""
        offset_min = self.policy.utc_offset_min
        return UTC_OFFSET_MIN if offset_min is None else offset_min

    def card(self, token: str) -> CardRow | None:
        """Return the row of a card, by its token of 24 hex digits."""
        line = self.line("card", token)
        return _decode_card(line) if line else None

    def person(self, ref: str) -> PersonRow | None:
        """Return the row of a person, by reference."""
        line = self.line("person", ref)
        return _decode_person(line) if line else None

    def profile(self, name: str) -> ProfileRow | None:
        """Return a time and place profile."""
        return self._profiles.get(name)

    def gate(self, name: str) -> GateRow | None:
        """Return a gate's row."""
        return self._gates.get(name)

    def gates(self) -> Sequence[GateRow]:
        """Return every gate."""
        return list(self._gates.values())

    def devices(self) -> frozenset[str]:
        """Return the devices that serve gates of this school."""
        return frozenset(gate.device for gate in self._gates.values())

    def persons(self) -> Iterator[PersonRow]:
        """Return every person, in order of reference."""
        return map(_decode_person, self.lines("person"))

    def code(self, token: str) -> CardRow | None:
        """Return whose a code is that only tills take: its row stands as a card's in the canteen's roster."""
        line = self.canteen.line("card", token) if self.canteen is not None else None
        return _decode_card(line) if line else None

    def joined(self, canteen: Rows) -> "Roster":
        """Return this roster with the canteen's rows: what is none of the doors' is looked up there.

        Its header says when the canteen's was issued: by that a till tells how old its balances are.
        """
        both = copy(self)
        both.canteen = canteen
        both.header = replace(self.header, issued_ms=canteen.header.issued_ms)
        return both

    @override
    def lines(self, kind: str) -> Iterator[bytes]:
        return super().lines(kind) if self.canteen is None or kind in KINDS else self.canteen.lines(kind)

    @override
    def line(self, kind: str, key: str) -> bytes | None:
        return super().line(kind, key) if self.canteen is None or kind in KINDS else self.canteen.line(kind, key)

    @override
    def _take(self, row: AnyRow) -> None:
        if isinstance(row, GateRow):
            self._gates[row.id] = row
        elif isinstance(row, ProfileRow):
            self._profiles[row.id] = row
        elif isinstance(row, PolicyRow):
            self._policy = row.rules
