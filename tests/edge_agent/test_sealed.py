"""What a device seals only it can open, under the name that it sealed it under."""

import pytest

from edge_agent.sealed import MARK, Sealed, SealedBroken

KEY = bytes(range(32))


def test_what_was_sealed_opens_again_and_never_looks_the_same_twice() -> None:
    sealed = Sealed(KEY)
    files = [sealed.sealed(b"balances", "canteen") for _ in range(2)]

    assert [sealed.opened(file, "canteen") for file in files] == [b"balances", b"balances"]
    assert files[0] != files[1]
    assert sealed.opened(sealed.sealed(b"", "canteen"), "canteen") == b""


@pytest.mark.parametrize("file", [b"", b"balances", MARK, MARK + b"x" * 11, MARK + b"x" * 12, MARK + b"x" * 40])
def test_what_was_never_sealed_does_not_open(file: bytes) -> None:
    with pytest.raises(SealedBroken):
        Sealed(KEY).opened(file, "canteen")


def test_another_key_another_name_and_another_bit_do_not_open_it() -> None:
    file = Sealed(KEY).sealed(b"balances", "canteen")

    for key, name, spoiled in ((b"k" * 32, "canteen", file), (KEY, "face", file), (KEY, "canteen", file[:-1] + b"x")):
        with pytest.raises(SealedBroken):
            Sealed(key).opened(spoiled, name)
