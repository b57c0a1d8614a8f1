"""A whole agent with cards that prove themselves at its reader: genuine, copied, forged, and made with older keys."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edge_agent.cards.keys import write_ring
from edge_agent.cards.link import Link
from edge_agent.cards.making import Maker
from edge_agent.cards.master import Master, write_private
from edge_agent.clock import SystemClock
from edge_agent.readers.direct_chip import open_direct
from schemas.tokens import DESFIRE, SUN
from simulators.cards import card_make
from simulators.desfire import Desfire
from simulators.pn532 import Pn532Line
from tests.edge_agent.cards.bench import made_on
from tests.edge_agent.school_kit import SCHOOL, AgentKit, SchoolKit, ref_of, uid_of
from tests.waiting import until_async

CARD, CHIP = uid_of(1), uid_of(2)
MASTER = Master(bytes(range(32)), {SCHOOL: 1})
KEY_LIKE = re.compile(r"[0-9a-fA-F]{32}")


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pn532Line]:
    line = Pn532Line(Random(1), tmp_path / "pn532")
    line.plug()
    for uid, family in ((CARD, "desfire"), (CHIP, "ntag424")):
        line.present(card_make(uid.hex(), family))
        maker = Maker(MASTER, SCHOOL, Link(), SystemClock(), Random(3))
        await made_on(str(tmp_path / "pn532"), maker, partial(open_direct, clock=SystemClock()))
    line.remove()
    yield line
    line.unplug()


@pytest.fixture
async def agent(tmp_path: Path, line: Pn532Line) -> AsyncIterator[AgentKit]:
    """Return a running agent at whose gate the reader stands; the school has gone on to its second keys."""
    kit = SchoolKit(tmp_path, cards=((DESFIRE, CARD, ref_of(1)), (SUN, CHIP, ref_of(2))))
    made = kit.agent("gate-1")
    made.write_settings(more='[cards]\nkeys = "card-keys.json"')
    pipe = f'driver = "line"\npath = "{made.folder / "north-in"}"'
    made.config.write_text(made.config.read_text().replace(pipe, f'driver = "pn532"\npath = "{tmp_path / "pn532"}"'))
    ring = Master(MASTER.key, {SCHOOL: 2}).ring(SCHOOL)
    write_private(made.folder / "card-keys.json", write_ring(ring))
    await asyncio.to_thread(made.server.start)
    yield made
    await asyncio.to_thread(made.server.stop)


async def shown(line: Pn532Line, agent: AgentKit, card: str) -> dict[str, Any]:
    """Show a card and return the decision on it."""
    before = len(agent.records("decision"))
    line.obey(f"present {card}")
    await until_async(lambda: len(agent.records("decision")) > before, what=f"a decision on {card}")
    line.remove()
    return agent.records("decision")[-1]


async def test_who_holds_a_genuine_card_passes_and_a_copy_is_a_strangers(line: Pn532Line, agent: AgentKit) -> None:
    genuine = await shown(line, agent, f"{CARD.hex()} desfire")
    chip = await shown(line, agent, f"{CHIP.hex()} ntag424")
    copy = await shown(line, agent, f"{CARD.hex()} ultralight")
    other_copy = await shown(line, agent, f"{CHIP.hex()} iso-dep")
    card = line.drawer.chip_of(card_make(CARD.hex(), "desfire"))
    assert isinstance(card, Desfire)
    next(iter(card.applications.values())).keys[1].value = b"guessed " * 2
    forged = await shown(line, agent, f"{CARD.hex()} desfire")
    await until_async(lambda: len(agent.records("alarm")) > 0)
    concerns = {concern["what"] for concern in (await asyncio.to_thread(agent.health))["concerns"]}

    records = (genuine, chip, copy, other_copy, forged)
    assert [(record["w"], record.get("p"), record.get("md", "uid")) for record in records] == [
        ("ok", ref_of(1), "desfire"),
        ("ok", ref_of(2), "sun"),
        ("card_unknown", None, "uid"),
        ("card_unknown", None, "uid"),
        ("card_not_genuine", ref_of(1), "desfire"),
    ]
    assert [record["w"] for record in agent.records("alarm")] == ["card_not_genuine"]
    assert "card_not_genuine" in concerns
    _assert_nothing_secret_is_told(agent)


def _assert_nothing_secret_is_told(agent: AgentKit) -> None:
    log = agent.server.log.read_text()
    keys = [key for version in (1, 2) for made in [MASTER.school_keys(SCHOOL, version)]
            for key in (made.gate, made.finder, made.link, made.gate_key(CARD), made.link_key(CHIP))]  # fmt: skip
    for secret in (*keys, CARD, CHIP):
        assert secret.hex() not in log.lower()
        assert str(secret) not in log
    assert KEY_LIKE.findall(log) == []
    assert all(CARD.hex() not in str(record).lower() for record in agent.records())
