"""The certificates of a node: the one in use and, after a renewal, the one before it until the new one is proved.

Rule: a new certificate is for our key and our name and ends later than ours; it is on flash before it is used, and the
old one stays until the new one has been welcomed. Dates are read from the certificate (X.509, RFC 5280, 4.1).
"""

import json
import os
from hashlib import sha256

from firmware.node.settings import BUNDLE, load
from firmware.node.tls import PemBroken, der_of

RENEWED = "renewed.json"
_UTC_TIME = 0x17
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


class CertificateRefused(ValueError):
    """A certificate is not one to go by; the text says why."""


class Papers:
    """A certificate with what it is checked against; instants are seconds of Unix time."""

    def __init__(self, certificate_pem: str, ca_pem: str) -> None:
        """Read the certificate. Raises CertificateRefused."""
        self.certificate_pem = certificate_pem
        self.ca_pem = ca_pem
        try:
            parts = _parts(_inside(_inside(der_of(certificate_pem)[0])))
            if parts[0][0] == 0xA0:  # the version
                parts = parts[1:]
            serial, _, _, validity, subject, key = parts[:6]
            self.begins_s, self.ends_s = [_seconds(kind, bytes(text)) for kind, text in _parts(validity[1])]
        except (PemBroken, IndexError, ValueError):
            raise CertificateRefused("it cannot be read")
        self.subject, self.key = bytes(subject[1]), bytes(key[1])
        self.share = sha256(bytes(serial[1])).digest()[0] / 256  # of the time in which devices renew, its own

    def renews_at_s(self) -> int:
        """Return when to renew: between a half and six tenths of its life, each device at its own moment."""
        return self.begins_s + int((self.ends_s - self.begins_s) * (0.5 + 0.1 * self.share))


class Certificates:
    """What stands in `bundle.json` and, not proved yet, in `renewed.json`, in one folder."""

    def __init__(self, device: str, certificate_pem: str, ca_pem: str, folder: str = "") -> None:
        """Take the bundle's and, if there is one, the renewed one. Raises CertificateRefused."""
        self.older: Papers | None = None
        self.newest = Papers(certificate_pem, ca_pem)
        self._device = device
        self._folder = folder
        try:
            renewed = load(folder + RENEWED)
            self._follow(str(renewed["certificate_pem"]), str(renewed["ca_pem"]))
        except (ValueError, KeyError):  # there is none, or it is no use
            return

    def usable(self, now_s: int) -> "list[Papers]":
        """Return what to show, in turn: the newest, and the one before while it lasts and the newest is not proved."""
        older = self.older
        return [self.newest] + ([older] if older is not None and older.ends_s > now_s else [])

    def take(self, certificate_pem: str, ca_pem: str) -> None:
        """Go by a renewed certificate from now on. Raises CertificateRefused, or OSError when it cannot be stored."""
        before = self.newest, self.older
        self._follow(certificate_pem, ca_pem)
        try:
            _replace(self._folder + RENEWED, {"certificate_pem": certificate_pem, "ca_pem": ca_pem})
        except OSError:
            self.newest, self.older = before
            raise

    def proved(self, papers: Papers) -> None:
        """Let the old one go, since the cloud has welcomed us with the newest. Raises OSError."""
        if self.older is None or papers is not self.newest:
            return
        bundle = load(self._folder + BUNDLE)
        bundle["certificate_pem"], bundle["ca_pem"] = papers.certificate_pem, papers.ca_pem
        _replace(self._folder + BUNDLE, bundle)
        os.remove(self._folder + RENEWED)
        self.older = None

    def _follow(self, certificate_pem: str, ca_pem: str) -> None:
        """Put a certificate before the newest, if it may follow it. Raises CertificateRefused."""
        held, new = self.newest, Papers(certificate_pem, ca_pem)
        der_of(ca_pem)
        if new.key != held.key:
            raise CertificateRefused("it is for another key")
        if self._device.encode() not in new.subject:
            raise CertificateRefused("it is for another device")
        if new.ends_s <= held.ends_s:
            raise CertificateRefused("it does not end later than the one held")
        self.older, self.newest = held, new


def _replace(path: str, content: "dict[str, object]") -> None:
    with open(path + ".new", "w") as file:
        json.dump(content, file)
    os.rename(path + ".new", path)


# DER: a tag, a length, a content


def _parts(content: bytes) -> "list[tuple[int, bytes]]":
    """Return (tag, content) of the elements that follow one another. Raises IndexError or ValueError."""
    found, at = [], 0
    while at < len(content):
        tag, length, at = content[at], content[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(content[at : at + size], "big"), at + size
        if at + length > len(content):
            raise ValueError("cut short")
        found.append((tag, content[at : at + length]))
        at += length
    return found


def _inside(content: bytes) -> bytes:
    """Return the content of the first element."""
    return _parts(content)[0][1]


def _seconds(kind: int, text: bytes) -> int:
    """Return the Unix time of a UTCTime (YYMMDDhhmmssZ) or a GeneralizedTime (YYYYMMDDhhmmssZ). Raises ValueError."""
    if kind == _UTC_TIME:
        text = (b"20" if int(text[:2]) < 50 else b"19") + text
    year = int(text[:4])
    month, day, hour, minute, second = [int(text[at : at + 2]) for at in range(4, 14, 2)]
    leaps = (year - 1969) // 4 - (year - 1901) // 100 + (year - 1601) // 400
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (year - 1970) * 365 + leaps + _DAYS_BEFORE[month - 1] + day - 1 + (1 if is_leap and month > 2 else 0)
    return ((days * 24 + hour) * 60 + minute) * 60 + second
