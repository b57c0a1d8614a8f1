"""A school's month with everything that goes wrong, and at its end one sum in all books, to the tiyn."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg
import pytest
from typing_extensions import override

from cloud.core.services import Services
from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.transport import BrokerAddress
from cloud.meals.projection import Meals
from edge_agent.till.claiming import HubDesk
from edge_agent.till.claims import Claim, Outcome
from edge_agent.till.sales import Sales, Totals
from simulators.clock import SimulatedClock
from simulators.month import BEGINS, Parts, live, quiet
from simulators.month_faults import Fault
from simulators.month_machine import TillParts
from simulators.month_plan import Size
from tests.servers.mosquitto import Mosquitto

SMALL, TINY = Size(children=30, tills=3, days=6, sync_s=5_400), Size(children=22, tills=2, days=4, sync_s=5_400)
EVERY_FAULT = {fault.value for fault in Fault}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield


@pytest.fixture(name="clock")
def _clock() -> SimulatedClock:
    return SimulatedClock(BEGINS)


@pytest.mark.parametrize("seed", [2])
async def test_after_a_month_of_faults_tills_ledger_hledger_beancount_and_report_agree_with_paper(
    services: Services, clock: SimulatedClock, tmp_path: Path, seed: int
) -> None:
    outcome = await live(services, clock, tmp_path, seed, SMALL)

    assert outcome.wrong == []
    assert {strike.fault.value for strike in outcome.strikes} == EVERY_FAULT
    assert outcome.happened["balances that hledger found"] == outcome.happened["balances that beancount found"] > 25
    assert outcome.happened["meals in the report"] == outcome.happened["meals that the budget owes"] > 50


async def test_a_month_whose_messages_go_over_a_broker_ends_with_the_same_books(
    services: Services, clock: SimulatedClock, tmp_path: Path, mosquitto_server: Mosquitto
) -> None:
    way = BrokerAddress("127.0.0.1", mosquitto_server.port)

    outcome = await live(services, clock, tmp_path, 3, TINY, way=way)

    assert outcome.wrong == []
    assert outcome.windows > 0


class ForgetsRefunds(Meals):
    """A projection that does not know refunds."""

    @override
    async def apply(self, connection: asyncpg.Connection, records: Sequence[LoggedRecord]) -> None:
        await super().apply(connection, [row for row in records if row.kind != "refund"])


class CountsVoids(Sales):
    """A till whose closing counts what was made void."""

    @override
    def totals(self, shift_id: str) -> Totals:
        counted = super().totals(shift_id)
        return Totals(
            count=counted.count + counted.void_count, account_tiyn=counted.account_tiyn, cash_tiyn=counted.cash_tiyn
        )


class GrantsEverything(HubDesk):
    """A hub that never objects."""

    @override
    async def answer(self, claim: Claim) -> Outcome:
        return "granted"


MISTAKES = {
    "the cloud forgets refunds": (Parts(projection=lambda services, _: ForgetsRefunds(services)), "money of a child"),
    "a till counts voids": (Parts(till=TillParts(sales=CountsVoids)), "its closing says"),
    "the hub grants everything": (Parts(till=TillParts(hub_desk=GrantsEverything)), "at two tills"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_month_finds(services: Services, clock: SimulatedClock, tmp_path: Path, mistake: str) -> None:
    parts, told = MISTAKES[mistake]

    outcome = await live(services, clock, tmp_path, 4, TINY, parts)

    assert any(told in difference for difference in outcome.wrong)
