"""A sealed backup is opened by the keys of its recipients, from any place, by nothing else; a changed byte is told."""

import io
import stat
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.backup_seals import (
    CHUNK,
    MAGIC,
    RECIPIENT,
    STANZA_BYTES,
    TAG_BYTES,
    NotOpened,
    SealingWriter,
    UnsealingReader,
    is_sealed,
    make_private,
    read_private,
    read_recipients,
    recipient_of,
    sealed_for,
)

HOLDER, OTHER, STRANGER = (X25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
HEAD = len(MAGIC) + 1 + STANZA_BYTES


def sealed(plain: bytes, *holders: X25519PrivateKey) -> bytes:
    out = io.BytesIO()
    writer = SealingWriter(out, [each.public_key() for each in holders or (HOLDER,)])
    for begin in range(0, len(plain), 50_000):
        assert writer.write(plain[begin : begin + 50_000]) == len(plain[begin : begin + 50_000])
    writer.close()
    return out.getvalue()


def opened(content: bytes, holder: X25519PrivateKey = HOLDER) -> bytes:
    return UnsealingReader(io.BytesIO(content), holder).readall()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_what_was_sealed_is_read_again_by_each_recipient_and_by_no_other(size: int) -> None:
    plain = bytes(number % 251 for number in range(size))

    content = sealed(plain, HOLDER, OTHER)

    assert opened(content) == opened(content, OTHER) == plain
    assert plain[:64] not in content or size < 8
    with pytest.raises(NotOpened, match="sealed for others"):
        opened(content, STRANGER)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 3 * CHUNK), st.integers(0, 2 * CHUNK))
def test_a_reader_begins_anywhere(begin: int, size: int) -> None:
    plain = bytes(number % 251 for number in range(2 * CHUNK + 99))
    reader = io.BufferedReader(UnsealingReader(io.BytesIO(sealed(plain)), HOLDER))

    reader.seek(begin)

    assert reader.read(size) == plain[begin : begin + size]
    assert reader.seek(-5, io.SEEK_END) == len(plain) - 5
    assert reader.read() == plain[-5:]


@pytest.mark.parametrize("place", [len(MAGIC) + 1, HEAD - 1, HEAD, HEAD + CHUNK + TAG_BYTES + 5, -1])
def test_a_byte_that_was_changed_is_told(place: int) -> None:
    content = bytearray(sealed(bytes(3 * CHUNK)))
    content[place] ^= 1

    with pytest.raises(NotOpened):
        opened(bytes(content))


def test_chunks_that_were_cut_off_exchanged_or_taken_from_another_file_are_told() -> None:
    content, size = sealed(bytes(3 * CHUNK)), CHUNK + TAG_BYTES
    first, second, rest = (
        content[HEAD : HEAD + size],
        content[HEAD + size : HEAD + 2 * size],
        content[HEAD + 2 * size :],
    )

    for wrong in (
        content[: HEAD + 2 * size], content[:-1], content[:HEAD], content[: HEAD - 1],
        content[:HEAD] + second + first + rest, sealed(bytes(3 * CHUNK))[:HEAD] + first + second + rest,
    ):  # fmt: skip
        with pytest.raises(NotOpened):
            opened(wrong)


def test_a_zip_is_written_into_the_seal_and_read_out_of_it_without_a_plain_file_in_between() -> None:
    out = io.BytesIO()
    with sealed_for(out, [HOLDER.public_key()]) as sink, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "a\n" * 100_000)
        with archive.open("b.csv", "w", force_zip64=True) as inner:
            inner.write(b"b\n" * 100_000)

    out.seek(0)
    assert is_sealed(out)
    with zipfile.ZipFile(io.BufferedReader(UnsealingReader(out, HOLDER))) as archive:
        assert archive.testzip() is None
        assert archive.read("b.csv") == b"b\n" * 100_000


def test_a_private_key_is_its_owners_only_and_names_its_recipient(tmp_path: Path) -> None:
    made = make_private(tmp_path / "key")

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert recipient_of(read_private(tmp_path / "key")) == recipient_of(made)
    (recipient,) = read_recipients(recipient_of(made))
    assert recipient == made.public_key()
    with pytest.raises(FileExistsError):
        make_private(tmp_path / "key")


@pytest.mark.parametrize(
    "text",
    [recipient_of(HOLDER)[:-1], recipient_of(HOLDER).replace("esik", "sesi"), RECIPIENT, RECIPIENT + "é" * 48, "x",
     recipient_of(HOLDER)[:20] + ("A" if recipient_of(HOLDER)[20] != "A" else "B") + recipient_of(HOLDER)[21:],
     " ".join([recipient_of(HOLDER)] * 9)],
)  # fmt: skip
def test_a_slip_in_a_recipient_is_told_before_anything_is_sealed_for_nobody(text: str) -> None:
    with pytest.raises(NotOpened):
        read_recipients(text)


def test_what_is_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nothing\n")

    with pytest.raises(NotOpened, match="one line"):
        read_private(tmp_path / "empty")
    with pytest.raises(NotOpened, match="cannot be read"):
        read_private(tmp_path / "none")
