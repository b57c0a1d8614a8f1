"""Wiring drawn from a build's data, by WireViz: a drawing for each cable, so that its labels are read on A4."""

import json
import subprocess
import sys
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from hardware.builds import Build, Wire

DRAWN_S = 60.0
NEAR = "graph [ranksep=0.5]"  # inches between a unit and its cable: what lies between makes the labels smaller


class NotDrawn(RuntimeError):
    """WireViz could not draw; the text is its own."""


def plan_of(build: Build) -> dict[str, Any]:
    """Return what WireViz is to draw: a connector a unit, and a cable for each two units that wires join."""
    connectors = {
        unit.id: {"type": unit.label, "pinlabels": list(unit.pins), "hide_disconnected_pins": True}
        for unit in build.units
    }
    cables: dict[str, object] = {}
    connections: list[object] = []
    pins = {(unit.id, pin): number for unit in build.units for number, pin in enumerate(unit.pins, 1)}
    for pair, wires in _by_pair(build):
        name = "-".join(pair)
        cables[name] = {
            "wirecount": len(wires), "colors": [wire.colour for wire in wires], "gauge": f"{wires[0].mm2} mm2",
            "wirelabels": [wire.signal or wire.end[1] for wire in wires],
        }  # fmt: skip
        connections.append(_joined(pair, name, wires, pins))
    return {"connectors": connectors, "cables": cables, "connections": connections, "tweak": {"append": [NEAR]}}


def parts_of(build: Build) -> list[Build]:
    """Return a build cut into its cables, each with the two units that it joins: one drawing of all fits no page."""
    return [
        replace(
            build, id=f"{build.id}-{'-'.join(pair)}", wires=tuple(wires),
            units=tuple(unit for unit in build.units if unit.id in pair),
        )
        for pair, wires in _by_pair(build)
    ]  # fmt: skip


def draw(build: Build, folder: Path) -> list[Path]:
    """Write `<build>-<unit>-<unit>.svg` for each cable into a folder and return their paths. Raises NotDrawn."""
    plans = {part.id: folder / f"{part.id}.yml" for part in parts_of(build)}
    for part in parts_of(build):
        plans[part.id].write_text(json.dumps(plan_of(part), indent=1))  # JSON is YAML
    command = [sys.executable, "-m", "wireviz.wv_cli", "-f", "s", "-o", str(folder), *map(str, plans.values())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DRAWN_S, check=False)  # noqa: S603 (ours)
    drawn = [plan.with_suffix(".svg") for plan in plans.values()]
    if done.returncode or not all(path.exists() for path in drawn):
        raise NotDrawn((done.stderr or done.stdout)[-2_000:])
    return drawn


def _by_pair(build: Build) -> list[tuple[tuple[str, str], list[Wire]]]:
    """Return the wires of each two units that are joined."""
    ordered = sorted(build.wires, key=lambda wire: wire.pair)
    return [(pair, list(wires)) for pair, wires in groupby(ordered, key=lambda wire: wire.pair)]


def _joined(pair: tuple[str, str], cable: str, wires: list[Wire], pins: dict[tuple[str, str], int]) -> list[object]:
    return [
        {pair[0]: [pins[wire.begin] for wire in wires]},
        {cable: list(range(1, len(wires) + 1))},
        {pair[1]: [pins[wire.end] for wire in wires]},
    ]
