"""A class with its teacher, and the families of its children, for tests of absences and trips."""

from dataclasses import dataclass
from datetime import date, timedelta

from cloud.absences.answering import accept, ask_back
from cloud.absences.kinds import Absence, Excuse, Happened
from cloud.absences.queries import Told, absences_at, absences_of, excused_on
from cloud.absences.telling import take_back, tell_absence
from cloud.consents.scans import PDF, Scan
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from cloud.register.kinds import Reason
from tests.cloud.people.family_factory import actor_of_guardian
from tests.cloud.register.factory import TODAY, Taught, taught
from tests.cloud.schools.factory import SYSTEM

PAPER = Scan(PDF, b"%PDF-1.4 a doctor's word %%EOF")


@dataclass(slots=True)
class Home:
    """The class 5А, and the parents of its first child, whose school is told."""

    services: Services
    taught: Taught
    child_id: int
    ids: dict[str, int]
    mother: Actor
    father: Actor
    told: list[Happened]

    @property
    def ref(self) -> str:
        return self.taught.refs[0]

    async def tell(self, who: Actor | None = None, days: int = 1, first_on: date = TODAY, **said: object) -> int:
        """Let a parent, the mother where none is named, tell an absence of some days."""
        absence = Absence(
            first_on, first_on + timedelta(days=days - 1), Reason.ILL, str(said.get("words", "қызуы бар"))
        )
        paper = said.get("paper")
        assert paper is None or isinstance(paper, Scan)
        return await tell_absence(self.services, who or self.mother, self.ref, absence, paper, self._hear)

    async def back(self, absence_id: int, who: Actor | None = None) -> None:
        await take_back(self.services, who or self.mother, self.ref, absence_id, self._hear)

    async def accept(self, absence_id: int, who: Actor | None = None) -> None:
        await accept(self.services, who or self.taught.teacher, self.taught.school.id, absence_id, self._hear)

    async def ask(self, absence_id: int, words: str = "Анықтама керек") -> None:
        await ask_back(self.services, self.taught.teacher, self.taught.school.id, absence_id, words, self._hear)

    async def seen_by(self, who: Actor) -> list[Told]:
        """Return what a parent sees."""
        return [*(await absences_of(self.services, who, self.ref, self.child_id)).absences]

    async def at_school(self, who: Actor | None = None) -> list[Told]:
        return await absences_at(self.services, who or self.taught.teacher, self.taught.school)

    async def excuse(self, on: date = TODAY) -> Excuse | None:
        async with self.services.database.pool.acquire() as connection:
            return (await excused_on(connection, [self.child_id], on)).get(self.child_id)

    async def _hear(self, _connection: object, happened: Happened) -> None:
        self.told.append(happened)


async def a_home(services: Services) -> Home:
    """Open the school, and let a child have parents with accounts."""
    school = await taught(services)
    child_id = await services.database.pool.fetchval("SELECT id FROM person WHERE ref = $1", school.refs[0])
    ids, actors = {}, []
    for number, (name, relation) in enumerate((("Сәуле", Relation.MOTHER), ("Ерлан", Relation.FATHER))):
        given = GuardianGiven(f"{name} Әліби", f"+7701555660{number}")
        guardian_id = await add_guardian(services, SYSTEM, child_id, given, relation)
        await open_guardian_account(services, SYSTEM, guardian_id)
        ids[relation.value] = guardian_id
        actors.append(await actor_of_guardian(services, guardian_id, school.school.id))
    return Home(services, school, child_id, ids, actors[0], actors[1], [])
