"""The file with MicroPython is judged before a board is touched."""

from hashlib import sha256

import pytest

from firmware.tools.flash_chips import CHIPS
from firmware.tools.flash_errors import ImageRefused
from firmware.tools.flash_image import SIZE_MIN, check_fits, read_image
from simulators.esp_image import make_micropython
from simulators.pico import make_uf2

S3 = make_micropython(9, bytes(SIZE_MIN))
UF2 = make_uf2("rp2040", bytes(SIZE_MIN))


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "chip"),
    [
        (S3, "esp32s3"),
        (make_micropython(5, bytes(SIZE_MIN)), "esp32c3"),
        (make_micropython(0, bytes(SIZE_MIN)), "esp32"),
        (UF2, "rp2040"),
        (make_uf2("rp2350", bytes(SIZE_MIN)), "rp2350"),
    ],
)
def test_an_image_says_which_chip_it_is_for(content: bytes, chip: str) -> None:
    image = read_image(content, digest(content).upper() + "\n")

    assert image.chip is CHIPS[chip]
    assert image.digest == digest(content)


def test_the_lone_block_before_an_rp2350s_own_is_passed_over() -> None:
    lone = bytearray(make_uf2("rp2350", bytes(256)))
    lone[24:32] = (2).to_bytes(4, "little") + 0xE48B_FF57.to_bytes(4, "little")
    content = bytes(lone) + make_uf2("rp2350", bytes(SIZE_MIN))

    assert read_image(content, digest(content)).chip is CHIPS["rp2350"]


def test_a_file_with_another_digest_is_refused() -> None:
    with pytest.raises(ImageRefused, match="SHA-256 is"):
        read_image(S3, digest(S3[:-1]))


@pytest.mark.parametrize("given", ["", "abc", "z" * 64, digest(S3) + "0"])
def test_what_is_no_digest_is_refused(given: str) -> None:
    with pytest.raises(ImageRefused, match="64 hexadecimal digits"):
        read_image(S3, given)


def spoilt(at: int) -> bytes:
    content = bytearray(UF2)
    content[at] ^= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "bytes"),
        (b"\xe9" * 100, "bytes"),
        (b"<html>" + bytes(SIZE_MIN), "begins as no image"),
        (b"\x7fELF" + bytes(SIZE_MIN), "a program or an archive"),
        (b"PK\x03\x04" + bytes(SIZE_MIN), "a program or an archive"),
        (make_micropython(77, bytes(SIZE_MIN)), "number 77"),
        (UF2[:-1], "no whole number of blocks"),
        (UF2[:-512], "its last blocks are missing"),
        (UF2[:512] + UF2[1024:], "block 1 of the UF2 file is damaged"),
        (UF2 + UF2[:512], "is damaged"),
        (spoilt(512 * 3 + 511), "block 3 of the UF2 file is damaged"),
        (spoilt(512 * 3 + 20), "block 3 of the UF2 file is damaged"),
        (UF2.replace(0xE48B_FF56.to_bytes(4, "little"), 0xADA5_2840.to_bytes(4, "little")), "family ada52840"),
    ],
)
def test_another_file_is_refused_with_what_it_is(content: bytes, why: str) -> None:
    with pytest.raises(ImageRefused, match=why) as refused:
        read_image(content, digest(content))

    assert refused.value.advice


def test_an_image_for_another_chip_does_not_fit() -> None:
    image = read_image(S3, digest(S3))

    check_fits(image, CHIPS["esp32s3"])
    with pytest.raises(ImageRefused, match="the image is for ESP32-S3, the board has ESP32-C3"):
        check_fits(image, CHIPS["esp32c3"])
