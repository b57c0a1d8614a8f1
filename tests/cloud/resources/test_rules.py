"""What a resource must have, and which addresses of other sites can be kept."""

from dataclasses import replace

import pytest

from cloud.resources.addresses import is_address, origin_of
from cloud.resources.errors import ResourceRefused
from cloud.resources.rules import ResourceGiven, checked_resource

GIVEN = ResourceGiven(
    "textbook", "  Математика   5 ", "mathematics", "kk", "link", " https://books.test ", 0, (5, 4, 5)
)


def test_a_resource_is_kept_tidy() -> None:
    kept = checked_resource(GIVEN)

    assert (kept.title, kept.grades, kept.address) == ("Математика 5", [4, 5], "https://books.test")


@pytest.mark.parametrize(
    "changed",
    [
        {"title": " "}, {"title": "x" * 161}, {"kind": "film"}, {"way": "magic"}, {"subject": "dancing"},
        {"language": "de"}, {"grades": (13,)}, {"grades": (-1,)}, {"grades": (), "for_teachers": False},
        {"way": "oidc"}, {"key": 4}, {"classes": tuple(range(300))},
    ],
)  # fmt: skip
def test_a_resource_that_nobody_could_open_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ResourceRefused):
        checked_resource(replace(GIVEN, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address", ["https://books.test", "https://books.test:8443/a?b=c", "https://xn--80a.kz/%D0%B0"]
)
def test_an_address_of_the_web_is_kept(address: str) -> None:
    assert is_address(address, may_be_plain=False)


@pytest.mark.parametrize(
    "address",
    [
        "", "books.test", "http://books.test", "javascript:alert(1)", "data:text/html,x", "https://", "https:///path",
        "https://user@books.test", "https://user:hush@books.test", "https://books.test#part", "https://books.test/a b",
        "https://books.test\\@evil.test", "https://книги.kz", "https://books.test:0/", "https://books.test:99999/",
        'https://books.test/"onload=x', "//books.test", "ftp://books.test",
    ],
)  # fmt: skip
def test_what_is_no_safe_address_is_not_kept(address: str) -> None:
    assert not is_address(address, may_be_plain=False)


def test_plain_http_is_for_a_demo_alone() -> None:
    assert is_address("http://127.0.0.1:8000/x", may_be_plain=True)
    assert origin_of("http://127.0.0.1:8000/x?y") == "http://127.0.0.1:8000"
