"""An enrolment by a code, without I/O: what is asked for, and whether what is answered may be believed.

Rule: nothing is asked before the root certificate fits the code's pin; the token is never said; an answer counts only
when it is signed with the code, sealed to this request, and for this key.
"""

import json
import ssl
from dataclasses import dataclass
from hmac import compare_digest

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from schemas.enrolment import PATH, SEALED_NONCE_BYTES, Code, pin_of
from schemas.requests import NONCE, SIGNATURE, answer_headers, headers

OK, TOO_MANY = 200, 429
CAUSES_MAX = 8
NOT_OF_TODAY, ANOTHER_NAME = (9, 10), (62, 64)  # X509_V_ERR_ of OpenSSL, x509_vfy.h
FOREIGN = ("code_unknown", "code_forged", "code_used", "code_expired", "code_cancelled", "code_foreign")


class EnrolmentRefused(Exception):
    """The device did not enrol; `reason` is a word that pages have a sentence for, the text says more."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Facts:
    """What a device says of itself; nothing of it is secret."""

    kind: str  # agent or node
    firmware: str
    board: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the two headers are empty when they were not there."""

    status: int
    body: bytes
    time: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who enrols: by which code, with which key of its own."""

    code: Code
    key: ec.EllipticCurvePrivateKey
    facts: Facts

    def pinned(self, answer: bytes) -> str:
        """Return the root certificate (PEM) if it is the code's. Raises EnrolmentRefused."""
        try:
            root = x509.load_pem_x509_certificate(answer)
        except ValueError:
            text = f"{self.code.url} does not answer as a cloud of Esik does"
            raise EnrolmentRefused("unreachable", text) from None
        if not compare_digest(pin_of(root.public_bytes(Encoding.DER)), self.code.pin):
            raise EnrolmentRefused("pin_wrong", f"{self.code.url} is not the cloud that made this code")
        return root.public_bytes(Encoding.PEM).decode()

    def request(self, nonce: str, time_ms: int) -> tuple[dict[str, str], bytes]:
        """Return the headers and the body to post; the nonce is 16 hex digits."""
        code = self.code
        told = {
            "version": 1, "device": code.device, "school": code.school, "csr_pem": self.csr_pem(),
            "kind": self.facts.kind, "firmware": self.facts.firmware, "board": self.facts.board,
        }  # fmt: skip
        body = json.dumps(told).encode()
        return headers(code.request_key, code.invitation, "POST", PATH, nonce, time_ms, body), body

    def bundle(self, request: dict[str, str], answer: Answer) -> dict[str, object]:
        """Return the bundle that answers a request, with this device's own key and gates. Raises EnrolmentRefused."""
        if answer.status != OK or not self._is_signed(answer, request[NONCE]):
            raise _refusal(answer, self.code)
        head, sealed = answer.body[:SEALED_NONCE_BYTES], answer.body[SEALED_NONCE_BYTES:]
        try:
            told = json.loads(AESGCM(self.code.answer_key).decrypt(head, sealed, request[SIGNATURE].encode()))
            self._check(told)
        except (InvalidTag, ValueError, TypeError, LookupError, AttributeError) as error:
            text = f"what {self.code.url} sent is no bundle of this device: {error}"
            raise EnrolmentRefused("unusable", text) from None
        return {**told, "key_pem": pem_of(self.key).decode(), "gates": list(self.code.gates)}

    def csr_pem(self) -> str:
        """Return a request for a certificate by this device's key; it says nothing that ages."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.code.device)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self.key, SHA256())
        return request.public_bytes(Encoding.PEM).decode()

    def _is_signed(self, answer: Answer, nonce: str) -> bool:
        if not (answer.time.isascii() and answer.time.isdigit() and len(answer.time) <= 16):
            return False
        wanted = answer_headers(self.code.request_key, answer.status, nonce, int(answer.time), answer.body)
        return answer.signature.isascii() and compare_digest(answer.signature, wanted[SIGNATURE])

    def _check(self, told: dict[str, str]) -> None:
        """Raise ValueError unless a bundle is what the code promised."""
        if (told["device"], told["school"]) != (self.code.device, self.code.school):
            raise ValueError("it is of another device or school")
        roots = x509.load_pem_x509_certificates(told["ca_pem"].encode())
        if self.code.pin not in {pin_of(root.public_bytes(Encoding.DER)) for root in roots}:
            raise ValueError("its authority is not the code's")
        leaf = x509.load_pem_x509_certificates(told["certificate_pem"].encode())[0]
        if leaf.public_key() != self.key.public_key():
            raise ValueError("its certificate is for another key")


def doors_page(url: str, school: str) -> str:
    """Return the address of the page that tells whether a device is online."""
    return f"{url}/schools/{school}/devices/doors"


def unanswered(url: str, error: BaseException) -> str:
    """Return why an address could not be asked, with what to do about a certificate that was refused."""
    refused: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if refused is None or isinstance(refused, ssl.SSLCertVerificationError):
            break
        refused = refused.__cause__ or refused.__context__
    told = f"{url} cannot be asked: {type(error).__name__}: {error}"
    return f"{told}. {_certificate_advice(refused)}" if isinstance(refused, ssl.SSLCertVerificationError) else told


def _certificate_advice(refused: ssl.SSLCertVerificationError) -> str:
    if refused.verify_code in NOT_OF_TODAY:
        return "Its certificate is not good today: is the date of this machine right?"
    if refused.verify_code in ANOTHER_NAME:
        return "Its certificate is for another name: the operator sets ESIK_PUBLIC_URL to the name it is for"
    return (
        "This machine does not know who signed its certificate: name that authority's certificate by "
        "SSL_CERT_FILE=authority.pem, and ask the operator where you have none: somebody may stand between"
    )


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new key, P-256, which microcontrollers manage too."""
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key, unencrypted, for a file that nobody else reads."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _refusal(answer: Answer, code: Code) -> EnrolmentRefused:
    """Return what an answer without a bundle means; one that is not signed may be anybody's."""
    try:
        told = json.loads(answer.body)
        said, detail = str(told.get("code", ""))[:40], str(told.get("detail", ""))[:300]
    except (ValueError, AttributeError):
        said, detail = "", ""
    if answer.status == TOO_MANY:
        return EnrolmentRefused("busy", f"{code.url} asks to wait: {detail}")
    if said in FOREIGN:
        return EnrolmentRefused(said, detail)
    reason = "refused" if said else "unreachable"
    return EnrolmentRefused(reason, f"{code.url} answers {answer.status}: {said} {detail}".strip())
