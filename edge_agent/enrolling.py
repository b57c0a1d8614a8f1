"""Enrols this agent by a code: makes its own key, checks that the cloud is the code's, and writes the bundle.

Rule: nothing but the wish for the root certificate is said before that certificate fits the code's pin, and the token
is never said at all. The key is on the disk before the cloud hears of it: a lost answer can be asked for again.
"""

import asyncio
import json
import os
import ssl
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from random import Random

import httpx2
import msgspec
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from edge_agent.bundle import Bundle, BundleRefused, read_bundle
from edge_agent.clock import Clock
from edge_agent.sync.tls import web_context
from edge_agent.timekeeper import BUILD_FLOOR_MS
from schemas.enrolment import CA_PATH, PATH, SEALED_NONCE_BYTES, Code, pin_of
from schemas.requests import NONCE, SIGNATURE, TIME, answer_headers, headers

ANSWER_BYTES_MAX = 256 * 1024
TIMEOUT_S = 15.0
ENROL_S_MAX = 45.0  # for all of it, however slowly an answer drips
FOREIGN = ("code_unknown", "code_forged", "code_used", "code_expired", "code_cancelled", "code_foreign")
log = structlog.get_logger()


class EnrolmentRefused(Exception):
    """This agent did not enrol; `reason` is a word that the page has a sentence for, the text says more."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bundle goes, and what this agent says of itself."""

    bundle: Path
    firmware: str
    board: str

    @property
    def key(self) -> Path:
        return self.bundle.with_name(self.bundle.name + ".key")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    nonce: str
    time: str
    signature: str


