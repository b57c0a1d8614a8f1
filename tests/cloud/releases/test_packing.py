"""The release key and packing a folder, by the functions and by the commands."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from cloud.cli.releases import MANIFEST, PAYLOAD, releases
from cloud.releases import keys
from cloud.releases.errors import FolderRefused, ReleaseKeyExists, ReleaseKeyMissing, ReleaseKeyRefused, ReleaseNotTaken
from cloud.releases.packing import Label, pack_folder
from schemas.release import open_manifest

NOTES = {"kk": "Түзетулер.", "ru": "Исправления.", "en": "Repairs."}
LABEL = Label(7, "agent", "any", "0.4.0", 1, NOTES)
KEY = Ed25519PrivateKey.generate()


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "agent"
    (folder / "esik" / "__pycache__").mkdir(parents=True)
    (folder / "__main__.py").write_text("print('esik')\n")
    (folder / "esik" / "__init__.py").write_text("")
    (folder / "esik" / "__pycache__" / "x.pyc").write_text("left behind")
    return folder


def test_a_folder_becomes_a_manifest_and_its_files_in_one_row(folder: Path) -> None:
    packed = pack_folder(folder, LABEL, KEY.sign)

    found = open_manifest(
        packed.manifest, lambda signature, message: keys.is_signed([KEY.public_key()], signature, message)
    )
    assert [(file.path, file.size, file.offset) for file in found.files] == [
        ("__main__.py", 14, 0),
        ("esik/__init__.py", 0, 14),
    ]
    assert packed.payload == b"print('esik')\n"
    assert pack_folder(folder, LABEL, KEY.sign) == packed, "the same folder gives the same release"


def test_a_link_is_not_followed_into_a_release(folder: Path) -> None:
    (folder / "secret").symlink_to("/etc/passwd")

    with pytest.raises(FolderRefused, match="is a link"):
        pack_folder(folder, LABEL, KEY.sign)


def test_a_folder_that_cannot_be_released_is_refused_with_its_reason(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FolderRefused, match="it is no folder"):
        pack_folder(tmp_path / "none", LABEL, KEY.sign)
    with pytest.raises(ReleaseNotTaken, match="counter"):
        pack_folder(folder, Label(0, "agent", "any", "0.4.0", 1, NOTES), KEY.sign)
    (folder / "a name").write_text("")
    with pytest.raises(FolderRefused, match="a name is no name"):
        pack_folder(folder, LABEL, KEY.sign)


def test_the_private_half_is_of_no_use_without_its_passphrase(tmp_path: Path) -> None:
    passphrase = keys.make(tmp_path)
    private = keys.unlock(tmp_path / keys.PRIVATE, passphrase)

    assert (tmp_path / keys.PRIVATE).stat().st_mode & 0o077 == 0
    assert keys.read_public(tmp_path / keys.PUBLIC) == [private.public_key()]
    with pytest.raises(ReleaseKeyRefused):
        keys.unlock(tmp_path / keys.PRIVATE, passphrase[:-1])
    with pytest.raises(ReleaseKeyExists):
        keys.make(tmp_path)


def test_a_cloud_believes_the_keys_it_was_told_to_trust_and_while_keys_change_two(tmp_path: Path) -> None:
    with pytest.raises(ReleaseKeyMissing):
        keys.trusted(tmp_path)
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    both = tmp_path / "both"
    both.write_text("".join(key.public_key().public_bytes_raw().hex() + "\n" for key in (old, new)))

    keys.trust(tmp_path, both)

    found = keys.trusted(tmp_path)
    assert all(keys.is_signed(found, key.sign(b"x"), b"x") for key in (old, new))
    assert not keys.is_signed(found, KEY.sign(b"x"), b"x")


@pytest.mark.parametrize("text", ["", "00\n", "zz" * 32 + "\n", "00" * 32 + "\nmore\n"])
def test_a_file_that_is_no_public_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)

    with pytest.raises(ReleaseKeyRefused):
        keys.read_public(tmp_path / "file")


def test_the_commands_make_a_key_and_sign_a_folder_without_any_service(folder: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    made = run(releases, ["key", "init", str(tmp_path / "offline")])
    (tmp_path / "word").write_text(made.output.split("passphrase of release.key: ")[1].split("\n")[0])
    words = ["--product", "agent", "--counter", "7", "--version", "0.4.0", "--out", str(tmp_path / "out")]
    notes = [word for code, note in NOTES.items() for word in (f"--note-{code}", note)]

    done = run(releases, ["sign", str(folder), "--key", str(tmp_path / "offline/release.key"), *words, *notes,
                          "--passphrase-file", str(tmp_path / "word")])  # fmt: skip
    again = run(releases, ["sign", str(folder), "--key", str(tmp_path / "offline/release.key"), *words, *notes,
                           "--passphrase-file", os.devnull])  # fmt: skip

    assert done.exit_code == 0, done.output
    public = keys.read_public(tmp_path / "offline/release.pub")
    file = (tmp_path / "out" / MANIFEST).read_bytes()
    assert open_manifest(file, lambda *signed: keys.is_signed(public, *signed)).counter == 7
    assert (tmp_path / "out" / PAYLOAD).read_bytes() == b"print('esik')\n"
    assert again.exit_code == 1
    assert "check the file and the passphrase" in again.output.lower()
