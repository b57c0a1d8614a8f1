"""Enrolment codes: written and read again, refused when they are not whole, and silent about their token."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.enrolment import CODE_MAX, Code, CodeRefused, is_safe, pin_of, read_code
from schemas.generate import HERE, read

VECTORS = json.loads((HERE / "vectors/enrolments.json").read_text())
TOKEN = bytes(range(16))
CODE = Code("https://esik.example", "ab" * 16, "almaty5", ("main", "қақпа,1"), "almaty5-main", TOKEN)
GATE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=16)


@given(st.lists(GATE, min_size=1, max_size=8).filter(lambda gates: len("".join(gates)) <= 20))
def test_a_code_is_read_as_it_was_written(gates: list[str]) -> None:
    written = Code(CODE.url, CODE.pin, CODE.school, tuple(gates), CODE.device, TOKEN).text()

    read = read_code(f" {written}\n")

    assert written.isascii()
    assert len(written) <= CODE_MAX
    assert (read.url, read.pin, read.school, read.device) == (CODE.url, CODE.pin, CODE.school, CODE.device)
    assert (read.gates, read.token) == (tuple(gates), TOKEN)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no_code"),
        ("https://esik.example/enrol", "no_code"),
        ("04A1B2C3D4E5F6", "no_code"),
        (CODE.text() + "x" * 600, "no_code"),
        (CODE.text()[:-1], "damaged"),
        (CODE.text() + ";", "damaged"),
        (CODE.text().replace("ab" * 16, "xy" * 16), "damaged"),
        (CODE.text().replace(";almaty5;", ";;"), "damaged"),
        (CODE.text().replace("main,", "main,,"), "damaged"),
        (CODE.text().replace("main,", "%zz,"), "damaged"),
        (CODE.text().replace("https:", "http:"), "unsafe"),
        (CODE.text().replace("https:", "ftp:"), "unsafe"),
        (CODE.text().replace("esik.example", "host:port"), "unsafe"),
    ],
)
def test_what_is_no_whole_code_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(CodeRefused) as refused:
        read_code(text)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://esik.example", True),
        ("https://10.0.0.1:8443", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://[::1]", True),
        ("https://[2001:db8::8:800:200c]:443", True),
        ("https://[1:2:3:4:5:6:7:8]", True),
        ("https://esik_cloud.local", True),
        ("https://esik.қаз", True),
        ("https://255.255.255.255:65535", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost@evil.example", False),
        ("http://evil.example:80", False),
        ("https://esik.example/x", False),
        ("https://", False),
        ("HTTP://127.0.0.1", False),
        ("esik.example", False),
        ("https://host:port", False),
        ("https://host:", False),
        ("https://host:0", False),
        ("https://host:65536", False),
        ("https://host:-1", False),
        ("https://host:²", False),
        ("https://host:1:2", False),
        ("https://:443", False),
        ("https://[::zz]", False),
        ("https://[:::]", False),
        ("https://[1::2::3]", False),
        ("https://[1:2:3:4:5:6:7]", False),
        ("https://[1:2:3:4:5:6:7:8:9]", False),
        ("https://[::1", False),
        ("https://[::1]x", False),
        ("https://[]", False),
        ("https://::1", False),
        ("https://1.2.3.999", False),
        ("https://1.2.3", False),
        ("https://a..b", False),
        ("https://.b", False),
        ("https://a b", False),
        ("https://a\\b", False),
        ("https://a%2fb", False),
        ("https://a\0b", False),
        ("https://" + "a" * 64, False),
        ("https://" + "a." * 127 + "b", False),
    ],
)
def test_secrets_come_over_tls_or_from_this_machine_only(url: str, safe: bool) -> None:
    assert is_safe(url) is safe


def test_what_is_made_of_a_token_differs_and_tells_nothing_of_it() -> None:
    made = {CODE.invitation, CODE.request_key.hex(), CODE.answer_key.hex(), TOKEN.hex()}

    assert len({each[:16] for each in made}) == 4
    assert TOKEN.hex() not in repr(CODE)
    assert pin_of(b"a certificate") != pin_of(b"another one")


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["what"])
def test_a_code_of_the_vectors_is_refused_for_its_reason(vector: dict[str, str]) -> None:
    with pytest.raises(CodeRefused) as refused:
        read_code(vector["code"])

    assert refused.value.reason == vector["reason"]


def test_the_request_of_the_vectors_is_as_its_schema_says() -> None:
    schema = read(HERE / "documents/enrolment.schema.json")

    jsonschema.validate(json.loads(VECTORS["request"]["body"]), schema)
    assert read_code(VECTORS["code"]).gates == tuple(VECTORS["parts"]["gates"])
