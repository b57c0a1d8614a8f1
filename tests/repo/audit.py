"""Looks for known holes in what is installed: `python -m tests.repo.audit`, a part of `make check`.

Asks pypi.org (by pip-audit) and the npm registry. Where one of them does not answer, that is printed and nothing is
claimed; with --strict (`make audit`, before a release) it is a failure.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.repo.sources import ROOT

PIP_AUDIT = "pip-audit==2.10.1"
LOCKS = ("runtime", "dev")
VENV = ROOT / "build" / "audit"
# This release has holes that are known for good: a service that tells of none does not tell.
KNOWN_BAD = "https://pypi.org/pypi/pip/23.0/json"
PROBE_S = 10
ASKING_S = 300
UNHEARD = (OSError, ValueError, subprocess.SubprocessError)
MODERATE = ("moderate", "high", "critical")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one registry said: the holes it knows, what it could not judge, and why it was not heard at all."""

    registry: str
    holes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unheard: str = ""

    def lines(self) -> list[str]:
        """Return what a reader is told."""
        if self.unheard:
            return [f"audit: {self.registry} was not heard, so nothing is known of its packages: {self.unheard}"]
        told = [f"audit: {self.registry}: {hole}" for hole in self.holes]
        told += [f"audit: {self.registry} could not judge {each}" for each in self.unknown]
        return told or [f"audit: {self.registry} knows no hole"]

    def is_failure(self, *, strict: bool) -> bool:
        """Return whether the run fails: on a hole always, on what is not known only when that is asked for."""
        return bool(self.holes) or (strict and bool(self.unknown or self.unheard))


def python_outcome(told: Mapping[str, Any]) -> Outcome:
    """Judge what pip-audit printed as JSON."""
    found = told["dependencies"]
    return Outcome(
        "pypi.org",
        tuple(
            f"{each['name']} {each['version']} has {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
            for each in found
            for hole in each.get("vulns", ())
        ),
        tuple(f"{each['name']}: {each['skip_reason']}" for each in found if "skip_reason" in each),
    )


def node_outcome(told: Mapping[str, Any]) -> Outcome:
    """Judge what `npm audit --json` printed; holes of less than moderate severity are left to the reader of npm."""
    if "vulnerabilities" not in told:
        return Outcome("the npm registry", unheard=str(told.get("message") or told.get("error") or told))
    found = told["vulnerabilities"].values()
    return Outcome(
        "the npm registry",
        tuple(
            f"{each['name']} {each.get('range', '')} has a hole, {each['severity']}"
            for each in found
            if each["severity"] in MODERATE
        ),
    )


def ask_python() -> Outcome:
    """Ask pypi.org about every locked Python package."""
    try:
        with urllib.request.urlopen(KNOWN_BAD, timeout=PROBE_S) as answer:
            if not json.load(answer).get("vulnerabilities"):
                return Outcome("pypi.org", unheard="it tells of no holes where some are known")
        _run(sys.executable, "-m", "venv", str(VENV))
        _run(str(VENV / "bin" / "pip"), "install", "--quiet", PIP_AUDIT)
        locks = [word for lock in LOCKS for word in ("-r", f"requirements/{lock}.txt")]
        return python_outcome(_answer(str(VENV / "bin" / "pip-audit"), "--format", "json", "--require-hashes", *locks))
    except UNHEARD as error:
        return Outcome("pypi.org", unheard=str(error))


def ask_node() -> Outcome:
    """Ask the npm registry about every locked npm package."""
    try:
        return node_outcome(_answer("npm", "audit", "--json"))
    except UNHEARD as error:
        return Outcome("the npm registry", unheard=str(error))


def main(arguments: list[str]) -> int:
    """Ask both and print what they said; the exit status is 1 when the run fails."""
    outcomes = [ask_python(), ask_node()]
    sys.stdout.writelines(f"{line}\n" for outcome in outcomes for line in outcome.lines())
    return int(any(outcome.is_failure(strict="--strict" in arguments) for outcome in outcomes))


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=ASKING_S, check=True)


def _answer(*command: str) -> dict[str, Any]:
    """Return what a program printed as JSON; its exit status says that there are holes, or that something is wrong."""
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=ASKING_S, check=False)
    try:
        told: dict[str, Any] = json.loads(asked.stdout)
    except ValueError as error:
        raise ValueError(asked.stderr.strip().rpartition("\n")[2] or f"{command[0]} printed nothing") from error
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
