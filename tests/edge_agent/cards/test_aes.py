"""AES as cards use it, against the vectors of RFC 4493."""

import pytest

from edge_agent.cards.aes import cmac, decrypt, encrypt, padded, short_mac, unpadded

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


@pytest.mark.parametrize(
    ("length", "code"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_a_cmac_is_that_of_rfc_4493(length: int, code: str) -> None:
    assert cmac(KEY, MESSAGE[:length]).hex() == code


def test_the_short_code_is_every_second_byte() -> None:
    assert short_mac(KEY, b"").hex() == "1d295928a3127546"


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17])
def test_padding_is_added_in_any_case_and_comes_off_again(length: int) -> None:
    blocks = padded(MESSAGE[:length])

    assert len(blocks) % 16 == 0
    assert len(blocks) > length
    assert unpadded(blocks) == MESSAGE[:length]


@pytest.mark.parametrize("blocks", ["00" * 16, "11" * 16, "80" + "00" * 16, ""])
def test_what_has_no_padding_is_refused(blocks: str) -> None:
    with pytest.raises(ValueError, match="padding"):
        unpadded(bytes.fromhex(blocks))


def test_what_was_encrypted_is_deciphered() -> None:
    sealed = encrypt(KEY, bytes(16), MESSAGE)

    assert sealed != MESSAGE
    assert decrypt(KEY, bytes(16), sealed) == MESSAGE
