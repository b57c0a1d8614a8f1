"""The AsyncAPI document is fresh, and the reference parser finds nothing wrong with it."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas import asyncapi, topics
from schemas.generate import load
from tests.servers.node import run_node

SCRIPT = Path(__file__).with_name("asyncapi.mjs")


def parsed(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_node(SCRIPT, str(file)))
    return found


def test_the_document_is_not_stale() -> None:
    assert asyncapi.FILE.read_text() == asyncapi.written(), "run python -m schemas.asyncapi"


def test_the_reference_parser_takes_the_document() -> None:
    found = parsed(asyncapi.FILE)

    assert found["diagnostics"] == []
    assert found["version"].startswith("3.")
    assert [address.rpartition("/")[2] for address in found["channels"]] == list(topics.CHANNELS)
    assert set(found["messages"]) == set(load("frames"))


def test_the_reference_parser_would_find_a_reference_to_nothing(tmp_path: Path) -> None:
    spoiled = asyncapi.document()
    spoiled["channels"]["rec"]["messages"]["gap"]["$ref"] = "#/components/messages/dance"
    (tmp_path / "spoiled.json").write_text(json.dumps(spoiled))

    found = parsed(tmp_path / "spoiled.json")

    assert any(trouble["severity"] == 0 for trouble in found["diagnostics"])


@pytest.mark.parametrize("name", sorted(load("frames")))
def test_every_example_fits_the_schema_beside_it(name: str) -> None:
    document = asyncapi.document()
    message = document["components"]["messages"][name]
    # AsyncAPI's own dialect is a superset of draft 7.
    validator = jsonschema.Draft7Validator({**message["payload"], "components": document["components"]})

    for example in message["examples"]:
        validator.validate(example["payload"])
