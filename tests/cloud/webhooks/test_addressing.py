"""Where a webhook may go, and where it may not, whatever a name says."""

import pytest

from cloud.webhooks.addressing import target_of
from cloud.webhooks.errors import WebhookWrong


@pytest.mark.parametrize(
    "text",
    [
        "http://example.kz/hook", "ftp://example.kz/", "https://", "https://user:pass@example.kz/", "https://a b.kz/",
        "https://example.kz/#part", "https://example.kz:99999/", "https://example.kz:x/", "javascript:alert(1)",
        "//example.kz/", "https://example.kz\\@inside/", "https://example.kz/\r\nHost: x", "https://мектеп.kz/",
        "https://example.kz/" + "a" * 600, "",
    ],
)  # fmt: skip
def test_no_webhook_has_an_address_that_is_none(text: str) -> None:
    with pytest.raises(WebhookWrong):
        target_of(text, "")


def test_an_address_is_taken_apart_and_the_name_stays_what_the_receiver_is_called() -> None:
    plain, odd = target_of("https://example.kz/hook?a=1", ""), target_of("https://example.kz:8443", "")

    assert (plain.at("203.0.113.9"), plain.name) == ("https://203.0.113.9:443/hook?a=1", "example.kz")
    assert (odd.at("2a02:6b8::1"), odd.name) == ("https://[2a02:6b8::1]:8443/", "example.kz:8443")
