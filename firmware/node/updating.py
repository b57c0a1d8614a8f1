"""When a node asks for a newer program, how it asks, and when the one on trial is trusted.

Rule: a program on trial is trusted once its card reader answers and the cloud has acknowledged a record of this start.
"""

from firmware.node.http import Http
from firmware.node.uplink import Waits
from schemas.release import ReleaseRefused

LOOK_MS = 6 * 3_600_000
AGAIN_MS = 60_000  # after an errand that came to nothing, and then twice as long, up to LOOK_MS
FIRST_MS = 600_000  # after a start, so that a school whose power comes back does not ask as one
SPREAD_MS = 600_000
ALARM = "update_failed"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from firmware.node.roster_fetch import Server
    from firmware.node.update import Updates


class Updating:
    """One node's asking, an errand at a time."""

    def __init__(
        self,
        updates: "Updates",
        server: "Server",
        tls: "Callable[[], object]",
        rng: "Random",
        restart: "Callable[[], object]",
        alarm: "Callable[[str, str], object]",
    ) -> None:
        """`tls` makes a context for one connection; `restart` is wanted when a program is to be tried."""
        self._updates = updates
        self._server = server
        self._tls = tls
        self._rng = rng
        self._restart = restart
        self._alarm = alarm
        self._refusal = ""  # that people were told of, since the start
        self._waits = Waits(rng, AGAIN_MS, LOOK_MS)
        self._began_ms = 0
        self._look_at_ms = FIRST_MS + int(rng.uniform(0, SPREAD_MS))

    def tell(self) -> None:
        """Tell of a program that failed, once."""
        failed = self._updates.untold()
        if failed:
            self._alarm(ALARM, failed)
            self._updates.note_told()

    def hear(self) -> None:
        """Hear that there is something new."""
        self._look_at_ms = 0

    def is_due(self, now_ms: int) -> bool:
        """Tell whether to ask now; what is on trial asks for nothing newer, and a board without keys for nothing."""
        is_free = self._updates.are_taken and not self._updates.is_trial and not self._updates.is_begun
        return is_free and now_ms >= self._look_at_ms

    def prove(self, is_well: bool) -> None:
        """Trust what is on trial, if the node is well."""
        if is_well and self._updates.is_trial:
            self._updates.mark_good()

    def begin(self, now_ms: int) -> None:
        """Note that an errand was begun; should it come to nothing, the next one waits longer."""
        self._began_ms = now_ms
        self._look_at_ms = now_ms + self._waits.next_ms()

    async def look(self) -> None:
        """Ask, and fetch what there is. Raises UpdateFailed, ReleaseRefused, and what a connection raises."""
        http = Http(
            self._server.host, self._server.port, self._tls() if self._server.is_tls else None, self._server.names
        )
        try:
            await http.open()
            if await self._updates.look(http):
                self._restart()
            self._is_answered()
        except ReleaseRefused:  # asking sooner would bring the same
            self._is_answered()
            raise
        finally:
            await http.close()
            self._tell_refusal(self._updates.refusal)

    def _tell_refusal(self, refusal: str) -> None:
        """Tell people of a release that was refused, once since the start, also where the cloud heard nothing of it."""
        if refusal != self._refusal:
            self._refusal = refusal
            self._alarm(ALARM, refusal)

    def _is_answered(self) -> None:
        self._waits.reset()
        self._look_at_ms = self._began_ms + LOOK_MS + int(self._rng.uniform(0, SPREAD_MS))
