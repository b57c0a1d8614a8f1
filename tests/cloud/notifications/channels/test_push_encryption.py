"""A push message is encrypted as RFC 8291 has it, and nobody but its browser opens it."""

import secrets

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.core.base64url import base64url, unbase64url
from cloud.notifications.channels.push_encryption import (
    CURVE,
    PADDED_TO,
    RECORD_BYTES,
    TEXT_MAX,
    KeysWrong,
    check_keys,
    encrypted,
    point_of,
)
from simulators.push_browser import SubscribedBrowser

# RFC 8291, appendix A, with the intermediate values of its section 5.
WORDS = b"When I grow up, I want to be a watermelon"
SERVER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BROWSER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
BROWSER_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
AUTH, SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
    "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_standard_is_encrypted_byte_for_byte() -> None:
    ours = ec.derive_private_key(int.from_bytes(unbase64url(SERVER)), CURVE)

    body = encrypted(WORDS, unbase64url(BROWSER), unbase64url(AUTH), salt=unbase64url(SALT), ours=ours)

    assert base64url(body) == BODY


def test_the_simulated_browser_reads_the_example_of_the_standard() -> None:
    key = ec.derive_private_key(int.from_bytes(unbase64url(BROWSER_PRIVATE)), CURVE)

    assert SubscribedBrowser(key, unbase64url(AUTH)).read(unbase64url(BODY)) == WORDS


@pytest.mark.parametrize("length", [0, 1, PADDED_TO - 1, PADDED_TO, 3_000, TEXT_MAX])
def test_a_message_is_read_again_and_its_length_says_little(length: int) -> None:
    browser, text = SubscribedBrowser.new(), secrets.token_bytes(length)

    body = sealed(browser, text)

    assert browser.read(body) == text
    assert len(body) <= RECORD_BYTES
    assert len(body) == len(sealed(browser, text[:-1])) or length % PADDED_TO in {0, 1} or length == TEXT_MAX


def test_another_browser_reads_nothing() -> None:
    body = sealed(SubscribedBrowser.new(), b"arrived")

    with pytest.raises(InvalidTag):
        SubscribedBrowser.new().read(body)


@pytest.mark.parametrize(
    ("point", "auth"),
    [(bytes(65), bytes(16)), (b"\x04" + bytes(64), bytes(16)), (b"\x04" + bytes(63), bytes(16)), (None, bytes(15))],
)
def test_keys_that_no_browser_gives_are_refused(point: bytes | None, auth: bytes) -> None:
    with pytest.raises(KeysWrong):
        check_keys(point or SubscribedBrowser.new().point, auth)


def sealed(browser: SubscribedBrowser, text: bytes) -> bytes:
    ours = ec.generate_private_key(CURVE)
    assert point_of(ours) != browser.point
    return encrypted(
        text, browser.point, browser.auth, salt=secrets.token_bytes(16), ours=ours, padded_to=PADDED_TO
    )  # fmt: skip
