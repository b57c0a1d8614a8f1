"""Which addresses may be connected to, whatever a name says."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from cloud.core.reaching import may_reach
from cloud.core.targets import NotReachable, Target, reachable

TARGET = Target("https", "example.kz", 443, "/")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2001:0:a00:1::1",
    ],
)  # fmt: skip
def test_what_stands_inside_is_not_reached(address: str) -> None:
    assert not may_reach(ip_address(address), "", is_secure=True)


def test_what_is_public_or_allowed_is_reached_and_without_tls_only_what_is_allowed() -> None:
    public, inside = ip_address("8.8.8.8"), ip_address("10.1.2.3")

    assert may_reach(public, "", is_secure=True)
    assert not may_reach(public, "10.0.0.0/8", is_secure=False)
    assert may_reach(inside, "192.168.0.0/16, 10.0.0.0/8", is_secure=False)
    assert may_reach(ip_address("::ffff:10.1.2.3"), "10.0.0.0/8", is_secure=True)


@pytest.mark.parametrize("found", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], [], ["no address"]])
async def test_a_name_that_leads_inside_or_nowhere_leads_nowhere(found: list[str]) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return found

    with pytest.raises(NotReachable):
        await reachable(TARGET, "", resolve)
