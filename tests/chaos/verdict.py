"""The two books compared after chaos: what stands in the agents' journals, and what the cloud has."""

import asyncio
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.chaos.line import Line

Key = tuple[str, str, int]  # device, epoch, seq


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, in words, and how much was compared."""

    wrong: list[str]
    records: int
    openings: int


def verdict(line: Line) -> Verdict:
    """Compare the books of a line that has drained and whose agents no longer run."""
    journals = {key: record for name, agent in line.agents.items() for key, record in _journal(name, agent.folder)}
    rows, kept = asyncio.run(_cloud(line.url))
    cloud = dict(rows)
    wrong = [
        f"in the cloud {count} times: {key}" for key, count in Counter(key for key, _ in rows).items() if count > 1
    ]
    wrong += [f"missing in the cloud: {key}" for key in sorted(journals.keys() - cloud.keys())]
    wrong += [f"in the cloud, but in no journal: {key}" for key in sorted(cloud.keys() - journals.keys())]
    wrong += [
        f"changed on the way: {key}" for key in sorted(journals.keys() & cloud.keys()) if journals[key] != cloud[key]
    ]
    wrong += _out_of_order(rows) + _unseen(line, cloud)
    wrong += [f"{count} rows of {table}" for table, count in kept.items() if count]
    return Verdict(wrong, len(cloud), sum(gate.opened for gate in line.gates.values()))


def _journal(device: str, folder: Path) -> list[tuple[Key, bytes]]:
    with sqlite3.connect(f"file:{folder}/kept/journal.db?mode=ro", uri=True) as db:
        rows = db.execute("SELECT epoch, seq, record FROM entries JOIN epochs USING (ep)").fetchall()
    db.close()
    return [((device, epoch, seq), record) for epoch, seq, record in rows]


async def _cloud(url: str) -> tuple[list[tuple[Key, bytes]], dict[str, int]]:
    """Return the log in order, and how many rows stand where none should."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT device, epoch, seq, record FROM record ORDER BY shard, position")
        kept = {
            table: await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - two names of ours
            for table in ("quarantine", "loss")
        }
    finally:
        await connection.close()
    return [((row["device"], row["epoch"], row["seq"]), bytes(row["record"])) for row in rows], kept


def _out_of_order(rows: list[tuple[Key, bytes]]) -> list[str]:
    """Return each record that does not stand right after the one before it in its epoch."""
    last: Counter[tuple[str, str]] = Counter()
    wrong = []
    for (device, epoch, seq), _ in rows:
        if seq != last[device, epoch] + 1:
            wrong.append(f"out of order: {device} {epoch} {seq} after {last[device, epoch]}")
        last[device, epoch] = seq
    return wrong


def _unseen(line: Line, cloud: dict[Key, bytes]) -> list[str]:
    """Return gates that opened more often than their records say.

    An agent that is killed after a slow disk's tenth of a second may have opened to one person at each of its two
    readers whose record was still on its way.
    """
    said = Counter(device for (device, _, _), record in cloud.items() if json.loads(record).get("o") == "allowed")
    return [
        f"{name} opened {gate.opened} times, its records say {said[name]}, killed {line.kills.get(name, 0)} times"
        for name, gate in line.gates.items()
        if gate.opened > said[name] + 2 * line.kills.get(name, 0)
    ]
