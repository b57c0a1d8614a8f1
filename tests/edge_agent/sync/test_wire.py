"""A device's own side of the wire: the name of its connections."""

from dataclasses import replace

from tests.edge_agent.sync.model import IDENTITY


def test_a_client_id_is_always_the_same_and_nobody_makes_it_up_without_the_key() -> None:
    ours, theirs = IDENTITY.client_id, replace(IDENTITY, uplink_key=bytes(32)).client_id

    assert ours == replace(IDENTITY, boot="0" * 16).client_id
    assert ours != theirs
    assert ours.startswith(f"{IDENTITY.device}-")
