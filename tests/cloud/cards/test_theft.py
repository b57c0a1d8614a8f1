"""The evening after an agent was stolen, rehearsed: a new key for tokens, new bundles; cards stay as they are."""

from datetime import timedelta
from pathlib import Path

from cloud.cards.actions import give_card, rotate_card_key
from cloud.cards.kinds import Medium
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate, revoke
from cloud.devices.ca import init
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.rosters.actions import file_for, publish
from cloud.rosters.bundles import add_device
from edge_agent.bundle import Bundle, read_bundle
from edge_agent.decision import Question, decide
from edge_agent.roster import Roster
from edge_agent.slots import Slots
from edge_agent.timekeeper import Stamp
from edge_agent.view import View
from schemas.tokens import DESFIRE, UID, token
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

CARDS = ((UID, Medium.UID, "04A1B2C3D4E501"), (DESFIRE, Medium.DESFIRE, "04A1B2C3D4E502"))


class Evening:
    """A school with two gates, each with an agent, and one student with a card of each kind."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services = services
        self.folder = folder
        self.school_id = 0

    async def begin(self) -> None:
        init(self.services.settings.data / "ca", self.services.vault, self.services.clock.now())
        self.school_id = await a_school(self.services)
        person = await a_student(self.services, self.school_id)
        day = self.services.clock.now().date() - timedelta(days=1)
        await give_consent(self.services, SYSTEM, person, Purpose.CARD, day, "12")
        for _, medium, number in CARDS:
            await give_card(self.services, SYSTEM, person, number, medium)

    async def bundle(self, gate: str) -> Bundle:
        """Add a gate's agent, and return what it is given."""
        new = NewDevice(gate, (NewGate(gate, gate, gate, gate),))
        file = self.folder / f"{gate}.json"
        file.write_bytes(await add_device(self.services, SYSTEM, await self._code(), new))
        file.chmod(0o600)
        return read_bundle(file)

    async def roster(self, bundle: Bundle) -> Roster:
        """Return the newest roster, as an agent with this bundle takes it."""
        await publish(self.services, SYSTEM, self.school_id)
        file = await file_for(self.services, self.school_id, bundle.school, 0)
        return Slots(self.folder / bundle.device, bundle.school, bundle.roster_public_key).flip(file, 0)

    async def _code(self) -> str:
        return str(await self.services.database.pool.fetchval("SELECT code FROM school WHERE id = $1", self.school_id))


def reasons(bundle: Bundle, roster: Roster, gate: str) -> list[str]:
    """Return what a gate says to each card on the way out."""
    stamp = Stamp(1, 1, "none")
    return [
        decide(
            Question(token(bundle.card_key, letter, bytes.fromhex(number)), gate, "out", stamp), roster, View(gate)
        ).reason
        for letter, _, number in CARDS
    ]


async def test_a_stolen_agents_tokens_are_worth_nothing_and_new_bundles_know_every_card(
    services: Services, tmp_path: Path
) -> None:
    evening = Evening(services, tmp_path)
    await evening.begin()
    stolen, other = await evening.bundle("gate-1"), await evening.bundle("gate-2")
    before = await evening.roster(other)
    assert reasons(other, before, "gate-2") == reasons(stolen, before, "gate-1") == ["ok", "ok"]

    for bundle in (stolen, other):
        await revoke(services, SYSTEM, bundle.device)
    assert await rotate_card_key(services, SYSTEM, evening.school_id) == len(CARDS)
    again = await evening.bundle("gate-2")
    roster = await evening.roster(again)

    assert reasons(again, roster, "gate-2") == ["ok", "ok"]
    assert reasons(stolen, roster, "gate-1") == reasons(other, roster, "gate-2") == ["card_unknown", "card_unknown"]
    assert again.card_key != stolen.card_key
    for letter, _, number in CARDS:
        assert token(stolen.card_key, letter, bytes.fromhex(number)).encode() not in roster.body
