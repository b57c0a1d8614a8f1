"""The page for strangers says what the schemas say."""

import json
import re

import pytest

from schemas import contract, topics
from schemas.codec import BATCH_BYTES_MAX, BATCH_BYTES_MAX_NODE, RECORD_BYTES_MAX
from schemas.generate import HERE, load

PAGE = contract.FILE.read_text()


def test_the_generated_sections_are_not_stale() -> None:
    assert contract.written(PAGE) == PAGE, "run python -m schemas.contract"


def test_a_page_that_lacks_a_section_is_refused() -> None:
    with pytest.raises(ValueError, match="no section rows"):
        contract.written(PAGE.replace("<!-- end: rows -->", ""))


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}")[2].partition("\n## ")[0]


def first_cells(title: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", section(title), re.MULTILINE)


def test_every_nack_has_its_line_in_the_table_of_what_to_do() -> None:
    codes = load("frames")["nack"]["properties"]["c"]["enum"]

    assert sorted(first_cells("Nacks")) == sorted(codes)


def test_every_clock_quality_is_explained() -> None:
    qualities = load("records")["open"]["properties"]["q"]["enum"]

    assert sorted(first_cells("Clocks")) == sorted(qualities)


def test_the_limits_are_those_of_the_code() -> None:
    limits = section("Limits")

    assert f"{RECORD_BYTES_MAX} bytes" in limits
    assert f"{BATCH_BYTES_MAX // 1024} KiB" in limits
    assert f"{BATCH_BYTES_MAX_NODE // 1024} KiB" in limits


def test_the_example_is_the_vectors() -> None:
    vectors = json.loads((HERE / "vectors/batches.json").read_text())

    assert vectors["batch"]["text"] in PAGE
    assert topics.topic(7, "alm005", "gate-1", topics.ACK) in PAGE
