"""Enrolment codes on a board: addresses that secrets may come from, and such that are none."""

from schemas.enrolment import CodeRefused, is_safe, read_code

GOOD = ("esik.example", "esik.қаз:8443", "10.0.0.1:8443", "[2001:db8::8]", "[::1]:443", "255.255.255.255:65535")
BAD = (
    "", "host:port", "host:", "host:0", "host:65536", "host:²", "[::zz]", "[:::]", "[1::2::3]", "[1:2:3]", "[::1",
    "[::1]x", "::1", "1.2.3.999", "1.2.3", "a..b", "a b", "a/b", "a@b", "a?b", "a#b", "a\0b", "a" * 64,
    "a." * 127 + "b",
)  # fmt: skip


def test_addresses_over_tls_are_safe_if_they_are_addresses() -> None:
    assert [place for place in GOOD if not is_safe("https://" + place)] == []
    assert [place for place in BAD if is_safe("https://" + place)] == []
    assert is_safe("http://[::1]:8000")
    assert not is_safe("http://10.0.0.1:8443")


def test_a_code_that_leads_to_no_address_is_refused() -> None:
    assert refused("https://host:port") == "unsafe"
    assert refused("https://esik.example") == ""


def refused(address: str) -> str:
    try:
        read_code("ESIK1;" + address + ";" + "ab" * 16 + ";almaty5;main;almaty5-main;" + "00" * 16)
    except CodeRefused as error:
        return error.reason
    return ""
