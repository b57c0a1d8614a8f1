"""Images as a chip judges them."""

import pytest

from simulators.esp_image import PROGRAM_AT, is_whole, make_image, make_micropython

S3, C3 = 9, 5


def test_a_whole_image_is_started() -> None:
    flash = make_micropython(S3, b"program" * 99)

    assert is_whole(flash, 0, S3)
    assert is_whole(flash, PROGRAM_AT, S3)


@pytest.mark.parametrize("at", [0, 12, 40, -1])
def test_an_image_with_a_wrong_byte_is_not_started(at: int) -> None:
    image = bytearray(make_image(S3, b"program" * 99))
    image[at] ^= 1

    assert not is_whole(bytes(image), 0, S3)


def test_neither_is_half_an_image_nor_another_chips_nor_nothing() -> None:
    image = make_image(S3, b"program" * 99)

    assert not is_whole(image[:300] + b"\xff" * 999, 0, S3)
    assert not is_whole(image, 0, C3)
    assert not is_whole(b"\xff" * 9_999, 0, S3)
