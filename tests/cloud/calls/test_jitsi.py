"""Tokens for Jitsi: let one person into one room for minutes, by what the server and a library of others check."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cloud.calls.errors import CallRefused
from cloud.calls.jitsi import LASTS, address_of, key_of
from cloud.calls.kinds import Algorithm, Comer, Kind, Names, Server
from simulators.jitsi import Entered, NotLetIn, SimulatedJitsi

NOW = datetime(2026, 9, 15, 3, 50, tzinfo=UTC)
KEY = "a shared secret of Jitsi, long enough for HS256"
SERVER = Server(Kind.JITSI, "https://meet.mektep.kz", KEY, "esik", "", Algorithm.HS256, Names.FULL)
TEACHER, STUDENT = Comer("Сейіт Айгүл", leads=True), Comer("Әліби Айгерім", leads=False)
DOOR = SimulatedJitsi("meet.mektep.kz", "esik", KEY)


@pytest.mark.requirement("KZ456-27.10", part="video")
def test_a_token_lets_somebody_into_the_room_and_tells_who_leads() -> None:
    assert DOOR.enter(address_of(SERVER, "a1b2", TEACHER, NOW), NOW) == Entered(
        "a1b2", "Сейіт Айгүл", is_moderator=True
    )
    assert DOOR.enter(address_of(SERVER, "a1b2", STUDENT, NOW), NOW) == Entered(
        "a1b2", "Әліби Айгерім", is_moderator=False
    )


@pytest.mark.parametrize(
    ("door", "room", "at", "why"),
    [
        (DOOR, "other", NOW, "another room"),
        (DOOR, "a1b2", NOW + LASTS, "over"),
        (DOOR, "a1b2", NOW - timedelta(minutes=1), "not valid yet"),
        (replace(DOOR, key="another secret, as long as the first one is"), "a1b2", NOW, "not signed"),
        (replace(DOOR, app_id="others"), "a1b2", NOW, "another issuer"),
        (replace(DOOR, audience="others"), "a1b2", NOW, "another audience"),
        (replace(DOOR, domain="meet.example.kz"), "a1b2", NOW, "no token for this server"),
    ],
    ids=["room", "over", "early", "key", "issuer", "audience", "server"],
)
def test_a_token_opens_nothing_else(door: SimulatedJitsi, room: str, at: datetime, why: str) -> None:
    address = address_of(SERVER, "a1b2", STUDENT, NOW).replace("/a1b2?", f"/{room}?")

    with pytest.raises(NotLetIn, match=why):
        door.enter(address, at)


def test_a_token_is_what_pyjwt_reads_and_tells_nothing_of_somebody_but_a_name() -> None:
    token = address_of(SERVER, "a1b2", STUDENT, NOW).partition("?jwt=")[2]

    claims = jwt.decode(token, KEY, algorithms=["HS256"], audience="jitsi", issuer="esik",
                        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False})  # fmt: skip

    assert claims.pop("context") == {"user": {"name": "Әліби Айгерім", "moderator": False, "affiliation": "member"}}
    assert claims == {
        "aud": "jitsi", "iss": "esik", "sub": "meet.mektep.kz", "room": "a1b2", "moderator": False,
        "iat": int(NOW.timestamp()), "nbf": int(NOW.timestamp()) - 30, "exp": int(NOW.timestamp()) + 180,
    }  # fmt: skip
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, KEY + "x", algorithms=["HS256"], audience="jitsi")


def test_a_private_key_signs_too_and_names_itself() -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    server = replace(SERVER, secret=pem, algorithm=Algorithm.RS256, key_id="esik-1")
    address = address_of(server, "a1b2", TEACHER, NOW)

    entered = replace(DOOR, key=key.public_key()).enter(address, NOW)

    assert entered.is_moderator
    assert jwt.get_unverified_header(address.partition("?jwt=")[2]) == {"alg": "RS256", "typ": "JWT", "kid": "esik-1"}
    with pytest.raises(NotLetIn, match="another algorithm"):
        DOOR.enter(address, NOW)


@pytest.mark.parametrize(
    ("algorithm", "secret"),
    [(Algorithm.HS256, "x" * 31), (Algorithm.RS256, "x" * 64), (Algorithm.RS256, "")],
    ids=["short", "no_key", "nothing"],
)
def test_a_key_that_keeps_nobody_out_is_refused(algorithm: Algorithm, secret: str) -> None:
    with pytest.raises(CallRefused):
        key_of(algorithm, secret)


def test_a_public_key_alone_is_no_key_to_sign_with() -> None:
    public = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip

    with pytest.raises(CallRefused, match="private RSA key"):
        key_of(Algorithm.RS256, pem)
