"""A node's check of signatures gives the answers of OpenSSL, on what was signed and on what is made to deceive."""

from collections.abc import Iterator
from hashlib import sha512
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware.node import ed25519
from firmware.node.ed25519 import ORDER, Key, KeyRefused, P
from firmware.node.sha512 import digesting
from tests.firmware.node.multiplications import in_steps
from tests.firmware.portable.test_ed25519 import result
from tests.firmware.vm import ROOT, run_vm

ANSWERS = ROOT / "tests/firmware/portable/ed25519_answers.py"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SIGNER.public_key().public_bytes_raw()
MESSAGE = b"esik/v1/pass\n[1]"
Point = tuple[int, int, int, int]
Case = tuple[bytes, bytes, bytes]
MULTIPLICATIONS_MAX = 1_850
STEP_MULTIPLICATIONS_MAX = 32  # between two looks at the contacts


def openssl_says(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def node_says(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        return bool(result(Key(public).verifying(message, signature))[0])
    except KeyRefused:
        return False


# Points and signatures that no honest signer makes


def times(point: Point, number: int) -> Point:
    found = ed25519._NOTHING
    for bit in f"{number:b}":
        found = ed25519._added(found, found)
        if bit == "1":
            found = ed25519._added(found, point)
    return found


def encoded(point: Point) -> bytes:
    content = result(ed25519._encoding(point))[0]
    assert isinstance(content, bytes)
    return content


BASE = ed25519._BASE


def torsion() -> list[Point]:
    """Return the eight points whose order divides eight."""
    for y in range(2, 40):
        try:
            point = times(ed25519._decoded(y.to_bytes(32, "little")), ORDER)
        except KeyRefused:
            continue
        found = [times(point, number) for number in range(8)]
        if len({encoded(each) for each in found}) == 8:
            return found
    raise AssertionError("no point of order eight")


def challenge(r: bytes, public: bytes, message: bytes) -> int:
    return int.from_bytes(sha512(r + public + message).digest(), "little") % ORDER


def forged(key: Point, secret: int, r_point: Point, nonce: int, message: bytes) -> Case:
    """Return what whoever knows a key's secret makes of a nonce, and of points that are not what they should be."""
    public, r = encoded(key), encoded(r_point)
    number = (nonce + challenge(r, public, message) * secret) % ORDER
    return public, message, r + number.to_bytes(32, "little")


def edge_cases() -> Iterator[Case]:
    signature = SIGNER.sign(MESSAGE)
    number = int.from_bytes(signature[32:], "little")
    others = (number + ORDER, number + 7 * ORDER, ORDER, 0, 1, ORDER - number, number | 1 << 255, number | 1 << 253)
    for other in others:
        yield PUBLIC, MESSAGE, signature[:32] + other.to_bytes(32, "little")
    for cut in (b"", signature[:63], signature + b"\x00", bytes(64), b"\xff" * 64):
        yield PUBLIC, MESSAGE, cut
    yield PUBLIC, MESSAGE, signature[32:] + signature[:32]
    yield PUBLIC, b"", signature
    small, secret, nonce = torsion(), 0x1234567, 0x7654321
    key, r = times(BASE, secret), times(BASE, nonce)
    for place, point in enumerate(small):
        message = MESSAGE + bytes([place])
        yield forged(key, secret, point, 0, message)  # R is small: the sum is nothing
        yield forged(key, secret, ed25519._added(r, point), nonce, message)  # R is off by a small point
        for again in range(6):  # keys that are small, or off by a small point: a message in eight is good
            yield forged(point, 0, r, nonce, message + bytes([again]))
            yield forged(ed25519._added(key, point), secret, r, nonce, message + bytes([again]))


def odd_forms() -> Iterator[Case]:
    """Yield signatures whose R is the point nothing in another than its one form; the equation holds."""
    secret = 0x1234567
    public = encoded(times(BASE, secret))
    for form in (P + 1, 1 | 1 << 255, P + 1 | 1 << 255):
        r = form.to_bytes(32, "little")
        number = challenge(r, public, MESSAGE) * secret % ORDER
        yield public, MESSAGE, r + number.to_bytes(32, "little")


def test_the_base_point_is_the_one_of_the_rfc() -> None:
    assert ed25519._decoded(b"\x58" + b"\x66" * 31) == BASE
    assert encoded(times(BASE, ORDER)) == encoded(ed25519._NOTHING)


def test_the_edge_cases_hold_good_ones_and_bad_ones() -> None:
    answers = [openssl_says(*case) for case in edge_cases()]

    assert 20 < sum(answers) < len(answers) - 40


def test_node_and_openssl_agree_on_what_is_made_to_deceive() -> None:
    for case in [*edge_cases(), *odd_forms()]:
        assert node_says(*case) == openssl_says(*case), [part.hex() for part in case]


def test_micropython_agrees_too(tmp_path: Path) -> None:
    cases = [*list(edge_cases())[::5], *odd_forms(), (PUBLIC, MESSAGE, SIGNER.sign(MESSAGE))]
    (tmp_path / "cases").write_text("".join(",".join(part.hex() for part in case) + "\n" for case in cases))

    told = run_vm(str(ANSWERS), str(tmp_path / "cases"))

    assert [line == "1" for line in told.splitlines()] == [openssl_says(*case) for case in cases]
    assert "1" in told
    assert "0" in told


@settings(max_examples=40)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300), at=st.integers(0, 511))
@example(seed=bytes(32), message=b"", at=255)
def test_what_was_signed_is_good_and_with_one_bit_turned_it_is_not(seed: bytes, message: bytes, at: int) -> None:
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    signature = signer.sign(message)
    spoilt = bytearray(signature)
    spoilt[at // 8] ^= 1 << at % 8
    key = Key(signer.public_key().public_bytes_raw())

    assert result(key.verifying(message, signature))[0]
    assert not result(key.verifying(message, bytes(spoilt)))[0]


@settings(max_examples=60)
@given(public=st.binary(min_size=32, max_size=32), signature=st.binary(min_size=64, max_size=64))
def test_chance_signs_nothing_and_breaks_nothing(public: bytes, signature: bytes) -> None:
    assert node_says(public, MESSAGE, signature) == openssl_says(public, MESSAGE, signature)


@settings(max_examples=60)
@given(st.binary(max_size=400))
@example(b"x" * 111)
@example(b"x" * 112)
@example(b"x" * 127)
@example(b"x" * 128)
@example(b"x" * 239)
@example(b"x" * 240)
def test_a_digest_is_hashlibs(message: bytes) -> None:
    assert result(digesting(message))[0] == sha512(message).digest()


def test_a_check_takes_few_multiplications_and_few_at_once() -> None:
    key, signature = Key(PUBLIC), SIGNER.sign(MESSAGE)
    assert result(key.preparing())

    steps = in_steps(key, MESSAGE, signature)

    assert 1_500 < sum(steps) <= MULTIPLICATIONS_MAX
    assert max(steps) <= STEP_MULTIPLICATIONS_MAX
