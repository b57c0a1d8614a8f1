"""Starts the agent's release of now, tries a newer one, and goes back when that does not prove itself.

    python3 -I launcher.py prepare ROOT INBOX         as root, before every start
    python3 -I launcher.py run ROOT INBOX -- WORDS    as the agent's user: `esik WORDS` of that release
    python3 -I launcher.py install ROOT MANIFEST PAYLOAD    as root, by hand: the first release of a machine, or the
                                                            same once more in place of damaged files

Rule: this program is never updated by itself and needs no package, so that no release can break the way back from it.
What the agent leaves in the inbox is believed only by its signature. A release on trial has TRIES_MAX starts and, each
time, TRIAL_S to write its counter into `INBOX/good`; else the one before runs again, and this one never.
"""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # with -I nothing else is looked at before

from release import ReleaseRefused
from store import BASE, Signed, State, Store, opened, write_whole

TRIES_MAX = 3
TRIAL_S = 1_800.0
STOP_S = 15.0
FAILED, REFUSED, RESTART = 1, 78, 75
MANIFEST, PAYLOAD, GOOD, LAST = "staged.manifest", "staged.payload", "good", "last"
WHYS = ("crashed", "no_ack")
TRIED = ("crashed", "hung", "no_ack")  # why a program is no good, however well its files were copied
FOR_OTHERS = ("product", "board")  # each has its own counters
_NOTE_BYTES_MAX = 200


class NothingToRun(RuntimeError):
    """No release is as it was signed."""


def main(words: list[str]) -> int:
    """Do what the first word says; return the exit status."""
    match words:
        case ["prepare", root, inbox]:
            status = _told(lambda: prepare(_store(Path(root)), Path(inbox)))
            return 0 if status == FAILED else status  # a disk that takes nothing is no reason not to open a gate
        case ["run", root, inbox, "--", *rest]:
            return run(_store(Path(root)), Path(inbox), rest, TRIAL_S)
        case ["run", root, inbox, "--trial-s", seconds, "--", *rest]:
            return run(_store(Path(root)), Path(inbox), rest, float(seconds))
        case ["install", root, manifest, payload]:
            return _told(lambda: install(_store(Path(root)), Path(manifest), Path(payload)))
        case _:
            print(__doc__, file=sys.stderr)  # noqa: T201
            return 2


# As root


def prepare(store: Store, inbox: Path) -> None:
    """Settle how the last trial went, take in what the agent has fetched, and choose what runs. Raises NothingToRun."""
    state = store.load()
    _settle(store, state, inbox)
    if not state.trial:
        _take_in(store, state, inbox)
    _choose(store, state)
    if state.trial:
        state.tries += 1
    store.save(state)
    store.forget_others(state)
    (inbox / LAST).unlink(missing_ok=True)


def install(store: Store, manifest_file: Path, payload: Path) -> None:
    """Install a release by hand, the first or in place of damaged files: it runs from the next start on, untried."""
    state = store.load()
    signed = store.signed(manifest_file)
    counter = signed.manifest.counter
    is_lost = counter in {state.good, state.highest} and not (counter == state.good and store.is_whole(counter))
    store.check(signed.manifest, state, again=counter if is_lost else BASE)
    if state.bad.get(str(counter)) in TRIED:
        raise ReleaseRefused("counter", f"{counter} failed here before: sign it under a later counter")
    store.install(signed, payload)
    if counter != state.good:
        state.previous, state.good = state.good, counter
    state.highest = max(state.highest, counter)
    state.bad.pop(str(counter), None)
    store.save(state)


def _settle(store: Store, state: State, inbox: Path) -> None:
    if not state.trial:
        return
    if _note(inbox / GOOD) == str(state.trial):
        state.previous, state.good, state.highest = state.good, state.trial, max(state.highest, state.trial)
        state.trial, state.tries = BASE, 0
        store.save(state)
        return
    why = _note(inbox / LAST)
    if why == "no_ack" or state.tries >= TRIES_MAX:
        _go_back(state, why if why in WHYS else "hung")


def _go_back(state: State, why: str) -> None:
    _say(f"release {state.trial} {why}: going back to {state.good}")
    state.condemn(state.trial, why)
    state.trial, state.tries = BASE, 0


def _take_in(store: Store, state: State, inbox: Path) -> None:
    """Put what was fetched on trial; what is refused is told to the agent by the state, and thrown away."""
    if not (inbox / MANIFEST).exists():
        return
    try:
        _take(store, state, store.signed(inbox / MANIFEST), inbox)
        _say(f"release {state.trial} is on trial")
    except (ReleaseRefused, OSError) as error:
        _say(f"what was fetched is refused: {error}")
    store.save(state)  # before the inbox is empty: a power cut in between costs a second look, nothing else
    for name in (MANIFEST, PAYLOAD):
        (inbox / name).unlink(missing_ok=True)


