"""Codes of authenticator apps, by the values of RFC 6238, appendix B."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from cloud.accounts.totp import app_address, code_at, secret_text, step_at, step_of

SECRET = b"12345678901234567890"  # of the RFC
NOW = datetime(2026, 9, 1, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)

    assert code_at(SECRET, step_at(at)) == code


@pytest.mark.parametrize(("seconds", "is_taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off_and_no_more(seconds: int, is_taken: bool) -> None:
    code = code_at(SECRET, step_at(NOW))

    assert (step_of(SECRET, code, NOW + timedelta(seconds=seconds)) == step_at(NOW)) is is_taken


@pytest.mark.parametrize("code", ["", "1", "٠٨١٨٠٤", "0" * 200, "081804\n", "-81804"])
def test_what_is_no_code_fits_never(code: str) -> None:
    assert step_of(SECRET, code, datetime.fromtimestamp(1_111_111_109, UTC)) is None


def test_an_app_reads_the_secret_from_the_picture() -> None:
    parts = urlsplit(app_address(SECRET, "office@almaty5.kz", "Esik"))

    assert (parts.scheme, parts.netloc, unquote(parts.path)) == ("otpauth", "totp", "/Esik:office@almaty5.kz")
    assert parse_qs(parts.query)["secret"] == [secret_text(SECRET).replace(" ", "")]
    assert parse_qs(parts.query)["issuer"] == ["Esik"]
