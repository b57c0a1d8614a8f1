"""The table of measurements: what was measured, how, and against what."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

BUILD = Path("build")
_MEASURED = re.compile(r"\| `(?P<name>[a-z_]+\.[a-z_]+)` [0-9a-z]+ \|$")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `wanted` says the target in words; `held` whether it was met, None where there is none."""

    name: str
    value: float
    unit: str
    method: str
    wanted: str = ""
    held: bool | None = None


def at_least(name: str, value: float, unit: str, method: str, *, floor: float) -> Figure:
    """Return a figure that should not be below `floor`."""
    return Figure(name, value, unit, method, f"at least {floor:g}", value >= floor)


def at_most(name: str, value: float, unit: str, method: str, *, ceiling: float) -> Figure:
    """Return a figure that should not be above `ceiling`."""
    return Figure(name, value, unit, method, f"at most {ceiling:g}", value <= ceiling)


def percentile(samples: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the samples lie. Needs at least one sample."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


HEAD = "| what | figure | unit | target | held | how |\n| --- | ---: | --- | --- | --- | --- |\n"


def row(figure: Figure) -> str:
    """Return the figure's row of the table."""
    held = {True: "yes", False: "**no**", None: ""}[figure.held]
    value = f"{figure.value:,.0f}" if figure.value >= 1000 else f"{figure.value:.3g}"
    return f"| {figure.name} | {value} | {figure.unit} | {figure.wanted} | {held} | {figure.method} |\n"


def document(before: str, found: Mapping[str, list[Figure]], order: Iterable[str], commit: str) -> str:
    """Return the table of what was measured now, and of what an earlier document says of what was not.

    Each row ends with the measurement that it is of, and the commit that was measured.
    """
    told = {name: [_with(row(figure), name, commit) for figure in figures] for name, figures in found.items()}
    for line in before.splitlines(keepends=True):
        if (measured := _MEASURED.search(line)) and measured["name"] not in found:
            told.setdefault(measured["name"], []).append(line)
    return _with(HEAD, "measured", "") + "".join(line for name in order for line in told.get(name, ()))


def _with(lines: str, name: str, commit: str) -> str:
    """Add a column to a row, or to the two of the head."""
    first, *rest = lines.splitlines(keepends=True)
    cell = f" `{name}` {commit} |" if commit else f" {name} |"
    return first.rstrip("\n") + cell + "\n" + "".join(line.rstrip("\n") + " --- |\n" for line in rest)


def machine() -> str:
    """Return a line about the machine."""
    cpu = next((line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")), "unknown")
    system = f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} cores ({cpu}), Python {platform.python_version()}, {system}"


def commit_of_now() -> str:
    """Return the commit of the work tree, shortened."""
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def run(measurements: Mapping[str, Callable[[], list[Figure]]]) -> dict[str, list[Figure]]:
    """Run each measurement, print its rows as they come, and write `build/bench.json`."""
    found: dict[str, list[Figure]] = {}
    print(f"{machine()}, commit {commit_of_now()}\n\n{HEAD}", end="", flush=True)
    for name, measurement in measurements.items():
        found[name] = measurement()
        print("".join(map(row, found[name])), end="", flush=True)
    BUILD.mkdir(exist_ok=True)
    figures = [asdict(figure) for each in found.values() for figure in each]
    (BUILD / "bench.json").write_text(json.dumps(figures, indent=1) + "\n")
    return found


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