def _take(store: Store, state: State, signed: Signed, inbox: Path) -> None:
    """Put a signed release on trial. One that cannot be is condemned, or the agent would fetch it again for ever."""
    counter = signed.manifest.counter
    is_damaged = counter == state.highest > state.good and counter in state.changed
    try:
        store.check(signed.manifest, state, again=counter if is_damaged else BASE)
        _begin_taking(store, state, counter)
        (inbox / GOOD).unlink(missing_ok=True)  # a damaged one's, of the time before
        store.install(signed, inbox / PAYLOAD)
    except ReleaseRefused as refused:
        if refused.reason not in FOR_OTHERS:
            state.refuse(counter)
        raise
    except OSError:
        if state.takes >= TRIES_MAX:
            state.refuse(counter)
        raise
    state.trial, state.taking, state.takes = counter, BASE, 0


def _begin_taking(store: Store, state: State, counter: int) -> None:
    """Count on the disk, before it is tried, how often a release was begun with. Raises ReleaseRefused."""
    if str(counter) in state.bad:
        raise ReleaseRefused("counter", f"{counter} failed here before")
    if state.taking != counter:
        state.taking, state.takes = counter, 0
    if state.takes >= TRIES_MAX:
        raise ReleaseRefused("disk", f"{counter} could not be written here in {TRIES_MAX} starts")
    state.takes += 1
    store.save(state)


def _choose(store: Store, state: State) -> None:
    """Look whether what runs next is as it was signed; if not, run one that is."""
    if state.trial and not store.is_whole(state.trial):
        _go_back(state, "tampered")
    if state.good == BASE or state.trial or store.is_whole(state.good):
        return
    _say(f"files of release {state.good} were changed")
    state.changed = sorted({*state.changed, state.good})[-8:]
    if state.previous == BASE or not store.is_whole(state.previous):
        store.save(state)
        raise NothingToRun(f"no release in {store.root} is as it was signed: install one by hand (launcher.py install)")
    state.good = state.previous


# As the agent's user


def run(store: Store, inbox: Path, words: list[str], trial_s: float) -> int:
    """Become the chosen release; one on trial is watched from outside. Return its exit status."""
    state = store.load()
    command = [*_command(store, state.trial or state.good), *words]
    environment = {**os.environ, "ESIK_RELEASES": str(store.root), "ESIK_INBOX": str(inbox)}  # noqa: TID251
    if not state.trial:
        os.execve(command[0], command, environment)  # noqa: S606
    child = subprocess.Popen(command, env=environment)  # noqa: S603
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: child.send_signal(got))
    return _watch(child, inbox, str(state.trial), trial_s)


def _watch(child: "subprocess.Popen[bytes]", inbox: Path, counter: str, trial_s: float) -> int:
    """Wait for a release on trial, no longer than it may take to prove itself."""
    ends_s = time.monotonic() + trial_s
    while _note(inbox / GOOD) != counter:
        left_s = ends_s - time.monotonic()
        if left_s <= 0:
            _leave(inbox, "no_ack")
            return _end(child)
        try:
            code = child.wait(min(1.0, left_s))
        except subprocess.TimeoutExpired:
            continue
        if code in {0, RESTART, -signal.SIGTERM, -signal.SIGINT}:
            return max(code, 0)
        _leave(inbox, "crashed")
        return FAILED  # also for settings that this release refuses: started again, it goes back
    code = child.wait()
    return code if code >= 0 else 128 - code


def _end(child: "subprocess.Popen[bytes]") -> int:
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    return RESTART


def _command(store: Store, counter: int) -> list[str]:
    """Return how a release is started: isolated from whatever else is on this machine, and leaving nothing behind."""
    if counter == BASE:
        return [str(store.root / ".venv/bin/esik")]
    own = store.root / ".venv/bin/python"
    return [str(own) if own.exists() else sys.executable, "-I", "-B", str(store.folder(counter))]


def _leave(inbox: Path, why: str) -> None:
    inbox.mkdir(parents=True, exist_ok=True)
    write_whole(inbox / LAST, why.encode())


def _note(path: Path) -> str:
    """Return what a small file of the agent's says; nothing when it is not there or no file."""
    try:
        with opened(path) as file:
            return file.read(_NOTE_BYTES_MAX).decode("ascii", "replace").strip()
    except (OSError, ReleaseRefused):
        return ""


def _store(root: Path) -> Store:
    return Store(root, f"linux-{platform.machine()}")


def _told(work: Callable[[], None]) -> int:
    try:
        work()
    except (NothingToRun, ReleaseRefused, OSError) as error:
        _say(str(error))
        return REFUSED if isinstance(error, NothingToRun) else FAILED
    return 0


def _say(text: str) -> None:
    print(f"esik launcher: {text}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
