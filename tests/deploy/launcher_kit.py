"""A machine with the launcher on it, in a folder: releases are signed, left in its inbox, started and watched."""

import importlib
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.releases.packing import Label, Packed, pack_folder

ROOT = Path(__file__).resolve().parents[2]
NOTES = {"kk": "Түзетулер.", "ru": "Исправления.", "en": "Repairs."}
PROVES = """
import os, sys, pathlib
inbox, own = pathlib.Path(os.environ["ESIK_INBOX"]), pathlib.Path(__file__).resolve().parent.name
(inbox / "ran").open("a").write(own + " " + " ".join(sys.argv[1:]) + "\\n")
"""
GOOD = PROVES + '(inbox / "good").write_text(own)\n'
CRASHES = PROVES + 'raise ImportError("no such module")\n'
HANGS = PROVES + "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()\n"
SILENT = PROVES + "import signal\nsignal.pause()\n"


def _load(name: str) -> ModuleType:
    """Return a module of the launcher, found as on a machine: beside the others, and beside release.py."""
    places = [str(ROOT / "deploy/edge/launcher"), str(ROOT / "schemas")]
    sys.path[:0] = places
    try:
        return importlib.import_module(name)
    finally:
        for place in places:
            sys.path.remove(place)


launcher, store = _load("launcher"), _load("store")


@dataclass(slots=True)
class Machine:
    """`root` is /opt/esik, `inbox` is /var/lib/esik/update."""

    folder: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        self.launcher.mkdir(parents=True)
        self.inbox.mkdir()
        for path in (*(ROOT / "deploy/edge/launcher").glob("*.py"), ROOT / "schemas/release.py"):
            shutil.copy(path, self.launcher / path.name)
        (self.root / "release.pub").write_text(self.key.public_key().public_bytes_raw().hex() + "\n")
        self.python(sys.executable)

    @property
    def root(self) -> Path:
        return self.folder / "opt"

    @property
    def launcher(self) -> Path:
        return self.root / "launcher"

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    def python(self, executable: str) -> None:
        """Let releases run by this Python, as by the machine's own environment."""
        (self.root / ".venv/bin").mkdir(parents=True, exist_ok=True)
        (self.root / ".venv/bin/python").symlink_to(executable)

    def use_these_packages(self) -> None:
        """Let releases find the packages that are installed here, as those of a machine's own environment."""
        shutil.rmtree(self.root / ".venv")
        (self.root / ".venv").symlink_to(sys.prefix)

    def pack(self, counter: int, files: Mapping[str, str], **label: Any) -> Packed:
        folder = self.folder / f"made-{counter}"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        words: dict[str, Any] = {
            "product": "agent",
            "board": f"linux-{platform.machine()}",
            "version": f"0.{counter}.0",
        }
        return pack_folder(folder, Label(counter, journal=1, notes=NOTES, **(words | label)), self.key.sign)

    def stage(self, packed: Packed) -> None:
        (self.inbox / "staged.payload").write_bytes(packed.payload)
        (self.inbox / "staged.manifest").write_bytes(packed.manifest)

    def install(self, packed: Packed) -> None:
        """Put the first release on the machine by hand."""
        paths = self.folder / "manifest", self.folder / "payload"
        for path, content in zip(paths, (packed.manifest, packed.payload), strict=True):
            path.write_bytes(content)
        assert launcher.main(["install", str(self.root), *map(str, paths)]) == 0

    def prepare(self) -> int:
        """Do what systemd lets root do before a start; return the exit status."""
        status: int = launcher.main(["prepare", str(self.root), str(self.inbox)])
        return status

    def run(self, trial_s: float = 20.0) -> "subprocess.CompletedProcess[str]":
        return self.do("run", str(self.root), str(self.inbox), "--trial-s", str(trial_s), "--", "edge", "run")

    def start(self, trial_s: float = 20.0) -> int:
        """Start once, as systemd does; return the exit status."""
        assert self.prepare() == 0
        return self.run(trial_s).returncode

    def do(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-I", str(self.launcher / "launcher.py"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "launcher.json").read_text())
        return found

    @property
    def ran(self) -> list[str]:
        """Return what ran, in order: the counter, then its words."""
        path = self.inbox / "ran"
        return path.read_text().splitlines() if path.exists() else []
