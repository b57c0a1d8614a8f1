"""What a gateway for SMS tells by itself: a text that came to the school's number, and how one of ours went.

In the shape of SMSC.kz (a form with `md5`) and of Mobizon's webhooks (JSON with `sign`, and no texts that come in:
https://github.com/mobizon/mobizon-api-docs); neither was compared with the live service. Rule: nothing is believed
before its digest fits the operator's secret. Mobizon's does not cover what is told, so TLS has to.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hmac import compare_digest
from typing import Protocol

import msgspec

ID_MAX = 40  # letters of a text's number at the gateway, as a delivery keeps it
KAZAKH_DIGITS = 11
WORDS_MAX = 1_000  # letters of a text that came in: more than ten parts
# Of SMSC.kz: delivered, read, a link in it opened; stopped, its time over, not to be delivered, a wrong number,
# forbidden, no money, not to be reached. Every other one is on its way.
SMSC_DELIVERED, SMSC_NOT = frozenset({1, 2, 4}), frozenset({-2, 3, 20, 22, 23, 24, 25})
MOBIZON_REPORT = "sms-delivery-report"
MOBIZON_DELIVERED, MOBIZON_NOT = "DELIVRD", frozenset({"UNDELIV", "REJECTD", "EXPIRED", "DELETED"})

_NUMBER = re.compile(r"\+?([0-9]{10,15})", re.ASCII)


class Hash(Protocol):
    """What `hashlib` makes."""

    def hexdigest(self) -> str: ...


class Verdict(StrEnum):
    """How a text of ours went."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNDER_WAY = "under_way"


@dataclass(frozen=True, slots=True)
class Written:
    """A text that somebody wrote to us; `key` is the gateway's own number of it, or what else tells it from others."""

    key: str = field(repr=False)
    number: str = field(repr=False)  # as +77012345678
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """How a text of ours went; `carrier_id` is what the gateway called it when it took it."""

    carrier_id: str
    number: str = field(repr=False)
    verdict: Verdict


class _Told(msgspec.Struct, rename={"message_id": "messageId"}):
    message_id: int | str = ""
    status: str = ""
    to: int | str = ""


class _Event(msgspec.Struct, rename="camel"):
    event_id: int | str
    event_type: str
    event_create_ts: str
    attempt: int | str
    sign: str
    data: msgspec.Raw = msgspec.Raw(b"{}")


_event = msgspec.json.Decoder(_Event).decode
_told = msgspec.json.Decoder(_Told).decode


def of_smsc(form: Mapping[str, str], secret: str) -> Written | Report | None:
    """Return what a form tells; None where its digest does not fit, or where it tells nothing that can be read."""
    phone = form.get("phone", "")
    if "mes" in form:
        words, to = form["mes"], form.get("to", "")
        if not _fits(form.get("md5", ""), hashlib.md5, (phone, words, to, secret)):
            return None
        when = form.get("time") or form.get("sent") or form.get("ts") or ""
        key = form.get("id") or (f"{phone}\n{words}\n{to}\n{when}" if when else "")
        number = number_of(phone)
        return Written(f"smsc\n{key}" if key else "", number, words[:WORDS_MAX]) if number else None
    carrier_id, status = form.get("id", ""), form.get("status", "")
    if not _fits(form.get("md5", ""), hashlib.md5, (carrier_id, phone, status, secret)):
        return None
    return _report(carrier_id, phone, _of_smsc(status))


def of_mobizon(body: bytes, secret: str) -> Report | None:
    """Return the report that an event holds; None as `of_smsc` does, and for an event of another type."""
    try:
        event = _event(body)
        signed = (str(event.event_id), str(event.attempt), event.event_create_ts, secret)
        if not _fits(event.sign, hashlib.sha1, signed, between="|") or event.event_type != MOBIZON_REPORT:
            return None
        told = _told(event.data)
    except (msgspec.MsgspecError, UnicodeDecodeError):  # their words may hold the number
        return None
    return _report(str(told.message_id), str(told.to), _of_mobizon(told.status))


def number_of(phone: str) -> str:
    """Return a number as a gateway writes it, 77012345678, in our form; empty for what is none."""
    match = _NUMBER.fullmatch(phone.strip())
    if match is None:
        return ""
    digits = match[1]
    return f"+7{digits[1:]}" if len(digits) == KAZAKH_DIGITS and digits[0] == "8" else f"+{digits}"


def _report(carrier_id: str, phone: str, verdict: Verdict) -> Report | None:
    number = number_of(phone)
    return Report(carrier_id, number, verdict) if number and 0 < len(carrier_id) <= ID_MAX else None


def _of_smsc(status: str) -> Verdict:
    code = int(status) if re.fullmatch(r"-?[0-9]{1,3}", status) else 0
    if code in SMSC_DELIVERED:
        return Verdict.DELIVERED
    return Verdict.UNDELIVERED if code in SMSC_NOT else Verdict.UNDER_WAY


def _of_mobizon(status: str) -> Verdict:
    if status == MOBIZON_DELIVERED:
        return Verdict.DELIVERED
    return Verdict.UNDELIVERED if status in MOBIZON_NOT else Verdict.UNDER_WAY


def _fits(given: str, algorithm: Callable[[bytes], Hash], parts: Sequence[str], between: str = ":") -> bool:
    """Tell whether a digest is that of the parts, of which the secret is the last."""
    expected = algorithm(between.join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return compare_digest(given.lower().encode("utf-8", "surrogatepass"), expected.encode())
