"""Calls of BigBlueButton: checksums of the published example, addresses, and what answers say or hide."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from cloud.calls.bbb import AnswerOdd, answer_in, call_at, checksum_of, creation, failure_of, joining, recordings_in
from cloud.calls.kinds import Algorithm, Comer, Kind, Names, Server
from simulators.bigbluebutton import SimulatedBigBlueButton

SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
EXAMPLE = "name=Test+Meeting&meetingID=abc123&attendeePW=111222&moderatorPW=333444"
SERVER = Server(Kind.BBB, "https://bbb.mektep.kz/bigbluebutton", SECRET, "", "", Algorithm.HS256, Names.FULL)
RECORDED = """
<response><returncode>SUCCESS</returncode><recordings>
<recording><published>true</published><playback><format><url> https://bbb.mektep.kz/playback/1 </url></format>
<format><url>https://bbb.mektep.kz/video/1</url></format></playback></recording>
<recording><published>false</published><playback><format><url>https://bbb.mektep.kz/playback/2</url></format></playback>
</recording></recordings></response>
"""


@pytest.mark.requirement("KZ456-27.10", part="video")
def test_a_checksum_is_that_of_the_published_example() -> None:
    """BigBlueButton API reference, "Usage": its example is of SHA-1; the server takes SHA-256 in the same way."""
    assert checksum_of("create", EXAMPLE, SECRET, "sha1") == "1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17"
    assert SimulatedBigBlueButton(SECRET).accepts(
        "create", f"{EXAMPLE}&checksum=1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17"
    )


def test_what_is_asked_is_signed_whole_in_whichever_letters() -> None:
    title = "Математика, 5А & «жоба» + 100 %"

    address = call_at(SERVER, "create", creation("a1b2", title, "https://esik.kz/x?y=1"))

    parts = urlsplit(address)
    assert parts.path == "/bigbluebutton/api/create"
    assert dict(parse_qsl(parts.query))["name"] == title
    assert SimulatedBigBlueButton(SECRET).accepts("create", parts.query)
    assert not SimulatedBigBlueButton(SECRET).accepts("end", parts.query)
    assert not SimulatedBigBlueButton(SECRET).accepts("create", parts.query.replace("a1b2", "a1b3"))
    assert not SimulatedBigBlueButton("x").accepts("create", parts.query)


@pytest.mark.parametrize(("leads", "role"), [(True, "MODERATOR"), (False, "VIEWER")], ids=["teacher", "student"])
def test_who_comes_has_a_role_and_a_name_and_no_password(leads: bool, role: str) -> None:
    fields = joining("a1b2", Comer("Айгүл", leads=leads))

    assert fields == {"fullName": "Айгүл", "meetingID": "a1b2", "role": role, "redirect": "true"}


def test_recordings_are_the_published_ones() -> None:
    answer = answer_in(RECORDED.encode())

    assert failure_of(answer) == ""
    assert recordings_in(answer, 9) == ["https://bbb.mektep.kz/playback/1", "https://bbb.mektep.kz/video/1"]
    assert recordings_in(answer, 1) == ["https://bbb.mektep.kz/playback/1"]


def test_a_failure_is_told_by_its_key() -> None:
    answer = answer_in(b"<response><returncode>FAILED</returncode><messageKey>notFound</messageKey></response>")

    assert failure_of(answer) == "notFound"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"<html></html>", b"<response></response>", b"\xff\xfe\x00",
        b"<response><returncode>WHAT</returncode></response>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><response><returncode>SUCCESS</returncode></response>',
    ],
    ids=["nothing", "cut", "page", "no_code", "bytes", "other_code", "declared"],
)  # fmt: skip
def test_what_is_no_answer_is_none(body: bytes) -> None:
    with pytest.raises(AnswerOdd):
        answer_in(body)
