"""The compact form of a roster: what a microcontroller needs to decide, with cards that are found by binary search.

Rule: it says what the snapshot says, for gates that know nobody's whereabouts: names, passback rules and rows of other
kinds are left out. A microcontroller reads with the same file that the cloud writes with.

A file is a header line as `schemas.roster_header` has it, whose `length` and `digest` are those of the body. The body
is a line of JSON and then the cards, CARD_BYTES each, sorted by token. The line is an object: `form` 1, `cards` their
number, `policy` with repeat_ms, expired, utc_offset_min and empty, `profiles` a list of [id, spans, gates] as in the
snapshot. A card:

    12 bytes  token, or four zeros and the reference for a person without a card, whom only a pass can name
     8 bytes  person reference, its 12 characters read as a number in base 36, big-endian
     4 bytes  good until this second of Unix time, 0 for no end, big-endian
     1 byte   flags: 1 blocked, 2 the person is active, 4 has consented, 8 is on the roster at all
     1 byte   number of the person's profile in the list, 255 for one that is not there
"""

import json
from binascii import hexlify, unhexlify

FORM = 1
CARD_BYTES = 26
TOKEN_BYTES, REF_BYTES = 12, 8
BLOCKED, ACTIVE, CONSENT, PERSON = 1, 2, 4, 8
PROFILES_MAX = 255
NO_PROFILE = 255
LINE_MAX = 8192
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_REF_DIGITS = 12
_SECOND_MAX = 0xFFFFFFFF
_UTC_OFFSET_MIN = 300  # all of Kazakhstan, since March 2024


def compact(rows: "list[bytes]") -> bytes:
    """Return the body of the compact form of a snapshot's rows. Raises ValueError when they do not fit into it."""
    policy, profiles, persons, cards = _sorted_out(rows)
    if len(profiles) > PROFILES_MAX:
        raise ValueError("a compact roster has at most %d profiles; this one has %d" % (PROFILES_MAX, len(profiles)))
    places = {profile[0]: place for place, profile in enumerate(profiles)}
    packed = [pack_card(card, persons.get(card[2]), places) for card in cards + _cardless(persons, cards)]
    told = {"form": FORM, "cards": len(packed), "policy": policy, "profiles": profiles}
    line = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
    if len(line) > LINE_MAX:
        raise ValueError("the profiles of a compact roster take at most %d bytes, not %d" % (LINE_MAX, len(line)))
    return line + b"\n" + b"".join(sorted(packed))


def pack_card(card: "list[object]", person: "list[object] | None", places: "dict[object, int]") -> bytes:
    """Return the bytes of a card row; `person` is its person's row, `places` the numbers of profiles by id."""
    flags = BLOCKED if card[3] == "blocked" else 0
    profile = NO_PROFILE
    if person is not None:
        flags |= PERSON | (ACTIVE if person[5] else 0) | (CONSENT if person[6] else 0)
        profile = places.get(person[7], NO_PROFILE)
    until_s = min((int(str(card[4])) + 999) // 1000, _SECOND_MAX)
    holder = bytes(unhexlify(str(card[1]))) + pack_ref(str(card[2]))
    return holder + until_s.to_bytes(4, "big") + bytes([flags, profile])


def pack_ref(ref: str) -> bytes:
    """Return the bytes of a person's reference. Raises ValueError when it is none."""
    if len(ref) != _REF_DIGITS or not all(digit in _DIGITS for digit in ref):
        raise ValueError("a reference has twelve digits and small letters")
    return int(ref, 36).to_bytes(REF_BYTES, "big")


def unpack_card(packed: bytes) -> "tuple[bytes, str, int, int, int]":
    """Return (token, person reference, last second or 0, flags, profile's number)."""
    number, ref = int.from_bytes(packed[12:20], "big"), ""
    for _ in range(_REF_DIGITS):
        number, digit = divmod(number, 36)
        ref = _DIGITS[digit] + ref
    return packed[:12], ref, int.from_bytes(packed[20:24], "big"), packed[24], packed[25]


def _cardless(persons: "dict[object, list[object]]", cards: "list[list[object]]") -> "list[list[object]]":
    """Return a row for each person without a card. No card has such a token, but for one in 2^96."""
    holders = {card[2] for card in cards}
    names = [str(ref) for ref in persons if ref not in holders]
    return [["card", "00000000" + hexlify(pack_ref(ref)).decode(), ref, "active", 0] for ref in names]


def _sorted_out(
    rows: "list[bytes]",
) -> "tuple[dict[str, object], list[list[object]], dict[object, list[object]], list[list[object]]]":
    policy: dict[str, object] = {}
    profiles, persons, cards = [], {}, []
    for line in rows:
        members = json.loads(line)
        if members[0] == "policy":
            policy = {name: members[2][name] for name in ("repeat_ms", "expired", "empty") if name in members[2]}
            policy["utc_offset_min"] = members[2].get("utc_offset_min", _UTC_OFFSET_MIN)
        elif members[0] == "profile":
            profiles.append(members[1:4])
        elif members[0] == "person":
            persons[members[1]] = members
        elif members[0] == "card":
            cards.append(members)
    return policy, profiles, persons, cards
