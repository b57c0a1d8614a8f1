"""The vault decrypts what it encrypted, where it belongs, and nothing else."""

import stat
from pathlib import Path

import pytest

from cloud.core.vault import Vault, VaultLocked, add_key, make_key_file, read_keys

OLD, NEW = bytes(32), bytes(range(32))


def test_a_text_comes_back_and_never_encrypts_to_the_same_bytes() -> None:
    vault = Vault(NEW)

    first, second = (vault.encrypt("Әліби 900101", "person.iin") for _ in range(2))

    assert first != second
    assert vault.decrypt(first, "person.iin") == vault.decrypt(second, "person.iin") == "Әліби 900101"


def test_a_value_moved_to_another_column_does_not_decrypt() -> None:
    vault = Vault(NEW)

    with pytest.raises(VaultLocked, match="guardian"):
        vault.decrypt(vault.encrypt("900101300123", "person.iin"), "guardian.phone")


@pytest.mark.parametrize("place", [0, 2, 8, 30])
def test_a_changed_byte_does_not_decrypt(place: int) -> None:
    vault = Vault(NEW)
    sealed = bytearray(vault.encrypt("900101300123 and more", "person.iin"))
    sealed[place] ^= 1

    with pytest.raises(VaultLocked):
        vault.decrypt(bytes(sealed), "person.iin")


def test_a_new_key_encrypts_while_the_old_one_still_decrypts_and_digests() -> None:
    before, after = Vault(OLD), Vault(OLD, NEW)

    assert after.decrypt(before.encrypt("text", "c"), "c") == "text"
    assert after.digest("text", "c") == before.digest("text", "c")
    with pytest.raises(VaultLocked, match="not in the key file"):
        before.decrypt(after.encrypt("text", "c"), "c")


def test_digests_differ_by_context() -> None:
    assert Vault(NEW).digest("1", "person.iin") != Vault(NEW).digest("1", "guardian.phone")


def test_a_key_file_is_its_owners_alone_and_grows(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vault.key"
    make_key_file(path)
    first = read_keys(path)
    add_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_keys(path)[:1] == first
    assert len(read_keys(path)) == 2


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    make_key_file(tmp_path / "vault.key")

    with pytest.raises(FileExistsError):
        make_key_file(tmp_path / "vault.key")


def test_a_key_file_that_others_can_read_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    make_key_file(tmp_path / "vault.key")
    (tmp_path / "vault.key").chmod(0o644)

    with pytest.raises(VaultLocked, match="chmod 600"):
        read_keys(tmp_path / "vault.key")


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "ключ"])
def test_what_is_no_key_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "vault.key"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(VaultLocked):
        Vault(*read_keys(path))
