"""The link that a chip carries, as it is written once: an NDEF record, and where the chip writes into it; pure.

Sources: NFC Forum URI record type; NXP NT4H2421Gx, ChangeFileSettings.
"""

import re
from dataclasses import dataclass

from edge_agent.cards.keys import LINK, LINK_CODE

LINK_BYTES = 128  # enough for any of ours, in one APDU
NOWHERE = "https://card.invalid/"  # a name that never leads anywhere (RFC 6761): a phone that reads it opens nothing
_SCHEME, _HTTPS = "https://", b"\x04"
_URL = re.compile(r"https://[A-Za-z0-9.:-]{1,40}/[A-Za-z0-9._/-]{0,16}")
_DATA_DIGITS, _CODE_DIGITS = 32, 16
_READ_FREELY = bytes.fromhex("00e0")  # everybody reads; key 0 writes and changes
_MIRRORED = bytes.fromhex("c1ff")  # UID and count, in letters; nobody is told the count apart
_SDM = b"\x40"


class LinkRefused(ValueError):
    """An address that a chip cannot carry; the text says what one looks like."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link at an address."""

    url: str = NOWHERE

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.url):
            raise LinkRefused(f"{self.url[:60]!r} is not a short https address with a path, as {NOWHERE}")

    @property
    def content(self) -> bytes:
        """The file that phones read: its length, and one record; the chip's own digits are zeros here."""
        link = f"{self.url}?e={'0' * _DATA_DIGITS}&c={'0' * _CODE_DIGITS}".removeprefix(_SCHEME).encode()
        record = b"\xd1\x01" + bytes([len(link) + 1]) + b"U" + _HTTPS + link
        return len(record).to_bytes(2) + record

    @property
    def settings(self) -> bytes:
        """What ChangeFileSettings is told: rights, keys, and where the chip writes."""
        data_at, code_at = self.content.index(b"?e=") + 3, self.content.index(b"&c=") + 3
        places = b"".join(at.to_bytes(3, "little") for at in (data_at, code_at, code_at))
        return _SDM + _READ_FREELY + _MIRRORED + bytes([LINK << 4 | LINK_CODE]) + places
