"""The table of measurements: what was measured, how, and against what."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

BUILD = Path("build")


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


def markdown(figures: Iterable[Figure]) -> str:
    """Return the table, a row a figure."""
    return HEAD + "".join(map(row, figures))


def machine() -> str:
    """Return a line about the machine and the commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    cpu = next((line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")), "unknown")
    return (
        f"{os.cpu_count()} cores ({cpu}), Python {platform.python_version()}, {platform.system()} "
        f"{platform.release()}, commit {commit.stdout.strip() or 'unknown'}"
    )


def run(measurements: list[Callable[[], list[Figure]]]) -> list[Figure]:
    """Run each measurement, print its rows as they come, and write `build/bench.json`."""
    figures: list[Figure] = []
    print(machine() + "\n\n" + HEAD, end="", flush=True)
    for measurement in measurements:
        found = measurement()
        print("".join(map(row, found)), end="", flush=True)
        figures += found
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    return figures


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