@dataclass(frozen=True, slots=True)
class Enrolling:
    """One attempt by one code."""

    code: Code
    place: Place
    clock: Clock
    rng: Random

    async def enrol(self) -> Bundle:
        """Ask the code's cloud for a bundle and write it, mode 0600, at one instant. Raises EnrolmentRefused."""
        key = _own_key(self.place.key)
        try:
            async with asyncio.timeout(ENROL_S_MAX):
                tls = web_context(await self._root(), is_clock_good=self.clock.wall_ms() > BUILD_FLOOR_MS)
                told = await self._ask(tls, key)
        except (httpx2.HTTPError, OSError) as error:
            raise EnrolmentRefused("unreachable", f"{self.code.url} cannot be asked: {error!r}") from error
        return _write(told, self.code, key, self.place)

    async def _root(self) -> str:
        """Return the root certificate (PEM) if it is the code's."""
        answer = await self._send(_unverified(), "GET", CA_PATH, b"", {})
        try:
            root = x509.load_pem_x509_certificate(answer.body)
        except ValueError as error:
            raise EnrolmentRefused("unreachable", f"{self.code.url} does not answer as a cloud of Esik does") from error
        if not compare_digest(pin_of(root.public_bytes(Encoding.DER)), self.code.pin):
            raise EnrolmentRefused("pin_wrong", f"{self.code.url} is not the cloud that made this code")
        return root.public_bytes(Encoding.PEM).decode()

    async def _ask(self, tls: ssl.SSLContext, key: ec.EllipticCurvePrivateKey) -> bytes:
        """Return the bundle as the cloud wrote it, without a private key."""
        code, nonce = self.code, f"{self.rng.getrandbits(64):016x}"
        told = {
            "version": 1, "device": code.device, "school": code.school, "csr_pem": _request(code.device, key),
            "kind": "agent", "firmware": self.place.firmware, "board": self.place.board,
        }  # fmt: skip
        body = json.dumps(told).encode()
        signed = headers(code.request_key, code.invitation, "POST", PATH, nonce, self.clock.wall_ms(), body)
        answer = await self._send(tls, "POST", PATH, body, signed)
        if answer.status != httpx2.codes.OK or not _is_signed(answer, code, nonce):
            raise _refusal(answer, code)
        head, sealed = answer.body[:SEALED_NONCE_BYTES], answer.body[SEALED_NONCE_BYTES:]
        try:
            return AESGCM(code.answer_key).decrypt(head, sealed, signed[SIGNATURE].encode())
        except (InvalidTag, ValueError) as error:
            raise EnrolmentRefused("unusable", f"the answer of {code.url} is not sealed with this code") from error

    async def _send(self, tls: ssl.SSLContext, method: str, path: str, body: bytes, signed: dict[str, str]) -> _Answer:
        """Return an answer that is no longer than it may be; one that leads elsewhere is not followed."""
        sent = signed | {"Accept-Encoding": "identity"}
        async with (
            httpx2.AsyncClient(verify=tls, timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream(method, self.code.url + path, content=body, headers=sent) as answer,
        ):
            came = b""
            async for part in answer.aiter_raw():
                came += part
                if len(came) > ANSWER_BYTES_MAX:
                    raise EnrolmentRefused("unreachable", f"{self.code.url} answers without end")
            told = (answer.headers.get(name, "") for name in (NONCE, TIME, SIGNATURE))
            return _Answer(answer.status_code, came, *told)


def _unverified() -> ssl.SSLContext:
    """Return a context for the one question whose answer proves itself, by the pin."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def _is_signed(answer: _Answer, code: Code, nonce: str) -> bool:
    if not (answer.time.isascii() and answer.time.isdigit() and len(answer.time) <= 16):
        return False
    wanted = answer_headers(code.request_key, answer.status, nonce, int(answer.time), answer.body)
    return answer.signature.isascii() and compare_digest(answer.signature, wanted[SIGNATURE])


def _refusal(answer: _Answer, code: Code) -> EnrolmentRefused:
    """Return what an answer without a bundle means; one that is not signed may be anybody's."""
    try:
        told = msgspec.json.decode(answer.body, type=dict[str, str])
    except msgspec.MsgspecError:
        told = {}
    said, detail = told.get("code", ""), told.get("detail", "")
    if answer.status == httpx2.codes.TOO_MANY_REQUESTS:
        return EnrolmentRefused("busy", f"{code.url} asks to wait: {detail}")
    if said in FOREIGN:
        return EnrolmentRefused(said, detail)
    return EnrolmentRefused(
        "refused" if said else "unreachable", f"{code.url} answers {answer.status}: {said} {detail}"
    )


# The key and the bundle


def _own_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return this agent's own new key: the one of an attempt before, or one that is on the disk from now on."""
    try:
        found = load_pem_private_key(path.read_bytes(), None)
        if isinstance(found, ec.EllipticCurvePrivateKey):
            return found
    except (OSError, ValueError, TypeError):
        pass
    key = ec.generate_private_key(ec.SECP256R1())
    _put(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def _request(device: str, key: ec.EllipticCurvePrivateKey) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def _write(told: bytes, code: Code, key: ec.EllipticCurvePrivateKey, place: Place) -> Bundle:
    """Put the bundle in place if it is this code's and for this key. Raises EnrolmentRefused."""
    new = place.bundle.with_name(place.bundle.name + ".new")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    try:
        content = msgspec.json.decode(told, type=dict[str, object])
        content |= {"key_pem": pem, "gates": code.gates}
        _put(new, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
        bundle = read_bundle(new)
        _check(bundle, code, key)
    except (msgspec.MsgspecError, BundleRefused, ValueError) as error:
        new.unlink(missing_ok=True)
        raise EnrolmentRefused("unusable", f"what {code.url} sent is no bundle of this device: {error}") from error
    try:
        new.replace(place.bundle)
        _sync_folder(place.bundle)
        place.key.unlink(missing_ok=True)
    except OSError as error:
        raise EnrolmentRefused("unwritten", f"{place.bundle} cannot be written: {error.strerror}") from error
    log.info("agent.enrolled", device=bundle.device, school=bundle.school)
    return bundle


def _check(bundle: Bundle, code: Code, key: ec.EllipticCurvePrivateKey) -> None:
    """Raise ValueError unless a bundle is what the code promised."""
    if (bundle.device, bundle.school) != (code.device, code.school):
        raise ValueError(f"it is of {bundle.device} at {bundle.school}")
    roots = x509.load_pem_x509_certificates((bundle.ca_pem or "").encode())
    if code.pin not in {pin_of(root.public_bytes(Encoding.DER)) for root in roots}:
        raise ValueError("its authority is not the code's")
    leaf = x509.load_pem_x509_certificates((bundle.certificate_pem or "").encode())[0]
    if leaf.public_key() != key.public_key():
        raise ValueError("its certificate is for another key")


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
