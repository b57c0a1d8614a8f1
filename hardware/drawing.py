"""Wiring drawn from a build's data, by WireViz."""

import json
import subprocess
import sys
from itertools import groupby
from pathlib import Path

from hardware.builds import Build, Wire

DRAWN_S = 60.0


class NotDrawn(RuntimeError):
    """WireViz could not draw; the text is its own."""


def plan_of(build: Build) -> dict[str, object]:
    """Return what WireViz is to draw: a connector a unit, and a cable for each two units that wires join."""
    connectors = {
        unit.id: {"type": unit.label, "pinlabels": list(unit.pins), "hide_disconnected_pins": True}
        for unit in build.units
    }
    cables: dict[str, object] = {}
    connections: list[object] = []
    pins = {(unit.id, pin): number for unit in build.units for number, pin in enumerate(unit.pins, 1)}
    for pair, of_pair in groupby(sorted(build.wires, key=lambda wire: wire.pair), key=lambda wire: wire.pair):
        wires = list(of_pair)
        name = "-".join(pair)
        cables[name] = {
            "wirecount": len(wires), "colors": [wire.colour for wire in wires], "gauge": f"{wires[0].mm2} mm2",
            "wirelabels": [wire.signal or wire.end[1] for wire in wires],
        }  # fmt: skip
        connections.append(_joined(pair, name, wires, pins))
    return {"connectors": connectors, "cables": cables, "connections": connections}


def draw(build: Build, folder: Path) -> Path:
    """Write `<build>.svg` into a folder and return its path. Raises NotDrawn."""
    plan = folder / f"{build.id}.yml"
    plan.write_text(json.dumps(plan_of(build), indent=1))  # JSON is YAML
    command = [sys.executable, "-m", "wireviz.wv_cli", "-f", "s", "-o", str(folder), str(plan)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DRAWN_S, check=False)  # noqa: S603 (ours)
    drawn = plan.with_suffix(".svg")
    if done.returncode or not drawn.exists():
        raise NotDrawn((done.stderr or done.stdout)[-2_000:])
    return drawn


def _joined(pair: tuple[str, str], cable: str, wires: list[Wire], pins: dict[tuple[str, str], int]) -> list[object]:
    return [
        {pair[0]: [pins[wire.begin] for wire in wires]},
        {cable: list(range(1, len(wires) + 1))},
        {pair[1]: [pins[wire.end] for wire in wires]},
    ]
