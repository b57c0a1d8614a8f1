"""Takes enrolment codes, one at a time, wherever they were scanned, and knows how it stands.

Rule: a code that is not for this agent's doors is refused before the cloud hears of it, so that it stays good.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import structlog

from edge_agent.bundle import Bundle
from edge_agent.settings import ANY_GATE
from firmware.tools.enrolling import EnrolmentRefused
from schemas.enrolment import PREFIX, Code, CodeRefused, read_code

_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбю.ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,"
_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,./QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?"
_KEYS = str.maketrans(_RUSSIAN_KEYS, _LATIN_KEYS)
log = structlog.get_logger()


class Phase(Enum):
    """How far an enrolment is; the values are words of the page."""

    WAITING = "waiting"
    ASKING = "asking"
    REFUSED = "refused"
    ENROLLED = "enrolled"


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands, for the page: why a code was refused, or who this agent is now."""

    phase: Phase
    reason: str = ""
    device: str = ""


class FirstDesk:
    """One for the time until there is a bundle. `ask` raises EnrolmentRefused."""

    def __init__(self, gates: Sequence[str], ask: Callable[[Code], Awaitable[Bundle]]) -> None:
        self._gates = gates
        self._ask = ask
        self._busy = asyncio.Lock()
        self.standing = Standing(Phase.WAITING)
        self.enrolled = asyncio.Event()

    async def take(self, text: str) -> Standing:
        """Enrol by what was scanned or typed, and return how it stands then; while one is asked for, others wait."""
        if self._busy.locked() or self.enrolled.is_set():
            return self.standing
        async with self._busy:
            try:
                code = accepted(text, self._gates)
                self.standing = Standing(Phase.ASKING, device=code.device)
                bundle = await self._ask(code)
            except (CodeRefused, EnrolmentRefused) as refused:
                log.warning("enrolment.refused", reason=refused.reason, error=str(refused))
                self.standing = Standing(Phase.REFUSED, refused.reason)
            except Exception as error:  # noqa: BLE001  whatever a code leads to, the next one is taken
                log.error("enrolment.failed", kind=type(error).__name__)  # noqa: TRY400  its words may hold the code
                self.standing = Standing(Phase.REFUSED, "failed")
            else:
                self.standing = Standing(Phase.ENROLLED, device=bundle.device)
                self.enrolled.set()
        return self.standing


def accepted(text: str, gates: Sequence[str]) -> Code:
    """Return the code in a text, if it is one for this agent's doors. Raises CodeRefused."""
    code = read_code(_typed(text))
    foreign = [gate for gate in gates if gate not in code.gates and gate != ANY_GATE]
    if foreign or (ANY_GATE in gates and len(code.gates) != 1):
        doors, own = ", ".join(code.gates), ", ".join(gates)
        raise CodeRefused("gate_foreign", f"the code is for {doors}, and the gates in agent.toml are {own}")
    return code


def _typed(text: str) -> str:
    """Return what a scanner meant that types on a keyboard set to Russian."""
    if text.strip().startswith(PREFIX):
        return text
    meant = text.translate(_KEYS)
    return meant if meant.strip().startswith(PREFIX) else text
