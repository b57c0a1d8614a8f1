"""Brings a node newer programs into the slot that does not run: asks, fetches, verifies, flips; proves itself after.

    updates = Updates(Files(), device, board, http_key, pinned(Files()), draw=os.urandom, stamp=keeper.now)
    if updates.untold(): gate.alarm("update_failed", updates.untold()); updates.note_told()
    updates.mark_good()                   # when the node is well and the cloud has acknowledged a record of this start
    if await updates.look(http): restart  # with an open connection, while nothing else is connected

Rule: nothing of a release is used before one of the board's own keys has signed it, whatever the cloud says of it. The
slot that runs is never written. A slot's manifest is written last, when every file in the other one fits its
digest as it stands in flash; the flip after it is one file replaced whole. So a power cut at any moment leaves a
program that runs, and what was fetched is not fetched again.
"""

import json
import os
from binascii import hexlify
from hashlib import sha256

from firmware.boot import MANIFEST, Files, State
from schemas.release import NUMBER_MAX, ReleaseRefused, check_fits, open_manifest
from schemas.requests import SIGNATURE, answer_headers, headers
from schemas.seal import is_same

TARGET = "/device/v1/release"
BLOCK_BYTES = 8_192
MANIFEST_BYTES_MAX = 24_576
PIECE = 512
JOURNAL = 1  # the format of the ring that this program writes
_OK, _NOTHING, _PARTIAL = 200, 204, 206
_FOLDER = 0x4000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.node.clock import Stamp
    from firmware.node.http import Answer, Http
    from firmware.node.release_keys import ReleaseKeys
    from schemas.release import File, Manifest


class UpdateFailed(Exception):
    """A release did not come this time; the text says why."""


class Slot(Files):
    """The files of a slot, which are written in blocks."""

    def begin(self, path: str) -> None:
        """Make a file anew, and the folders that it stands in: a board comes from the bench with one slot alone."""
        parts = path.split("/")
        for depth in range(len(parts)):
            try:  # noqa: SIM105  MicroPython has no contextlib
                os.mkdir((self.root + "/".join(parts[:depth])).rstrip("/"))
            except OSError:
                pass  # it is there
        with open(self.root + path, "wb"):
            pass

    def add(self, path: str, block: bytes) -> None:
        """Write the next bytes of a file."""
        with open(self.root + path, "ab") as file:
            file.write(block)

    def digest(self, path: str) -> str:
        """Return the SHA-256 of a file as it stands in flash; empty when it is not there."""
        found = sha256()
        try:
            with open(self.root + path, "rb") as file:
                piece = file.read(PIECE)
                while piece:
                    found.update(piece)
                    piece = file.read(PIECE)
        except OSError:
            return ""
        return hexlify(found.digest()).decode()

    def remove(self, path: str) -> None:
        try:  # noqa: SIM105
            os.remove(self.root + path)
        except OSError:
            pass  # it was not there

    def names(self, folder: str = "") -> "list[str]":
        """Return the paths of all files below a folder."""
        found = []
        try:
            names = os.listdir(self.root + folder)
        except OSError:
            return []
        for name in names:
            path = folder + name
            if os.stat(self.root + path)[0] & _FOLDER:
                found += self.names(path + "/")
            else:
                found.append(path)
        return found


