"""The vectors of enrolment: a code and what is made of it, the request, the sealed answer, and codes to refuse."""

import json
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas import requests
from schemas.enrolment import PATH, Code, CodeRefused, pin_of, read_code

ROOT_DER = bytes(range(64))  # any bytes will do for a digest
NONCE, TIME_MS, SEAL_NONCE = "0011223344556677", 1_790_000_000_000, bytes(range(12))
CODE = Code("https://esik.example", pin_of(ROOT_DER), "almaty5", ("main", "қақпа,2"), "almaty5-main", bytes(range(16)))


def enrolments() -> dict[str, Any]:
    """Return everything; the certification request stands in the body as a text that is none."""
    told = {
        "version": 1, "device": CODE.device, "school": CODE.school, "csr_pem": "-----BEGIN CERTIFICATE REQUEST-----",
        "kind": "node", "firmware": "0.1.0", "board": "esp32-s3",
    }  # fmt: skip
    body = json.dumps(told).encode()
    sent = requests.headers(CODE.request_key, CODE.invitation, "POST", PATH, NONCE, TIME_MS, body)
    bundle = b'{"version": 1, "key_pem": null}'
    sealed = SEAL_NONCE + AESGCM(CODE.answer_key).encrypt(SEAL_NONCE, bundle, sent[requests.SIGNATURE].encode())
    return {
        "code": CODE.text(),
        "parts": {
            "address": CODE.url, "pin": CODE.pin, "school": CODE.school, "gates": list(CODE.gates),
            "device": CODE.device, "token": CODE.token.hex(),
        },
        "root_der": ROOT_DER.hex(),
        "invitation": CODE.invitation,
        "keys": {"enrol-request": CODE.request_key.hex(), "enrol-answer": CODE.answer_key.hex()},
        "request": {"method": "POST", "target": PATH, "body": body.decode(), "headers": sent},
        "answer": {
            "status": 200, "body": sealed.hex(), "bundle": bundle.decode(),
            "headers": requests.answer_headers(CODE.request_key, 200, NONCE, TIME_MS + 40, sealed),
        },
        "refused": [{"what": what, "code": text, "reason": _reason(text)} for what, text in _wrong().items()],
    }  # fmt: skip


def _wrong() -> dict[str, str]:
    text = CODE.text()
    return {
        "a card's number": "04A1B2C3D4E5F6",
        "an address": "https://esik.example/enrol",
        "a newer version": text.replace("ESIK1", "ESIK2"),
        "cut short": text[:-2],
        "one part more": text + ";",
        "a pin in capitals": text.replace(CODE.pin, CODE.pin.upper()),
        "no gate": text.replace("main,", ","),
        "without TLS": text.replace("https:", "http:"),
        "loopback by name only": text.replace("https://esik.example", "http://127.0.0.1.esik.example"),
        "an address with a path": text.replace("esik.example", "esik.example/x"),
    }


def _reason(text: str) -> str:
    try:
        read_code(text)
    except CodeRefused as refused:
        return refused.reason
    raise AssertionError("taken: " + text)
