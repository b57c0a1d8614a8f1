"""What a client asks is read strictly: every doubt is refused before anything is given out."""

from collections.abc import Mapping

import pytest

from cloud.signon.asked import back_to, one, read
from cloud.signon.errors import Declined, RequestRefused
from cloud.signon.grants import proves

CALLBACK = "https://books.test/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
USUAL = {
    "client_id": "books", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid profile",
    "state": "its-state", "nonce": "its-nonce", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip


def pairs(**changed: str | None) -> list[tuple[str, str]]:
    given: Mapping[str, str | None] = {**USUAL, **changed}
    return [(name, value) for name, value in given.items() if value is not None]


def test_what_is_asked_rightly_is_read() -> None:
    asked = read(pairs(max_age="60", prompt="consent"))

    assert (asked.client_id, asked.scopes, asked.state, asked.nonce) == (
        "books", ("openid", "profile"), "its-state", "its-nonce",
    )  # fmt: skip
    assert (asked.challenge, asked.prompts, asked.max_age_s) == (CHALLENGE, frozenset({"consent"}), 60)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": f"{CHALLENGE}="}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "unsupported_response_type"),
        ({"response_mode": "form_post"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://evil.test"}, "request_uri_not_supported"),
        ({"prompt": "none consent"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"prompt": "login"}, "login_required"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "9" * 12}, "invalid_request"),
        ({"nonce": "n" * 300}, "invalid_request"),
        ({"state": "s" * 1_001}, "invalid_request"),
    ],
)
def test_what_is_asked_wrongly_is_declined(changed: Mapping[str, str | None], error: str) -> None:
    with pytest.raises(Declined) as declined:
        read(pairs(**changed))

    assert declined.value.error == error


def test_a_parameter_that_stands_twice_is_no_parameter() -> None:
    twice = [*pairs(), ("nonce", "another")]

    assert one(twice, "nonce") is None
    with pytest.raises(Declined):
        read(twice)
    with pytest.raises(RequestRefused):
        back_to([*pairs(), ("redirect_uri", "https://evil.test")], [CALLBACK])


@pytest.mark.parametrize(
    "resembling",
    [
        f"{CALLBACK}/", f"{CALLBACK}/more", f"{CALLBACK}?more=1", f"{CALLBACK}.evil.test", f"{CALLBACK}#part",
        "https://books.test.evil.test/callback", "https://BOOKS.test/callback", "http://books.test/callback",
        "https://books.test/%63allback", "https://books.test/x/../callback", "https://user@books.test/callback",
        "https://books.test:443/callback", f" {CALLBACK}", "", None,
    ],
)  # fmt: skip
def test_an_address_that_only_resembles_the_registered_one_is_no_way_back(resembling: str | None) -> None:
    with pytest.raises(RequestRefused):
        back_to(pairs(redirect_uri=resembling), [CALLBACK])


def test_a_verifier_proves_its_challenge_and_no_other() -> None:
    assert proves(VERIFIER, CHALLENGE)
    assert not proves(CHALLENGE, CHALLENGE)
    assert not proves(VERIFIER[:42], CHALLENGE)
    assert not proves("", CHALLENGE)