class Updates:
    """The updates of one node."""

    def __init__(
        self,
        files: Files,
        device: str,
        board: str,
        http_key: bytes,
        keys: "ReleaseKeys",
        draw: "Callable[[int], bytes]",
        stamp: "Callable[[], Stamp]",
        new_slot: "Callable[[str], Slot]" = Slot,
    ) -> None:
        self._files = files
        self._device = device
        self._board = board
        self._key = http_key
        self._release_keys = keys
        self._draw = draw
        self._stamp = stamp
        self._new_slot = new_slot
        self.state = State(files)
        self.is_trial = bool(self.state.trial)  # this very program; what `look` brings is tried by the next start
        self.refused = 0  # the counter of what was refused last since the start
        self.refusal = ""  # the same with its reason, as an alarm's detail

    @property
    def counter(self) -> int:
        """Return the counter of the release that runs."""
        return self.state.counter_in(self.state.running)

    @property
    def are_taken(self) -> bool:
        """Tell whether this board takes updates: somebody has pinned who may sign them."""
        return self._release_keys.are_pinned

    @property
    def is_begun(self) -> bool:
        """Tell whether the next start tries another program: until then nothing more is fetched."""
        return bool(self.state.trial) and not self.is_trial

    def mark_good(self) -> None:
        """Trust the release that runs: the node tested itself, and the cloud acknowledged a record of this start.

        Raises OSError; then it is still on trial. What runs without a trial is trusted already.
        """
        if self.is_trial:
            self._written(self.state.prove)
            self.is_trial = False

    def untold(self) -> str:
        """Return what failed and nobody was told of, as an alarm's detail; empty when there is nothing."""
        left = [counter + " " + why for counter, why in self.state.bad.items() if counter not in self.state.told]
        return left[0] if left else ""

    def note_told(self) -> None:
        """Remember that the alarm of what is untold was written."""
        counter = self.untold().split(" ")[0]
        self.state.note_told([name for name in self.state.told if name in self.state.bad] + [counter])

    async def look(self, http: "Http") -> bool:
        """Ask, and bring what there is; tell whether the node should start anew, for a trial.

        Raises UpdateFailed, ReleaseRefused (the cloud was told), OSError, and what a connection raises.
        """
        if self.state.trial:  # the other slot is the next start's, or the one that is trusted
            return self.is_begun
        body = await self._ask(http, self._query())
        if body is None:
            return False
        try:
            await self._check_signature(http, body)
            manifest = open_manifest(body, None)
            check_fits(manifest, "node", self._board, self.counter, JOURNAL)
            if str(manifest.counter) in self.state.bad:
                return False
            await self._bring(http, manifest, body)
        except ReleaseRefused as refused:
            self.refused = _counter(body)
            self.refusal = "%d %s" % (self.refused, refused.reason)
            await self._ask(http, self._query())
            raise
        await self._ask(http, self._query() + "&trying=%d" % manifest.counter)
        self._written(lambda: self.state.begin(self.state.other()))
        return True

    async def _check_signature(self, http: "Http", file: bytes) -> None:
        """Raise ReleaseRefused unless a pinned key has signed a manifest file.

        Nothing is connected meanwhile: memory is freest then, and no server waits for a board that reckons.
        """
        await http.close()
        is_signed = await self._release_keys.have_signed(file)
        await http.open()
        if not is_signed:
            raise ReleaseRefused("signature", "no release key that is pinned on this board has signed it")

    def _written(self, change: "Callable[[], object]") -> None:
        """Change the state; when that cannot be written, know no more than flash does. Raises OSError."""
        try:
            change()
        except OSError:
            self.state = State(self._files)
            raise

    # Asking

    def _query(self) -> str:
        query = TARGET + "?product=node&board=%s&have=%d" % (self._board, self.counter)
        failed = max([0] + [int(name) for name in self.state.bad if int(name) > self.counter])
        if self.refused > failed:
            return query + "&bad=%d&why=refused" % self.refused
        return query + ("&bad=%d&why=%s" % (failed, self.state.bad[str(failed)]) if failed else "")

    async def _ask(self, http: "Http", target: str) -> "bytes | None":
        """Return the manifest file that is meant for this node, sealed for it by the cloud; None when there is none."""
        nonce, signed = self._signed(target)
        answer, body = await self._get(http, target, signed, MANIFEST_BYTES_MAX)
        wanted = answer_headers(self._key, answer.status, nonce, answer.time_ms, body)
        if not is_same(answer.signature, wanted[SIGNATURE]):
            raise UpdateFailed("HTTP %d without the cloud's signature" % answer.status)
        if answer.status not in (_OK, _NOTHING):
            raise UpdateFailed("the cloud answered %d" % answer.status)
        return body if answer.status == _OK else None

    async def _get(self, http: "Http", target: str, signed: "dict[str, str]", most: int) -> "tuple[Answer, bytes]":
        """Return an answer and its body, joined once: bytes that grow leave all that they were behind in memory."""
        pieces: "list[bytes]" = []
        answer = await http.get(target, signed, pieces.append, most)
        return answer, b"".join(pieces)

    def _signed(self, target: str) -> "tuple[str, dict[str, str]]":
        nonce = hexlify(self._draw(8)).decode()
        return nonce, headers(self._key, self._device, "GET", target, nonce, self._stamp().wall_ms)

    # Bringing

    async def _bring(self, http: "Http", manifest: "Manifest", file: bytes) -> None:
        """Make the other slot hold a release, whole. Raises ReleaseRefused when what came is not what was promised."""
        slot = self._new_slot(self._files.root + self.state.other() + "/")
        slot.remove(MANIFEST)  # from now on nothing whole stands there
        wanted = {entry.path for entry in manifest.files}
        for path in slot.names():
            if path not in wanted:
                slot.remove(path)
        for entry in manifest.files:
            if slot.digest(entry.path) != entry.digest:
                await self._fetch(http, manifest, entry, slot)
                if slot.digest(entry.path) != entry.digest:
                    slot.remove(entry.path)
                    raise ReleaseRefused("digest", entry.path + " is not what was promised")
        slot.replace(MANIFEST, file.partition(b"\n")[2])

    async def _fetch(self, http: "Http", manifest: "Manifest", entry: "File", slot: Slot) -> None:
        slot.begin(entry.path)
        target = TARGET + "/node/%s/%d" % (manifest.board, manifest.counter)
        done = 0
        while done < entry.size:
            size = min(BLOCK_BYTES, entry.size - done)
            first = entry.offset + done
            _, signed = self._signed(target)
            signed["Range"] = "bytes=%d-%d" % (first, first + size - 1)
            answer, block = await self._get(http, target, signed, size)
            if answer.status != _PARTIAL or len(block) != size:
                raise UpdateFailed("the cloud answered %d for a block" % answer.status)
            slot.add(entry.path, block)
            done += size


def _counter(body: bytes) -> int:
    """Return the counter that a manifest names, be it one to go by or not; 0 when it names none."""
    try:
        found = json.loads(body.partition(b"\n")[2])["counter"]
    except (ValueError, KeyError, TypeError):
        return 0
    return found if isinstance(found, int) and 0 < found <= NUMBER_MAX else 0
