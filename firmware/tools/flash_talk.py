"""Conversation with a board whose MicroPython runs, through mpremote: what is on it, and what shall be."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from firmware.tools.boardfiles import BoardFile
from firmware.tools.flash_errors import FlashRefused
from firmware.tools.flash_programs import Programs, Tell

VERSION_MIN = (1, 24)
_BLOCK = 4_096
_MARK = "ESIK:"
_STATE_MAX = 64 * 1024
# Runs on the board: what it is, and the digests of the files that are ours.
_ASK = """
import binascii, hashlib, json, os, sys
def digest(path):
    seen, buffer = hashlib.sha256(), memoryview(bytearray(512))
    with open(path, "rb") as file:
        while True:
            count = file.readinto(buffer)
            if not count:
                return binascii.hexlify(seen.digest()).decode()
            seen.update(buffer[:count])
def walk(folder):
    folders.append(folder)
    for row in os.ilistdir(folder):
        path = folder + "/" + row[0]
        if row[1] & 0x4000:
            walk(path)
        else:
            files[path] = digest(path)
files, folders, partitions = {}, [], []
try:
    import esp32
    partitions = [found.info()[4] for found in esp32.Partition.find(esp32.Partition.TYPE_DATA)]
except ImportError:
    pass
for row in os.ilistdir("/"):
    if row[0] in OURS:
        if row[1] & 0x4000:
            walk("/" + row[0])
        else:
            files["/" + row[0]] = digest("/" + row[0])
space = os.statvfs("/")
told = {"version": list(sys.implementation.version[:3]), "machine": sys.implementation._machine}
told.update({"platform": sys.platform, "free": space[1] * space[4], "files": files, "folders": folders})
told["partitions"] = partitions
print("ESIK:" + json.dumps(told))
"""


@dataclass(frozen=True, slots=True)
class State:
    """What a board says of itself; `files` are those of ours, by their path, with their SHA-256."""

    version: tuple[int, ...]
    machine: str
    platform: str
    free: int
    files: dict[str, str]
    folders: tuple[str, ...]
    partitions: tuple[str, ...] = ()  # labels of the data partitions of an ESP32

    @property
    def micropython(self) -> str:
        """Return its MicroPython's version as people write it."""
        return ".".join(map(str, self.version))


class Talk:
    """Speaks with one board at a port. `ours` are the names in the board's root that we may touch."""

    def __init__(self, programs: Programs, port: str, ours: Iterable[str]) -> None:
        self._programs = programs
        self._port = port
        self._ours = tuple(ours)

    def state(self) -> State:
        """Ask the board what it is and holds. Raises FlashRefused."""
        said = self._mpremote("exec", f"OURS = {self._ours!r}{_ASK}")
        for line in said.splitlines():
            if line.startswith(_MARK) and len(line) <= _STATE_MAX:
                return _read_state(line.removeprefix(_MARK))
        raise FlashRefused("the board's answer was not understood", "press RESET and run this again")

    def check_space(self, state: State, files: list[BoardFile]) -> None:
        """Raise FlashRefused when files do not fit beside what is there; a folder of LittleFS takes two blocks."""
        blocks = sum(-(-len(file.content) // _BLOCK) for file in files) + 2 * len(
            _missing_folders(files, state.folders)
        )
        needed = blocks * _BLOCK
        if needed > state.free:
            raise FlashRefused(
                f"the board's file system is full: {needed // 1024} KiB are needed, {state.free // 1024} KiB are free",
                "erase the board: an ESP32 by running this with --image, a Pico by copying Raspberry Pi's "
                "flash_nuke.uf2 to it; then run this again",
            )

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files."""
        words = [word for path in paths for word in ("+", "fs", "rm", f":{path}")]
        if words:
            self._mpremote(*words[1:])

    def put(self, files: list[BoardFile], folders: Iterable[str], tell: Tell) -> None:
        """Copy files in their order, making the folders that are not there yet; tell of each. Raises FlashRefused."""
        words: list[str] = []
        for folder in _missing_folders(files, folders):
            words += ["+", "fs", "mkdir", f":{folder}"]
        for file in files:
            here = self._programs.folder / file.path.lstrip("/")
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_bytes(file.content)
            words += ["+", "fs", "cp", file.path.lstrip("/"), f":{file.path}"]
        if not words:
            return
        steps = _Steps(len(files), tell)
        self._programs.mpremote(self._port, *words[1:], tell=steps.hear)

    def restart(self) -> None:
        """Reset the board, as its button does."""
        self._mpremote("reset")

    def go_to_loader(self) -> None:
        """Make an RP2040 or RP2350 show its drive."""
        self._mpremote("bootloader")

    def _mpremote(self, *words: str) -> str:
        return self._programs.mpremote(self._port, *words, tell=lambda _: None)


class _Steps:
    """Counts the files that mpremote says it copies."""

    def __init__(self, count: int, tell: Tell) -> None:
        self._count = count
        self._tell = tell
        self._done = 0

    def hear(self, line: str) -> None:
        if line.startswith("cp "):
            self._done += 1
            self._tell(f"file {self._done} of {self._count}: {line.rpartition(':')[2]}")


def _missing_folders(files: Iterable[BoardFile], there: Iterable[str]) -> list[str]:
    """Return folders in the order in which they can be made."""
    wanted = {str(parent) for file in files for parent in PurePosixPath(file.path).parents} - {"/"}
    return sorted(wanted - set(there))


def _read_state(text: str) -> State:
    found = json.loads(text)
    return State(
        tuple(found["version"]),
        found["machine"],
        found["platform"],
        found["free"],
        found["files"],
        tuple(found["folders"]),
        tuple(found["partitions"]),
    )
