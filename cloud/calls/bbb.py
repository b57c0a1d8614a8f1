"""The calls of BigBlueButton's API as addresses with a checksum, and what its answers say. Nothing here reaches out.

A checksum is SHA-256 over the call's name, its query and the shared secret (BigBlueButton API, "Usage").
"""

import hashlib
from collections.abc import Mapping
from urllib.parse import quote_plus, urlencode
from xml.etree.ElementTree import Element, ParseError, fromstring

from cloud.calls.kinds import Comer, Server

ANSWER_MAX = 1_048_576
_FORBIDDEN = ("<!doctype", "<!entity")  # what an answer never has, and what makes a small one large


class AnswerOdd(Exception):
    """What came back is no answer of this API; the words hold nothing of it."""


def call_at(server: Server, call: str, fields: Mapping[str, str]) -> str:
    """Return the address of a call."""
    query = urlencode(fields, quote_via=quote_plus)
    return (
        f"{server.address}/api/{call}?{query}{'&' if query else ''}checksum={checksum_of(call, query, server.secret)}"
    )


def checksum_of(call: str, query: str, secret: str, algorithm: str = "sha256") -> str:
    """Return the checksum of a call, in hex."""
    return hashlib.new(algorithm, f"{call}{query}{secret}".encode()).hexdigest()


def creation(room: str, title: str, back_to: str) -> dict[str, str]:
    """Return the fields of `create`; the same once more changes nothing. Recording begins when who leads says so."""
    return {
        "name": title, "meetingID": room, "record": "true", "autoStartRecording": "false",
        "allowStartStopRecording": "true", "logoutURL": back_to,
    }  # fmt: skip


def joining(room: str, comer: Comer) -> dict[str, str]:
    """Return the fields of `join`: by role, so that no passwords of meetings are needed (BigBlueButton 2.4 on)."""
    role = "MODERATOR" if comer.leads else "VIEWER"
    return {"fullName": comer.name, "meetingID": room, "role": role, "redirect": "true"}


def answer_in(body: bytes) -> Element:
    """Return an answer. Raises AnswerOdd for what is none."""
    text = body.decode("utf-8", "replace")
    if any(each in text.lower() for each in _FORBIDDEN):
        raise AnswerOdd("it declares a document type")
    try:
        found = fromstring(text)  # noqa: S314 (without declarations nothing in it grows; it was weighed before)
    except ParseError:
        raise AnswerOdd("it is no XML") from None
    if found.tag != "response" or found.findtext("returncode") not in {"SUCCESS", "FAILED"}:
        raise AnswerOdd("it has no code")
    return found


def failure_of(answer: Element) -> str:
    """Return the key of what failed; empty where nothing did."""
    if answer.findtext("returncode") == "SUCCESS":
        return ""
    return (answer.findtext("messageKey") or "unknown").strip()[:60]


def recordings_in(answer: Element, most: int) -> list[str]:
    """Return the addresses at which published recordings are looked at."""
    return [
        (form.findtext("url") or "").strip()
        for recording in answer.iterfind("recordings/recording")
        if (recording.findtext("published") or "").strip() == "true"
        for form in recording.iterfind("playback/format")
    ][:most]
