"""Brings a newer roster from the cloud into the slot that is free: signed requests, by ranges, over one connection.

Rule: what comes is believed by its own signature, under this node's key, and by nothing else; the old roster is gone by
until the new one has been verified whole. That a newer version says the same as the one held, which is then not
fetched, is believed by a signature too.
"""

from binascii import hexlify

from firmware.node.http import Http, HttpBroken
from firmware.node.uplink import FetchFailed
from schemas.requests import SIGNATURE, answer_headers, headers
from schemas.roster_header import RosterRefused
from schemas.seal import is_same

TARGET = "/device/v1/roster?form=compact"
RANGE_BYTES = 16_384
SAME = 304
FILE_MAX = 4 * 1024 * 1024
TRIES = 3  # connections that one fetch may take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.node.clock import Stamp
    from firmware.node.http import Answer
    from firmware.node.names import Names
    from firmware.node.slots import Intake, Slots


class Server:
    """Where rosters are, of a URL such as https://esik.example:8443."""

    def __init__(self, url: str, names: "Names | None" = None) -> None:
        self.names = names
        scheme, _, rest = url.partition("://")
        host, _, port = rest.partition(":")
        self.is_tls = scheme == "https"
        self.host = host
        self.port = int(port) if port else (443 if self.is_tls else 80)


class RosterFetch:
    """Fetches, whenever it is asked to; `draw` returns random bytes."""

    def __init__(
        self,
        server: Server,
        device: str,
        http_key: bytes,
        slots: "Slots",
        stamp: "Callable[[], Stamp]",
        draw: "Callable[[int], bytes]",
        tls: "Callable[[], object]",
        refused: "Callable[[str], object]",
    ) -> None:
        """`tls` makes a context for one connection; `refused` hears why a file was refused."""
        self._server = server
        self._device = device
        self._http_key = http_key
        self._slots = slots
        self._stamp = stamp
        self._draw = draw
        self._tls = tls
        self._refused = refused
        self._base = 0  # the version held, which the file is not fetched for if it says the same
        self._is_same = False

    async def fetch(self, newest: int = 0) -> int:
        """Bring the newest roster, go by it, return its version. Raises FetchFailed, and what a connection raises.

        `newest` is the version that the cloud is known to have: returned, too, when it says what is held already. With
        0 the file comes in any case.
        """
        stamp = self._stamp()
        self._base, self._is_same = self._slots.version if newest else 0, False
        intake = self._slots.begin(stamp.wall_ms if stamp.is_good else 0)
        try:
            await self._bring(intake)
            if self._is_same:
                return newest
            return int(self._slots.flip(intake).version)
        except RosterRefused as error:
            self._refused(error.reason)
            raise FetchFailed("refused: " + error.reason)

    async def _bring(self, intake: "Intake") -> None:
        """Feed the whole file to the slot; a connection that breaks is made anew, and goes on where it was."""
        for _ in range(1, TRIES):
            before = intake.received
            try:
                await self._connect_and_bring(intake)
            except (OSError, EOFError):
                if intake.received == before:
                    raise
            else:
                return
        await self._connect_and_bring(intake)

    async def _connect_and_bring(self, intake: "Intake") -> None:
        http = Http(
            self._server.host, self._server.port, self._tls() if self._server.is_tls else None, self._server.names
        )
        try:
            await http.open()
            await self._bring_over(http, intake)
        finally:
            await http.close()

    async def _bring_over(self, http: Http, intake: "Intake") -> None:
        total = FILE_MAX
        while intake.received < total:
            first, nonce = intake.received, hexlify(self._draw(8)).decode()
            target = TARGET if first or not self._base else f"{TARGET}&base={self._base}"
            asked = headers(self._http_key, self._device, "GET", target, nonce, self._stamp().wall_ms)
            asked["Range"] = f"bytes={first}-{first + RANGE_BYTES - 1}"
            answer = await http.get(target, asked, intake.feed, FILE_MAX)
            if answer.status == SAME and target != TARGET:
                self._believe(answer, nonce)
                return
            if answer.status == 200 and first == 0:
                return
            if answer.status != 206 or not answer.length:
                raise FetchFailed(f"the cloud answered {answer.status}")
            if answer.total > FILE_MAX or answer.length > RANGE_BYTES:
                raise HttpBroken("a range that nobody asked for")
            total = answer.total

    def _believe(self, answer: "Answer", nonce: str) -> None:
        """Note that the newest roster says what is held. Raises FetchFailed when it is not the cloud that says so."""
        wanted = answer_headers(self._http_key, SAME, nonce, answer.time_ms)
        if not is_same(answer.signature, wanted[SIGNATURE]):
            raise FetchFailed("304 without the cloud's signature")
        self._is_same = True
