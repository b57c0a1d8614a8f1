"""A release: the program of an agent or a node in a later version, as a signed manifest and the bytes of its files.

Rule: nothing of a release is used before its signature, its product, its board, its counter and the digest of every
file fit. A counter never goes back. The same file runs on CPython and MicroPython.

A manifest file is a line of 128 hex digits, a line feed, and the body: one JSON object. The signature (Ed25519) is over
`esik/v1/release`, a line feed and the body, byte for byte. The payload is the files one after another, in the order of
the manifest, with nothing before, between or after them: there is nothing to unpack, so nothing that unpacks elsewhere.
"""

import json
from binascii import hexlify, unhexlify

CONTEXT = b"esik/v1/release\n"
PRODUCTS = ("agent", "node")
ANY_BOARD = "any"
BODY_BYTES_MAX = 2 * 1024 * 1024
FILES_MAX = 10_000
FILE_BYTES_MAX = 64 * 1024 * 1024
PAYLOAD_BYTES_MAX = 256 * 1024 * 1024
PATH_CHARACTERS_MAX, PARTS_MAX = 200, 12
NUMBER_MAX = 9_007_199_254_740_991
TEXT_MAX, NOTES_MAX = 24, 1_000
SIGNATURE_DIGITS = 128
_HEX = "0123456789abcdef"
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+."
_NEEDED = (
    ("format", int),
    ("counter", int),
    ("product", str),
    ("board", str),
    ("version", str),
    ("journal", int),
    ("size", int),
    ("files", list),
    ("notes", dict),
)


class ReleaseRefused(ValueError):
    """A release that must not be used; `reason` is one word, the text says more."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(reason + ": " + text)
        self.reason = reason


class File:
    """One file of a release: where it stands, and where in the payload."""

    def __init__(self, path: str, size: int, digest: str, offset: int) -> None:
        self.path = path
        self.size = size
        self.digest = digest  # SHA-256, 64 hex digits
        self.offset = offset


class Manifest:
    """What a release says of itself; `journal` is the oldest format of a journal that it reads."""

    def __init__(self, found: "dict[str, object]", files: "list[File]") -> None:
        self.counter: int = found["counter"]  # type: ignore[assignment] # checked by _checked
        self.product = str(found["product"])
        self.board = str(found["board"])
        self.version = str(found["version"])
        self.journal: int = found["journal"]  # type: ignore[assignment]
        self.size: int = found["size"]  # type: ignore[assignment]
        self.notes: "dict[str, str]" = found["notes"]  # type: ignore[assignment]
        self.files = files


def pack(manifest: "dict[str, object]", sign) -> bytes:  # type: ignore[no-untyped-def]
    """Return the manifest file; `sign(bytes)` returns 64 bytes. Raises ReleaseRefused when nobody could use it."""
    body = json.dumps(manifest).encode()
    parse(body)
    return hexlify(sign(CONTEXT + body)) + b"\n" + body


def open_manifest(file: bytes, verify) -> Manifest:  # type: ignore[no-untyped-def]
    """Return what a manifest file says. `verify(signature, message)` tells whether a signature is right.

    A node passes none: it has verified the file before, step by step (firmware/node/release_keys.py). Raises
    ReleaseRefused.
    """
    line, feed, body = file.partition(b"\n")
    if not feed or len(line) != SIGNATURE_DIGITS:
        raise ReleaseRefused("malformed", "it does not begin with a line of %d hex digits" % SIGNATURE_DIGITS)
    if verify is not None and not verify(_signature(line), CONTEXT + body):
        raise ReleaseRefused("signature", "not signed by the release key that this device trusts")
    return parse(body)


def parse(body: bytes) -> Manifest:
    """Return what a manifest's body says, whoever wrote it. Raises ReleaseRefused."""
    found = _checked(_loads(body))
    files: "list[File]" = found["files"]  # type: ignore[assignment] # rows still: a node has no memory for both
    offset = 0
    for place, row in enumerate(files):
        files[place] = _file(row, offset)
        offset += files[place].size
    _check_apart(files)
    if offset != found["size"]:
        raise ReleaseRefused("malformed", "its files have %d bytes together, it says %s" % (offset, found["size"]))
    return Manifest(found, files)


