"""The roster of a microcontroller, looked up where it lies in flash: cards by binary search, the rules in memory.

Rule: it is opened only over a slot that was verified whole; a card that is read is one of those, or None.
"""

import json
from binascii import unhexlify
from collections import namedtuple

from firmware.node.flash import SECTOR
from schemas.compact import BLOCKED, CARD_BYTES, FORM, LINE_MAX, TOKEN_BYTES, pack_ref, unpack_card
from schemas.roster_header import RosterRefused

Card = namedtuple("Card", ("ref", "until_s", "flags", "profile"))
CARDS_AT_ONCE = 16  # that are read together when all are looked at
SEARCHED_AT_ONCE = 64  # when one is looked for by its person: 1.6 kB
_LINE_PIECE = 256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from firmware.node.flash import Region


class Body:
    """A file's body in a region: bytes from the begin of a sector on, over as many sectors as it takes."""

    def __init__(self, region: "Region", sector: int, length: int) -> None:
        self.length = length
        self._region = region
        self._sector = sector

    def read(self, at: int, count: int) -> bytes:
        """Return so many bytes from a place, fewer at the end."""
        found, end = b"", min(at + count, self.length)
        while at < end:
            piece = min(end, at - at % SECTOR + SECTOR) - at
            found += self._region.read(self._sector + at // SECTOR, at % SECTOR, piece)
            at += piece
        return found


class Roster:
    """One version: its header's words, its rules, and its cards in flash."""

    def __init__(self, header: "dict[str, object]", body: Body) -> None:
        """Read the rules of a body whose digest fits. Raises RosterRefused when it is not of this form."""
        self.version = int(header["version"])  # type: ignore[call-overload] # the header was checked
        self.issued_ms = int(header["issued_ms"])  # type: ignore[call-overload]
        self.not_after_ms = int(header["not_after_ms"])  # type: ignore[call-overload]
        self._body = body
        line = _first_line(body)
        self._begin = len(line) + 1
        try:
            self._take(json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError):
            raise RosterRefused("malformed", "the line of rules is not of the compact form")
        if self._begin + self.cards * CARD_BYTES != body.length:
            raise RosterRefused("malformed", "it does not hold the %d cards that it promises" % self.cards)
        if not self.cards and not self._is_meant_empty:
            raise RosterRefused("empty", "it lists no card, and its policy does not say that this is meant")

    def lookup(self, token: str) -> "Card | None":
        """Return a card by its token of 24 hex digits."""
        try:
            wanted = unhexlify(token)
        except ValueError:
            return None
        low, high = 0, self.cards
        while low < high:
            middle = (low + high) // 2
            if self._body.read(self._begin + middle * CARD_BYTES, TOKEN_BYTES) < wanted:
                low = middle + 1
            else:
                high = middle
        found = unpack_card(self._card(low)) if low < self.cards else None
        return Card(*found[1:]) if found is not None and found[0] == wanted else None

    def searching(self, ref: str) -> "Generator[None, None, Card | None]":
        """Return, in steps, what a card of a person would be, by the person's reference; None for who is not there."""
        try:
            wanted = pack_ref(ref)
        except ValueError:
            return None
        for number in range(0, self.cards, SEARCHED_AT_ONCE):
            piece = self._body.read(self._begin + number * CARD_BYTES, SEARCHED_AT_ONCE * CARD_BYTES)
            at = piece.find(wanted)
            while at >= 0:
                if at % CARD_BYTES == TOKEN_BYTES:
                    _, ref, _, flags, profile = unpack_card(piece[at - TOKEN_BYTES : at - TOKEN_BYTES + CARD_BYTES])
                    return Card(ref, 0, flags & ~BLOCKED, profile)
                at = piece.find(wanted, at + 1)
            yield
        return None

    def profile(self, number: int) -> "tuple[list[list[int]], list[str]] | None":
        """Return (spans, gates) of a profile, by its number in a card."""
        return self._profiles[number] if number < len(self._profiles) else None

    def refuse_unless_sorted(self) -> None:
        """Raise RosterRefused when a search could miss a card."""
        before = b""
        for number in range(0, self.cards, CARDS_AT_ONCE):
            count = min(CARDS_AT_ONCE, self.cards - number)
            piece = self._body.read(self._begin + number * CARD_BYTES, count * CARD_BYTES)
            for at in range(0, len(piece), CARD_BYTES):
                token = piece[at : at + TOKEN_BYTES]
                if token <= before and (number or at):
                    raise RosterRefused("malformed", "its cards are not sorted, or one stands twice")
                before = token

    def _card(self, number: int) -> bytes:
        return self._body.read(self._begin + number * CARD_BYTES, CARD_BYTES)

    def _take(self, told: "dict[str, object]") -> None:
        policy, profiles = told["policy"], told["profiles"]
        if told["form"] != FORM or not isinstance(policy, dict) or not isinstance(profiles, list):
            raise ValueError
        self.cards = int(told["cards"])  # type: ignore[call-overload]
        self.repeat_ms = int(policy["repeat_ms"])
        self.utc_offset_min = int(policy["utc_offset_min"])
        self.is_expiry_denied = policy["expired"] == "deny"
        self._is_meant_empty = policy.get("empty") is True
        self._profiles = [([[int(part) for part in span] for span in each[1]], each[2]) for each in profiles]


def _first_line(body: Body) -> bytes:
    line = b""
    while len(line) <= LINE_MAX and len(line) < body.length:
        piece, feed, _ = body.read(len(line), _LINE_PIECE).partition(b"\n")
        line += piece
        if feed:
            return line
    raise RosterRefused("malformed", "the line of rules has no end")
