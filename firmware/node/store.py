"""The few things a node must know after a restart, in one small file: the last command, the gate's mode, the time.

Rule: the file is replaced whole, so that a power cut leaves the old one or the new one; what cannot be read is as good
as new, and what cannot be written is told to who asked.
"""

import json
import os

STATE = "state.json"
_DEFAULTS = {"counter": 0, "mode": "normal", "floor_ms": 0, "alarm": ""}
_FILE_MAX = 512


class Store:
    """The file. `path` is where it stands."""

    def __init__(self, path: str = STATE) -> None:
        self._path = path
        self._known: dict[str, object] = dict(_DEFAULTS)
        for name, value in _read(path).items():
            if name in _DEFAULTS and type(value) is type(_DEFAULTS[name]):
                self._known[name] = value

    @property
    def counter(self) -> int:
        """Return the counter of the last command obeyed."""
        return int(str(self._known["counter"]))

    @property
    def mode(self) -> str:
        return str(self._known["mode"])

    @property
    def alarm(self) -> str:
        """Return the reason of an alarm that the next start has to tell; empty for none."""
        return str(self._known["alarm"])

    @property
    def floor_ms(self) -> int:
        """Return a wall time that has surely passed."""
        return int(str(self._known["floor_ms"]))

    def keep(self, **changed: object) -> None:
        """Write some of them down. Raises OSError."""
        known = dict(self._known)
        known.update(changed)
        beside = self._path + ".new"
        with open(beside, "w") as file:
            file.write(json.dumps(known))
        os.rename(beside, self._path)
        self._known = known


def _read(path: str) -> "dict[str, object]":
    try:
        with open(path) as file:
            known = json.loads(file.read(_FILE_MAX))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