def check_fits(manifest: Manifest, product: str, board: str, held: int, journal: int) -> None:
    """Raise ReleaseRefused unless a release is meant for this device and newer than what it holds.

    `held` is the counter of the release that runs; `journal` is the format of the journal that the device has.
    """
    if manifest.product != product:
        raise ReleaseRefused("product", "it is for an %s, this is an %s" % (manifest.product, product))
    if manifest.board not in (board, ANY_BOARD):
        raise ReleaseRefused("board", "it is for the board %s, this is %s" % (manifest.board, board))
    if manifest.counter <= held:
        raise ReleaseRefused("counter", "it has the counter %d, here is %d already" % (manifest.counter, held))
    if manifest.journal > journal:
        raise ReleaseRefused("journal", "it reads journals from format %d on, here is %d" % (manifest.journal, journal))


def is_safe(path: str) -> bool:
    """Tell whether a path stays within its folder on any file system: plain names, none hidden, not too deep."""
    parts = path.split("/")
    if len(path) > PATH_CHARACTERS_MAX or len(parts) > PARTS_MAX:
        return False
    return all(part and part[0] != "." and part[-1] != "." and _is_name(part) for part in parts)


def _is_name(part: str) -> bool:
    return all(character in _NAME for character in part)


def _checked(found: object) -> "dict[str, object]":
    if not isinstance(found, dict):
        raise ReleaseRefused("malformed", "it is not an object")
    for name, wanted in _NEEDED:
        if not isinstance(found.get(name), wanted) or isinstance(found.get(name), bool):
            raise ReleaseRefused("malformed", "it has no proper " + name)
    if found["format"] != 1:
        raise ReleaseRefused("malformed", "its format is %s, known is 1" % found["format"])
    if found["product"] not in PRODUCTS:
        raise ReleaseRefused("malformed", "its product is none of " + ", ".join(PRODUCTS))
    for name, low, high in (("counter", 1, NUMBER_MAX), ("journal", 0, NUMBER_MAX), ("size", 1, PAYLOAD_BYTES_MAX)):
        if not low <= found[name] <= high:
            raise ReleaseRefused("malformed", "its %s is not from %d to %d" % (name, low, high))
    for name in ("board", "version"):
        if not 1 <= len(found[name]) <= TEXT_MAX or not _is_name(found[name]):
            raise ReleaseRefused("malformed", "its %s is no word of 1 to %d characters" % (name, TEXT_MAX))
    if not 1 <= len(found["files"]) <= FILES_MAX:
        raise ReleaseRefused("malformed", "it has not 1 to %d files" % FILES_MAX)
    for language in ("kk", "ru", "en"):
        note = found["notes"].get(language)
        if not isinstance(note, str) or not 1 <= len(note) <= NOTES_MAX:
            raise ReleaseRefused("malformed", "its notes are not told in kk, ru and en")
    return found


def _file(row: object, offset: int) -> File:
    if not isinstance(row, list) or len(row) != 3:
        raise ReleaseRefused("malformed", "a file is a list of path, size and SHA-256")
    path, size, digest = row
    if not isinstance(path, str) or not is_safe(path):
        raise ReleaseRefused("path", "a file would stand where none may: %s" % str(path)[:60])
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= FILE_BYTES_MAX:
        raise ReleaseRefused("malformed", "%s has no proper size" % path)
    if not isinstance(digest, str) or len(digest) != 64 or not all(character in _HEX for character in digest):
        raise ReleaseRefused("malformed", "%s has no proper digest" % path)
    return File(path, size, digest, offset)


def _check_apart(files: "list[File]") -> None:
    """Raise ReleaseRefused when two files would stand in one place, or one where another's folder must be."""
    seen = set()
    folders = set()
    for file in files:
        path = file.path.lower()  # some file systems know no capitals
        if path in seen:
            raise ReleaseRefused("path", "it has two files " + file.path)
        path = file.path if path == file.path else path  # one text, not two
        seen.add(path)
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folders.add("/".join(parts[:depth]))
    for path in seen:
        if path in folders:
            raise ReleaseRefused("path", "it has both a file and a folder " + path)


def _signature(line: bytes) -> bytes:
    try:
        return unhexlify(line)
    except ValueError:
        raise ReleaseRefused("signature", "the signature is not hexadecimal") from None


def _loads(body: bytes) -> object:
    if len(body) > BODY_BYTES_MAX:
        raise ReleaseRefused("malformed", "it is longer than %d bytes" % BODY_BYTES_MAX)
    try:
        return json.loads(body)
    except (ValueError, RuntimeError, MemoryError):  # CPython's RecursionError is a RuntimeError
        raise ReleaseRefused("malformed", "it is not JSON") from None
