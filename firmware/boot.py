"""The first file that a board runs: chooses the slot that holds the program, and goes back from one that fails.

Rule: this file is written once, when the board is flashed, and never by an update; it imports nothing of ours. What
says which slot runs is one small file that is replaced whole. A program on trial has TRIES_MAX starts, and half an hour
each time; then the other slot runs again, and that release never.

`/a` and `/b` hold a program each, with its `manifest.json` written last; `/update.json` says which one runs. `/main.py`
starts it and shares the names of this file, as MicroPython has it: what ends in an error is `failed`.
"""

import json
import os
import sys
import time

SLOTS = ("a", "b")
STATE, MANIFEST = "update.json", "manifest.json"
TRIES_MAX = 3
TRIAL_MS = 1_800_000
AGAIN_S = 5  # for whoever is at the console
CRASHED = "crashed"


class Files:
    """A board's files, below a root that ends with a slash."""

    def __init__(self, root: str = "/") -> None:
        self.root = root

    def read(self, path: str) -> "bytes | None":
        """Return a small file's bytes; None when it is not there."""
        try:
            with open(self.root + path, "rb") as file:
                return file.read()
        except OSError:
            return None

    def replace(self, path: str, content: bytes) -> None:
        """Write a file so that a power cut leaves it as it was, or as it should be."""
        new = self.root + path + ".new"
        with open(new, "wb") as file:
            file.write(content)
        if hasattr(os, "sync"):
            os.sync()
        os.rename(new, self.root + path)


class State:
    """Which slot is trusted, which is on trial, and what failed: {counter as text: why}."""

    def __init__(self, files: Files) -> None:
        self._files = files
        found = _object(files.read(STATE))
        self.good = found["good"] if found.get("good") in SLOTS else ""
        self.trial = found["trial"] if found.get("trial") in SLOTS else ""
        self.tries = found["tries"] if isinstance(found.get("tries"), int) else 0
        self.bad = found["bad"] if isinstance(found.get("bad"), dict) else {}
        self.told = found["told"] if isinstance(found.get("told"), list) else []
        self.why = CRASHED if found.get("why") == CRASHED else ""  # how the last start on trial ended, if that is known
        if not self.good:  # as flashed, or forgotten: the slot that is whole, the first one first
            whole = [slot for slot in SLOTS if self.counter_in(slot)]
            self.good = whole[0] if whole else SLOTS[0]

    @property
    def running(self) -> str:
        """Return the slot that runs."""
        return self.trial or self.good

    def other(self) -> str:
        """Return the slot that does not run."""
        return SLOTS[1 - SLOTS.index(self.running)]

    def counter_in(self, slot: str) -> int:
        """Return the counter of the release in a slot; 0 when none is there whole."""
        counter = _object(self._files.read(slot + "/" + MANIFEST)).get("counter")
        return counter if isinstance(counter, int) else 0

    def begin(self, slot: str) -> None:
        """Let a slot run on trial from the next start on."""
        self.trial, self.tries, self.why = slot, 0, ""
        self._save()

    def prove(self) -> None:
        """Trust what runs on trial."""
        if self.trial:
            self.good, self.trial, self.tries = self.trial, "", 0
            self._save()

    def go_back(self, why: str) -> None:
        """Never run what is on trial again."""
        self.bad[str(self.counter_in(self.trial))] = why
        self.bad = {name: self.bad[name] for name in sorted(self.bad, key=int)[-8:]}
        self.trial, self.tries, self.why = "", 0, ""
        self._save()

    def count_try(self) -> None:
        self.tries, self.why = self.tries + 1, ""
        self._save()

    def note(self, why: str) -> None:
        """Remember how this start of what is on trial ended."""
        self.why = why
        self._save()

    def note_told(self, names: "list[str]") -> None:
        """Remember which failures people were told of."""
        self.told = names
        self._save()

    def _save(self) -> None:
        said = {
            "good": self.good, "trial": self.trial, "tries": self.tries, "bad": self.bad, "told": self.told,
            "why": self.why,
        }  # fmt: skip
        self._files.replace(STATE, json.dumps(said).encode())


def choose(files: Files) -> str:
    """Return the slot to run; count the start of one on trial, and go back from one that had its starts."""
    state = State(files)
    if state.trial and not state.counter_in(state.trial):
        state.go_back("tampered")
    elif state.trial and state.tries >= TRIES_MAX:
        state.go_back(state.why or "no_ack")
    elif state.trial:
        state.count_try()
    return state.running


def guard(files: Files) -> object:
    """Start the board anew when what is on trial has not proved itself in time, whatever it does meanwhile.

    Returns the timer, which must be kept: a timer that nobody holds is collected on an RP2040, and never comes.
    """
    import machine  # noqa: PLC0415  only a board has it

    def look(_timer: object) -> None:
        if State(files).trial:
            machine.reset()

    for number in (-1, 0):  # ESP32 has no virtual timers
        try:
            timer = machine.Timer(number)
        except ValueError:
            continue
        timer.init(period=TRIAL_MS, mode=machine.Timer.PERIODIC, callback=look)
        return timer
    return None


def _object(content: "bytes | None") -> dict:  # type: ignore[type-arg] # JSON
    try:
        found = json.loads(content or b"")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def boot() -> object:
    """Put the chosen slot in front of everything that is imported; return what guards a trial, to be kept."""
    files = Files()
    sys.path.insert(0, "/" + choose(files))
    return guard(files) if State(files).trial else None


def failed(error: Exception) -> None:
    """Say why the program ended. One on trial is started again soon; any other leaves the board at its prompt."""
    sys.print_exception(error)  # type: ignore[attr-defined] # MicroPython's
    state = State(Files())
    if state.trial:
        import machine  # noqa: PLC0415

        try:
            state.note(CRASHED)
        except OSError as trouble:  # flash that is full or worn out
            sys.print_exception(trouble)  # type: ignore[attr-defined]
        time.sleep(AGAIN_S)
        machine.reset()


if __name__ == "__main__":
    _guard = boot()
