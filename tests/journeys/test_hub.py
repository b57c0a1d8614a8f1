"""Two gates of one school with the cloud cut off: each knows what the other saw, through the hub, over mutual TLS."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.edge_agent.school_kit import AgentKit, SchoolKit, ref_of, uid_of
from tests.servers.process import free_port
from tests.waiting import until

PEM = serialization.Encoding.PEM


class Authority:
    """Signs the certificates of one school's devices."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "school")])
        self.pem = self._sign(self.name, self.key.public_key(), is_ca=True)

    def bundle(self, device: str) -> dict[str, str]:
        """Return the three PEM fields of a device's bundle."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, device)])
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        certificate = self._sign(subject, key.public_key(), is_ca=False)
        return {"ca_pem": self.pem, "certificate_pem": certificate, "key_pem": private.decode()}

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, is_ca: bool) -> str:
        start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        builder = x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(start + dt.timedelta(days=3650))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(PEM).decode()


@contextmanager
def two_agents(
    tmp_path: Path, authority: Authority | None, policy: dict[str, object]
) -> Iterator[tuple[AgentKit, ...]]:
    """Run two agents, the first of them the hub; the cloud is a port on which nobody listens."""
    school = SchoolKit(tmp_path, gates={"north": "gate-1", "south": "gate-2"}, policy={"hub": "gate-1", **policy})
    hub = {
        "device": "gate-1", "mqtt_host": "127.0.0.1", "mqtt_port": free_port(), "mqtt_tls": authority is not None,
    }  # fmt: skip
    agents = [
        school.agent(name, hub=hub, pems=authority.bundle(name) if authority else {}) for name in ("gate-1", "gate-2")
    ]
    for agent in agents:
        agent.write_settings(more='[hub]\nhost = "127.0.0.1"')
        agent.server.start()
    try:
        for agent in agents:
            until(lambda agent=agent: is_together(agent), 30, "the agents to find each other")  # type: ignore[misc]
        yield tuple(agents)
    finally:
        for agent in agents:
            agent.server.stop()


def is_together(agent: AgentKit) -> bool:
    return "hub_away" not in [concern["what"] for concern in agent.health()["concerns"]] and all(
        f'reader="{gate}-in"}} 1.0' in agent.metrics() for gate in agent.gates
    )


def decision(agent: AgentKit, number: int) -> dict[str, Any]:
    """Wait for an agent's decision of that number, counted from 0, and return it."""
    return until(lambda: agent.records("decision")[number : number + 1], what=f"decision {number}")[0]


def test_hard_anti_passback_holds_across_gates_with_the_cloud_cut_off(tmp_path: Path) -> None:
    with two_agents(tmp_path, Authority(), {"passback": "hard"}) as (north, south):
        north.tap("north-in", uid_of(1))
        assert decision(north, 0)["w"] == "ok"
        until(lambda: south.health()["inside"] == 1)

        south.tap("south-in", uid_of(1))
        refused = decision(south, 0)
        south.tap("south-out", uid_of(1))
        assert decision(south, 1)["w"] == "ok"
        until(lambda: north.health()["inside"] == 0)
        north.tap("north-in", uid_of(1))
        back = decision(north, 1)

        assert (refused["o"], refused["w"], refused["p"]) == ("denied", "passback_hard", ref_of(1))
        assert (back["o"], back["w"]) == ("allowed", "ok")
        assert north.health()["link"] in ("offline", "greeting")


def test_a_gate_that_was_off_catches_up_from_the_hub_before_it_is_sure(tmp_path: Path) -> None:
    with two_agents(tmp_path, None, {"passback": "hard"}) as (north, south):
        south.server.stop()
        north.tap("north-in", uid_of(2))
        decision(north, 0)
        south.server.start()
        until(lambda: is_together(south) and south.health()["inside"] == 1, 30)

        south.tap("south-in", uid_of(2))

        assert decision(south, 0)["w"] == "passback_hard"


def test_without_the_hub_a_gate_lets_in_rather_than_lock_out(tmp_path: Path) -> None:
    with two_agents(tmp_path, None, {"passback": "hard", "repeat_ms": 0}) as (north, south):
        south.tap("south-in", uid_of(3))
        decision(south, 0)
        north.server.kill()
        until(lambda: "hub_away" in [concern["what"] for concern in south.health()["concerns"]], 20)

        south.tap("south-in", uid_of(3))

        assert (decision(south, 1)["o"], decision(south, 1)["w"]) == ("allowed", "passback_soft")
