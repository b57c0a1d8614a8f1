"""The key's file: made by chance, kept from others, and changed so that one of two always opens."""

import stat
from pathlib import Path

import pytest

from edge_agent.readers.osdp_key import KeyRefused, known_keys, make_pending, pending, read_key, take_pending
from tests.edge_agent.readers.peripheral import KEY, key_file


def test_a_key_is_read(tmp_path: Path) -> None:
    assert read_key(key_file(tmp_path, KEY.upper() + "\n")) == bytes.fromhex(KEY)


@pytest.mark.parametrize(
    ("content", "why"),
    [("", "32 hex digits"), ("zz" * 16, "32 hex digits"), (KEY + "00", "32 hex digits"),
     ("303132333435363738393a3b3c3d3e3f", "everybody knows")],
)  # fmt: skip
def test_what_is_no_key_is_refused_and_not_told(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match=why) as refused:
        read_key(key_file(tmp_path, content))

    assert not content or content not in str(refused.value)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = key_file(tmp_path)
    path.chmod(0o640)

    with pytest.raises(KeyRefused, match="chmod 600"):
        read_key(path)


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="No such file"):
        known_keys(tmp_path / "none.key")


def test_the_next_key_stands_beside_the_old_until_it_is_taken(tmp_path: Path) -> None:
    path = key_file(tmp_path)

    new = make_pending(path)
    assert known_keys(path) == [bytes.fromhex(KEY), new]
    assert make_pending(path) == new  # a second attempt gives the reader no third key
    assert stat.S_IMODE(pending(path).stat().st_mode) == 0o600

    take_pending(path)
    assert known_keys(path) == [new]
    assert make_pending(tmp_path / "other.key") != new
