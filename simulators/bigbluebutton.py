"""A BigBlueButton server as its API sees it: meetings that are made, joined and ended, and what was recorded.

Written after its published API reference (checksums, `create`, `join`, `isMeetingRunning`, `end`, `getRecordings`); it
is not BigBlueButton, and shows nobody a picture.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

ROOT = "/bigbluebutton"
HASHES = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}  # by the letters of a checksum
ROLES = ("MODERATOR", "VIEWER")
DECLARED = '<!DOCTYPE x [<!ENTITY a "aaaa">]><response><returncode>SUCCESS</returncode></response>'


@dataclass(slots=True)
class Meeting:
    """A meeting: its title, and who came with which role."""

    name: str
    came: list[tuple[str, str]] = field(default_factory=list)
    has_ended: bool = False


@dataclass(slots=True)
class SimulatedBigBlueButton:
    """The server; `app` answers HTTP."""

    secret: str
    trouble: str = "none"  # silent, rubbish, lost, endless, declared
    meetings: dict[str, Meeting] = field(default_factory=dict)
    recordings: dict[str, list[str]] = field(default_factory=dict)  # addresses, by meeting
    asked: list[str] = field(default_factory=list)  # calls, in their order

    @property
    def app(self) -> Starlette:
        """The server as an application."""
        return Starlette(
            routes=[Route(ROOT + "/api/{call}", self._answer), Route("/html5client/join", self._room)]
        )  # fmt: skip

    def accepts(self, call: str, query: str) -> bool:
        """Tell whether the checksum at the end of a query fits the rest of it, the call and the secret."""
        rest, _, given = query.rpartition("checksum=")
        algorithm = HASHES.get(len(given))
        if algorithm is None:
            return False
        signed = f"{call}{rest.removesuffix('&')}{self.secret}".encode()
        return hashlib.new(algorithm, signed).hexdigest() == given

    async def _room(self, request: Request) -> Response:
        return Response(f"In the room as {request.query_params.get('fullName', '')}")

    async def _answer(self, request: Request) -> Response:
        call = request.path_params["call"]
        self.asked.append(call)
        if (odd := await self._troubled()) is not None:
            return odd
        if not self.accepts(call, request.url.query):
            return _failed("checksumError", "You did not pass the checksum security check")
        calls: Mapping[str, Callable[[Mapping[str, str]], Response]] = {
            "create": self._create, "join": self._join, "isMeetingRunning": self._is_running, "end": self._end,
            "getRecordings": self._recorded,
        }  # fmt: skip
        if call not in calls:
            return _failed("unsupportedRequest", "This request is not supported.")
        return calls[call](request.query_params)

    async def _troubled(self) -> Response | None:
        if self.trouble == "silent":
            await asyncio.Event().wait()  # until whoever asks goes away
        odd = {
            "rubbish": Response("<html>"), "lost": Response("", 502),
            "endless": Response("<response>" + "x" * 2_000_000),
            "declared": Response(DECLARED),
        }  # fmt: skip
        return odd.get(self.trouble)

    def _create(self, fields: Mapping[str, str]) -> Response:
        number = fields.get("meetingID", "")
        if len(number) < 2:
            return _failed("validationError", "Meeting id must be between 2 and 256 characters")
        known = self.meetings.get(number)
        if known is None or known.has_ended:
            self.meetings[number] = Meeting(fields.get("name", ""))
        repeated = "duplicateWarning" if known and not known.has_ended else ""
        return _told(f"<meetingID>{escape(number)}</meetingID><messageKey>{repeated}</messageKey>")

    def _is_running(self, fields: Mapping[str, str]) -> Response:
        meeting = self.meetings.get(fields.get("meetingID", ""))
        is_running = meeting is not None and bool(meeting.came) and not meeting.has_ended
        return _told(f"<running>{'true' if is_running else 'false'}</running>")

    def _join(self, fields: Mapping[str, str]) -> Response:
        meeting = self.meetings.get(fields.get("meetingID", ""))
        if meeting is None or meeting.has_ended:
            return _failed("notFound", "We could not find a meeting with that meeting ID")
        name, role = fields.get("fullName", ""), fields.get("role", "")
        if not name or role not in ROLES:
            return _failed("invalidParameters", "You did not supply a name or a role")
        meeting.came.append((name, role))
        return RedirectResponse(f"/html5client/join?sessionToken={len(meeting.came)}", 302)

    def _end(self, fields: Mapping[str, str]) -> Response:
        meeting = self.meetings.get(fields.get("meetingID", ""))
        if meeting is None or meeting.has_ended:
            return _failed("notFound", "We could not find a meeting with that meeting ID")
        meeting.has_ended = True
        return _told("<messageKey>sentEndMeetingRequest</messageKey>")

    def _recorded(self, fields: Mapping[str, str]) -> Response:
        number = fields.get("meetingID", "")
        told = "".join(
            f"<recording><recordID>{place}</recordID><meetingID>{escape(number)}</meetingID>"
            "<published>true</published><state>published</state><playback><format><type>presentation</type>"
            f"<url>{escape(address)}</url></format></playback></recording>"
            for place, address in enumerate(self.recordings.get(number, ()))
        )
        return _told(f"<recordings>{told}</recordings>")


def _told(inside: str) -> Response:
    return Response(f"<response><returncode>SUCCESS</returncode>{inside}</response>", media_type="text/xml")


def _failed(key: str, words: str) -> Response:
    return Response(
        f"<response><returncode>FAILED</returncode><messageKey>{key}</messageKey>"
        f"<message>{escape(words)}</message></response>",
        media_type="text/xml",
    )
