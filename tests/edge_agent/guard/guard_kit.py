"""Guards' desks as agents in processes of their own; their pages are asked as a browser asks them."""

import httpx2

from edge_agent.guard.asking import OWN_PAGE
from schemas.roster import row
from tests.edge_agent.guard.bench import PIN, PIN_HASH
from tests.edge_agent.school_kit import AgentKit
from tests.servers.process import free_port
from tests.waiting import until

GUARD = "guard0000000"
OURS = {"x-requested-by": OWN_PAGE, "sec-fetch-site": "same-origin"}
PERSON = row("person", GUARD, "Айгүл Сейітова", "", "staff", 1, 1, "all")
DESK = (row("staff", GUARD, "Айгүл Сейітова", PIN_HASH, ["guard"]),)


class GuardKit:
    """One agent with a guard's desk."""

    def __init__(self, kit: AgentKit, more: str = "") -> None:
        self.kit = kit
        self.port, self.list_port = free_port(), free_port()
        kit.write_settings(
            more=f'[guard]\nis_on = true\nport = {self.port}\nlan_host = "127.0.0.1"\n'
            f"lan_port = {self.list_port}\n{more}"
        )
        self.cookies: dict[str, str] = {}

    def sign_in(self) -> None:
        """Wait for the page with its guards, and sign in."""
        until(lambda: GUARD in self.page("/"), 60, what="the desk's page with its guards")
        assert self.post("/sign-in", staff=GUARD, pin=PIN) == 200

    def post(self, address: str, **touch: object) -> int:
        with self._client() as client:
            answer = client.post(address, json=touch)
            self.cookies |= dict(answer.cookies)
            return answer.status_code

    def page(self, address: str) -> str:
        try:
            with self._client() as client:
                return client.get(f"{address}?lang=en").text
        except httpx2.TransportError:
            return ""

    def _client(self) -> httpx2.Client:
        url = f"http://127.0.0.1:{self.port}"
        return httpx2.Client(base_url=url, trust_env=False, headers=OURS, cookies=self.cookies)
