"""Enrols this agent by a code: keeps its own key, asks the code's cloud, and writes the bundle at one instant.

Rule: the key is on the disk before the cloud hears of it, so that a lost answer can be asked for again.
"""

import asyncio
import json
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx2
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edge_agent.bundle import Bundle, BundleRefused, read_bundle
from edge_agent.clock import Clock
from edge_agent.sync.tls import web_context
from edge_agent.timekeeper import BUILD_FLOOR_MS
from firmware.tools.enrolling import Answer, Applicant, EnrolmentRefused, Facts, new_key, pem_of, unanswered
from schemas.enrolment import CA_PATH, PATH, Code
from schemas.requests import SIGNATURE, TIME

ANSWER_BYTES_MAX = 256 * 1024
TIMEOUT_S = 15.0
ENROL_S_MAX = 45.0  # for all of it, however slowly an answer drips
LEFT = ("journal.db", "roster", "tls", "hub")  # what belongs to a name; the time's floor does not
BEFORE = "before-"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bundle goes, the folder of journal and rosters, and what this agent says of itself."""

    bundle: Path
    folder: Path
    firmware: str
    board: str

    @property
    def key(self) -> Path:
        return self.bundle.with_name(self.bundle.name + ".key")


@dataclass(frozen=True, slots=True)
class Enrolling:
    """One attempt by one code."""

    code: Code
    place: Place
    clock: Clock
    rng: Random

    async def enrol(self) -> Bundle:
        """Ask the code's cloud for a bundle and write it, mode 0600, at one instant. Raises EnrolmentRefused."""
        applicant = Applicant(
            self.code, _own_key(self.place.key), Facts("agent", self.place.firmware, self.place.board)
        )
        try:
            async with asyncio.timeout(ENROL_S_MAX):
                told = await self._ask(applicant)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
            raise EnrolmentRefused("unreachable", unanswered(self.code.url, error)) from error
        return _write(told, self.place, self.clock.wall_ms())

    async def _ask(self, applicant: Applicant) -> dict[str, object]:
        root = applicant.pinned((await self._send(_unverified(), "GET", CA_PATH)).body)
        tls = web_context(root, is_clock_good=self.clock.wall_ms() > BUILD_FLOOR_MS)
        signed, body = applicant.request(f"{self.rng.getrandbits(64):016x}", self.clock.wall_ms())
        return applicant.bundle(signed, await self._send(tls, "POST", PATH, body, signed))

    async def _send(
        self, tls: ssl.SSLContext, method: str, path: str, body: bytes = b"", signed: dict[str, str] | None = None
    ) -> Answer:
        """Return an answer that is no longer than it may be; one that leads elsewhere is not followed."""
        sent = {"Accept-Encoding": "identity", **(signed or {})}
        async with (
            httpx2.AsyncClient(verify=tls, timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream(method, self.code.url + path, content=body, headers=sent) as answer,
        ):
            came = b""
            async for part in answer.aiter_raw():
                came += part
                if len(came) > ANSWER_BYTES_MAX:
                    raise EnrolmentRefused("unreachable", f"{self.code.url} answers without end")
            told = (answer.headers.get(name, "") for name in (TIME, SIGNATURE))
            return Answer(answer.status_code, came, *told)


def _unverified() -> ssl.SSLContext:
    """Return a context for the one question whose answer proves itself, by the pin."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def _own_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return this agent's own new key: the one of an attempt before, or one that is on the disk from now on."""
    try:
        found = load_pem_private_key(path.read_bytes(), None)
        if isinstance(found, ec.EllipticCurvePrivateKey):
            return found
    except (OSError, ValueError, TypeError):
        log.debug("enrolment.new_key")
    key = new_key()
    _put(path, pem_of(key))
    return key


def _write(told: dict[str, object], place: Place, now_ms: int) -> Bundle:
    """Put the bundle in place if the agent can go by it; what another name has left here is set aside, and kept.

    Raises EnrolmentRefused.
    """
    new = place.bundle.with_name(place.bundle.name + ".new")
    _put(new, json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n")
    try:
        bundle = read_bundle(new)
    except BundleRefused as error:
        new.unlink(missing_ok=True)
        raise EnrolmentRefused("unusable", f"the cloud sent no bundle of this device: {error}") from error
    try:
        _set_aside(place, now_ms)
        new.replace(place.bundle)
        _sync_folder(place.bundle)
        place.key.unlink(missing_ok=True)
    except OSError as error:
        raise EnrolmentRefused("unwritten", f"{place.bundle} cannot be written: {error.strerror}") from error
    log.info("agent.enrolled", device=bundle.device, school=bundle.school)
    return bundle


def _set_aside(place: Place, now_ms: int) -> None:
    """Move journal, rosters and certificates of an earlier name into a folder of their own."""
    left = [path for path in place.folder.iterdir() if path.name.startswith(LEFT)] if place.folder.is_dir() else []
    if left:
        before = place.folder / f"{BEFORE}{now_ms}"
        before.mkdir(mode=0o700)
        for path in left:
            path.rename(before / path.name)
        log.warning("agent.set_aside", folder=str(before))


def _put(path: Path, content: bytes) -> None:
    """Write a file that nobody else reads, whole, and wait until it is on the disk. Raises EnrolmentRefused."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path)
    except OSError as error:
        raise EnrolmentRefused("unwritten", f"{path} cannot be written: {error.strerror}") from error


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
