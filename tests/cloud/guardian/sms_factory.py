"""A school whose gate writes records, a gateway for SMS, and mothers with phones who ask by SMS, for tests."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from cloud.core.services import Services
from cloud.guardian.sms_asking import Answerer
from cloud.notifications.channels.addresses import add_address
from cloud.people.bulk import PHONE
from simulators.sms_calls import Handset, SmscCalls
from tests.cloud.attendance.factory import School
from tests.cloud.notifications.factory import Parent, Place, a_parent
from tests.cloud.serving import served
from tests.cloud.sms_gateway import Gateway, a_gateway

SECRET = "a-secret-of-the-operator"
GIVEN = ("Айгерім", "Арұжан", "Дәулет")


@dataclass(slots=True)
class Asking:
    """A school, its cloud as gateways reach it, and the gateway."""

    school: Place
    services: Services
    gateway: Gateway
    calls: SmscCalls

    async def mother(self, *children: int, language: str = "kk") -> tuple[Parent, Handset]:
        """Add a guardian whose number proved itself, with the phone of that number."""
        mother = await a_parent(self.school, *children)
        pool = self.services.database.pool
        await pool.execute("UPDATE account SET language = $2 WHERE id = $1", mother.account_id, language)
        number = await number_of(self.services, mother)
        await self.connect(mother, number)
        return mother, self.phone(number)

    async def connect(self, parent: Parent, number: str) -> int:
        """Let a number be an address of a guardian's account, as after the code."""
        async with self.services.database.pool.acquire() as connection, connection.transaction():
            return await add_address(
                self.services, connection, parent.account_id, "sms", number, same_as=number, label=number
            )

    def phone(self, number: str) -> Handset:
        """Return the phone of a number."""
        return Handset(number, self.gateway.simulated, self.calls)

    async def answer(self) -> None:
        """Answer everything that waits."""
        await Answerer(self.services, self.gateway.client()).answer_all()

    async def ask(self, phone: Handset, words: str) -> list[str]:
        """Let a phone write, answer it, and return what came to it because of that."""
        before = len(phone.texts)
        assert await phone.write(words) == 200
        await self.answer()
        return phone.texts[before:]

    async def outcomes(self) -> Sequence[tuple[str, str, int]]:
        """Return kind, outcome and parts of each request, in order."""
        rows = await self.services.database.pool.fetch("SELECT kind, outcome, parts FROM sms_request ORDER BY id")
        return [(row["kind"], row["outcome"], row["parts"]) for row in rows]

    async def spent(self) -> int:
        """Return how many parts the schools' months were counted."""
        return int(await self.services.database.pool.fetchval("SELECT coalesce(sum(parts), 0) FROM sms_month"))


@asynccontextmanager
async def asking(services: Services, students: int = 3) -> AsyncIterator[Asking]:
    """Open a school, with a gateway that the cloud hears."""
    school = await School(services).open(students)
    for ref, given in zip(school.refs, GIVEN, strict=False):
        await services.database.pool.execute("UPDATE person SET given_name = $2 WHERE ref = $1", ref, given)
    async with a_gateway() as gateway, asking_at(services, school, gateway) as place:
        yield place
    await school.close()


@asynccontextmanager
async def asking_at(services: Services, school: Place, gateway: Gateway) -> AsyncIterator[Asking]:
    """Serve the cloud of a school that there is."""
    with_gateway = gateway.among(services)
    heard = replace(with_gateway, settings=replace(with_gateway.settings, sms_secret=SECRET))
    async with served(heard) as address:
        yield Asking(school, heard, gateway, SmscCalls(address, SECRET))


async def number_of(services: Services, parent: Parent) -> str:
    """Return the number that the school knows a guardian by."""
    sealed = await services.database.pool.fetchval(
        "SELECT phone_encrypted FROM guardian WHERE id = $1", parent.guardian_id
    )
    return services.vault.decrypt(sealed, PHONE)
