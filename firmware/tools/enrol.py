"""Enrols a microcontroller from a computer on the bench: gets its bundle by a code, and writes it onto the board.

Rule: the bundle passes through this computer's memory only; what mpremote copies lies in a folder of one run that
nobody else reads, and is gone with it.
"""

import json
import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx2

from firmware.tools.boardfiles import BoardFile
from firmware.tools.enrolling import Answer, Applicant, EnrolmentRefused, Facts, new_key, unanswered
from firmware.tools.flash_programs import Programs, Tell
from firmware.tools.flash_talk import Talk
from schemas.enrolment import CA_PATH, PATH, Code
from schemas.requests import SIGNATURE, TIME

BUNDLE, NODE, CSR = "bundle.json", "node.json", "csr.pem"
ANSWER_BYTES_MAX = 256 * 1024
TIMEOUT_S = 20.0


class Board(Protocol):
    """Where a node's two files go. Raises FlashRefused or OSError."""

    def put(self, files: Sequence[BoardFile]) -> None:
        """Write files, the last one last."""
        ...

    def restart(self) -> None:
        """Let the board begin with what it holds now."""
        ...


class SerialBoard:
    """A board with our files on it, at a serial port."""

    def __init__(self, programs: Programs, port: str, tell: Tell) -> None:
        self._talk = Talk(programs, port, [BUNDLE, NODE])
        self._tell = tell

    def put(self, files: Sequence[BoardFile]) -> None:
        self._talk.put(list(files), ["/"], self._tell)

    def restart(self) -> None:
        self._talk.restart()


class FolderBoard:
    """A folder in a board's place: for a card that is put in later, and for a look at what would be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, files: Sequence[BoardFile]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in files:
            path = self._folder / file.path.lstrip("/")
            path.touch(0o600)
            path.write_bytes(file.content)

    def restart(self) -> None:
        """Do nothing: a folder does not run."""


@dataclass(frozen=True, slots=True)
class Door:
    """How the node hangs on its door, as firmware/node/settings.py reads it, but for the gate, which the code names."""

    board: str
    direction: str
    has_sensor: bool
    has_scanner: bool
    ssid: str = ""
    password: str = ""

    def settings(self, gate: str) -> bytes:
        """Return the content of node.json."""
        told: dict[str, object] = {
            "board": self.board, "gate": gate, "direction": self.direction, "has_sensor": self.has_sensor,
            "has_scanner": self.has_scanner,
        }  # fmt: skip
        if self.ssid:
            told["wifi"] = {"ssid": self.ssid, "password": self.password}
        return json.dumps(told, ensure_ascii=False).encode()


def node_files(code: Code, door: Door, firmware: str, now_ms: int) -> list[BoardFile]:
    """Get a bundle for a new key, and return what goes onto the board, the bundle last. Raises EnrolmentRefused.

    A code is for one gate: a node serves no more. From then on the code is used up: these files are all there is.
    """
    if len(code.gates) != 1:
        raise EnrolmentRefused("gate_foreign", "this code is for several gates, and a node serves one: print another")
    applicant = Applicant(code, new_key(), Facts("node", firmware, door.board))
    bundle = json.dumps(_ask(applicant, now_ms), ensure_ascii=False).encode()
    request = applicant.csr_pem().encode()  # a node that renews its certificate sends this one, since it signs none
    settings = door.settings(code.gates[0])
    return [BoardFile(f"/{NODE}", settings), BoardFile(f"/{CSR}", request), BoardFile(f"/{BUNDLE}", bundle)]


def _ask(applicant: Applicant, now_ms: int) -> dict[str, object]:
    url = applicant.code.url
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE  # the answer proves itself, by the pin
    try:
        root = applicant.pinned(_send(unverified, "GET", url + CA_PATH).body)
        tls = ssl.create_default_context()
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        tls.load_verify_locations(cadata=root)
        signed, body = applicant.request(secrets.token_hex(8), now_ms)
        return applicant.bundle(signed, _send(tls, "POST", url + PATH, body, signed))
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
        raise EnrolmentRefused("unreachable", unanswered(url, error)) from error


def _send(
    tls: ssl.SSLContext, method: str, url: str, body: bytes = b"", signed: dict[str, str] | None = None
) -> Answer:
    sent = {"Accept-Encoding": "identity", **(signed or {})}
    with (
        httpx2.Client(verify=tls, timeout=TIMEOUT_S, trust_env=False) as client,
        client.stream(method, url, content=body, headers=sent) as answer,
    ):
        came = b""
        for part in answer.iter_raw():
            came += part
            if len(came) > ANSWER_BYTES_MAX:
                raise EnrolmentRefused("unreachable", f"{url} answers without end")
        return Answer(answer.status_code, came, *(answer.headers.get(name, "") for name in (TIME, SIGNATURE)))
