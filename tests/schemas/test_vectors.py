"""The published vectors are fresh, and codec, MicroPython and JSON Schema agree with them."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.codec import RECORD_BYTES_MAX, WireError, encode
from schemas.generate import HERE, load, read
from tests.schemas import device_vectors, make_vectors
from tests.schemas.strategies import SCHEMAS, fields
from tests.servers.node import ROOT, run_node

FRAMES = {name: jsonschema.Draft202012Validator(schema) for name, schema in (load("records") | load("frames")).items()}
BUNDLE = jsonschema.Draft202012Validator(read(HERE / "documents/bundle.schema.json"))
ROSTER_LINE = jsonschema.Draft202012Validator(read(HERE / "documents/roster.schema.json"))
SCRIPT = Path(__file__).with_name("micropython.mjs")
# What no schema of one line can say; the codec does.
BEYOND_SCHEMA = {"more than 200 bytes", "cut short"}


def vectors(name: str) -> Any:
    return json.loads((make_vectors.FOLDER / f"{name}.json").read_text())


@pytest.mark.parametrize("path", make_vectors.written(), ids=lambda path: path.stem)
def test_vectors_are_not_stale(path: Path) -> None:
    assert path.read_text() == make_vectors.written()[path], "run python -m tests.schemas.make_vectors"


def test_every_kind_of_message_has_a_vector_and_spoiled_ones() -> None:
    kinds = set(load("records") | load("frames"))

    assert {vector["kind"] for vector in vectors("messages")} == kinds
    assert {vector["kind"] for vector in vectors("refused")} == kinds


def test_micropython_passes_every_vector_that_cpython_passes() -> None:
    check: Any = device_vectors.main  # untyped, since it runs there
    here = check(lambda name: (make_vectors.FOLDER / f"{name}.json").read_text())

    name, there = run_node(SCRIPT, str(ROOT), str(make_vectors.FOLDER)).splitlines()

    assert name.startswith("micropython 1.")
    assert json.loads(there) == here
    assert here["refused"] > 600


def test_micropython_writes_and_reads_whatever_the_schemas_allow(tmp_path: Path) -> None:
    for path in make_vectors.FOLDER.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    drawn = _drawn_messages()
    (tmp_path / "messages.json").write_text(json.dumps(drawn, ensure_ascii=False))

    _, counts = run_node(SCRIPT, str(ROOT), str(tmp_path)).splitlines()

    assert json.loads(counts)["messages"] == len(drawn) > 200


def _drawn_messages() -> list[dict[str, Any]]:
    """Return random valid messages of every kind, the same ones at every run."""
    found: list[dict[str, Any]] = []

    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def draw(data: st.DataObject) -> None:
        for kind in SCHEMAS:
            values = data.draw(fields(kind))
            try:
                line = encode(kind, values)
            except WireError as error:
                assert str(RECORD_BYTES_MAX) in str(error)  # noqa: PT017 (too long is the only way to be refused)
                continue
            if b"\\b" not in line and b"\\f" not in line:  # MicroPython writes them by number
                found.append({"kind": kind, "fields": values, "line": line.decode(), "hex": line.hex()})

    draw()
    return found


def test_json_schema_takes_every_valid_message() -> None:
    for vector in vectors("messages"):
        FRAMES[vector["kind"]].validate(json.loads(vector["line"]))


def test_json_schema_refuses_every_message_that_the_codec_refuses() -> None:
    taken = [
        vector["line"]
        for vector in vectors("refused")
        if vector["what"] not in BEYOND_SCHEMA and FRAMES[vector["kind"]].is_valid(json.loads(vector["line"]))
    ]

    assert taken == []


def test_json_schema_takes_every_line_of_the_rosters() -> None:
    rosters = vectors("rosters")
    for line in (rosters["snapshot"] + rosters["delta"] + rosters["canteen"] + rosters["desk"]).splitlines():
        ROSTER_LINE.validate(json.loads(line))


def test_json_schema_takes_good_bundles_and_refuses_the_others() -> None:
    bundles = vectors("bundles")
    for bundle in bundles["valid"]:
        BUNDLE.validate(bundle)

    taken = [vector["what"] for vector in bundles["refused"] if BUNDLE.is_valid(vector["bundle"])]

    assert taken == []
