"""Tokens are read with the algorithm that the reader names, and by the keys of whom they should be from."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from cloud.signon.jose import TokenWrong, audiences, check_times, opened, signed

NOW = 1_790_000_000
CLAIMS = {"iss": "https://esik.test", "sub": "somebody", "iat": NOW, "exp": NOW + 300}
KEY, OTHER = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
CURVE = ECKey.generate_key("P-256")


def told(key: RSAKey | ECKey, kid: str = "one") -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid}


def packed(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(algorithm: str) -> str:
    return f"{packed({'alg': algorithm, 'kid': 'one'})}.{packed(CLAIMS)}."


def by_the_public_key() -> str:
    """Sign with the public key as if it were a secret of HMAC."""
    body = f"{packed({'alg': 'HS256', 'kid': 'one'})}.{packed(CLAIMS)}"
    mac = hmac.new(KEY.as_pem(private=False), body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def with_its_own_key() -> str:
    return jwt.encode({"alg": "RS256", "jwk": told(OTHER)}, CLAIMS, OTHER, algorithms=["RS256"])


def altered() -> str:
    head, _, signature = signed(KEY, "one", CLAIMS).split(".")
    return f"{head}.{packed({**CLAIMS, 'sub': 'somebody else'})}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "alg none": lambda: unsigned("none"),
    "alg None": lambda: unsigned("None"),
    "no signature": lambda: unsigned("RS256"),
    "hmac by the public key": by_the_public_key,
    "a key in its own head": with_its_own_key,
    "other claims": altered,
    "another's key": lambda: signed(OTHER, "one", CLAIMS),
    "a key of no name": lambda: signed(KEY, "two", CLAIMS),
    "another algorithm": lambda: jwt.encode({"alg": "ES256", "kid": "one"}, CLAIMS, CURVE, algorithms=["ES256"]),
    "another padding": lambda: jwt.encode({"alg": "PS256", "kid": "one"}, CLAIMS, KEY, algorithms=["PS256"]),
    "a secret": lambda: jwt.encode(
        {"alg": "HS256", "kid": "one"}, CLAIMS, OctKey.import_key("x" * 32), algorithms=["HS256"]
    ),
    "nothing": lambda: "",
    "two parts": lambda: "a.b",
    "no json": lambda: "a.b.c",
    "too long": lambda: signed(KEY, "one", {**CLAIMS, "more": "x" * 20_000}),
}


def test_what_we_signed_is_read() -> None:
    assert opened(signed(KEY, "one", CLAIMS), [told(KEY), told(OTHER, "two")], "RS256") == CLAIMS


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_is_not_read(how: str) -> None:
    with pytest.raises(TokenWrong):
        opened(FORGED[how](), [told(KEY)], "RS256")


def test_an_algorithm_is_one_of_few_and_its_reader_chooses_it() -> None:
    curved = jwt.encode({"alg": "ES256", "kid": "one"}, CLAIMS, CURVE, algorithms=["ES256"])

    assert opened(curved, [told(CURVE)], "ES256") == CLAIMS
    for algorithm in ("none", "HS256", ""):
        with pytest.raises(TokenWrong):
            opened(curved, [told(CURVE)], algorithm)


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 61}, {"exp": None}, {"iat": None}, {"iat": NOW + 61}, {"nbf": NOW + 61}, {"exp": "soon"},
        {"exp": NOW + 10_000}, {"iat": NOW - 10_000},
    ],
)  # fmt: skip
def test_a_token_out_of_its_time_is_not_believed(changed: dict[str, object]) -> None:
    check_times(CLAIMS, NOW, 600)

    with pytest.raises(TokenWrong):
        check_times(CLAIMS | changed, NOW, 600)


def test_for_whom_a_token_is_stands_alone_or_in_a_list() -> None:
    assert audiences({"aud": "one"}) == ["one"]
    assert audiences({"aud": ["one", "two", 3]}) == ["one", "two"]
    assert audiences({}) == []
