"""Signatures are checked by RFC 8032, 7.1, on CPython and on MicroPython."""

from firmware.node.ed25519 import ORDER, Key, KeyRefused
from firmware.node.sha512 import digesting

ABC = (
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
)
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

VECTORS = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        ("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
         "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        ("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        ("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
         "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf", ABC,
        ("dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
         "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
    ),
)  # fmt: skip


def result(steps: "Generator[None, None, object]") -> "tuple[object, int]":
    """Return what a generator returns, and how often it let others go on."""
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, count
        count += 1


def is_good(public, message, signature):
    return result(Key(public).verifying(message, signature))[0]


def vector(number):
    return [bytes.fromhex(part) for part in VECTORS[number]]


def test_the_vectors_of_the_rfc_are_good() -> None:
    for number in range(len(VECTORS)):
        assert is_good(*vector(number))


def test_a_flipped_bit_anywhere_spoils_a_signature() -> None:
    public, message, signature = vector(2)
    key = Key(public)

    for at in range(0, 64, 7):
        spoilt = bytearray(signature)
        spoilt[at] ^= 1 << at % 8
        assert not result(key.verifying(message, bytes(spoilt)))[0]
    assert not result(key.verifying(message + b"\x00", signature))[0]
    assert not result(key.verifying(message, signature[:-1]))[0]
    assert not result(key.verifying(message, signature + b"\x00"))[0]


def test_a_number_has_one_form() -> None:
    public, message, signature = vector(1)
    number = int.from_bytes(signature[32:], "little")

    for other in (number + ORDER, number + 2 * ORDER, ORDER, number | 1 << 255, (1 << 256) - 1):
        assert not is_good(public, message, signature[:32] + other.to_bytes(32, "little"))


def test_a_key_is_a_point_in_its_one_form() -> None:
    p = (1 << 255) - 19
    for number in (2, p, p + 1, p + 3, (1 << 255) - 1, 1 | 1 << 255, p - 1 | 1 << 255, (1 << 256) - 1):
        try:
            Key(number.to_bytes(32, "little"))
        except KeyRefused:
            continue
        raise AssertionError(number)
    for content in (b"", b"\x01", bytes(31), bytes(33)):
        try:
            Key(content)
        except KeyRefused:
            continue
        raise AssertionError(content)


def test_others_go_on_while_a_signature_is_checked() -> None:
    public, message, signature = vector(0)
    key = Key(public)

    first = result(key.verifying(message, signature))[1]
    again = result(key.verifying(message, signature))[1]

    assert first > 100
    assert 40 < again < first


def test_digests_are_those_of_fips_180() -> None:
    assert result(digesting(b"abc"))[0] == bytes.fromhex(ABC)
    assert result(digesting(b""))[0] == bytes.fromhex(
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
    )
