"""What is generated is what the schemas say, and the schemas are schemas."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas import generate

PATHS = sorted(generate.HERE.glob("*/*.schema.json"))


@pytest.mark.parametrize("path", generate.written(), ids=lambda path: path.name)
def test_generated_files_are_not_stale(path: Path) -> None:
    assert path.read_text() == generate.written()[path], "run python -m schemas.generate"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_schema_is_valid_2020_12(path: Path) -> None:
    schema = generate.read(path)

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(str(path.relative_to(generate.HERE)))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_field_has_a_long_name_and_a_meaning(path: Path) -> None:
    nameless = [field for field in _fields(generate.read(path)) if not field.get("title") or not field["description"]]

    assert nameless == []


def test_a_pattern_that_a_microcontroller_could_not_check_is_refused() -> None:
    with pytest.raises(ValueError, match="ALPHABETS"):
        generate.spec("x", {"title": "odd", "type": "string", "pattern": "^(a|b)+$"}, required=True)


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(schema.get("properties", {}).values())
    for definition in schema.get("$defs", {}).values():
        found += definition.get("properties", {}).values()
        found += definition["prefixItems"] if definition["title"][:5] != "Delta" and "prefixItems" in definition else []
    return found
