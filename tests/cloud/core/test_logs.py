"""Logs say what happened, never whom it happened to."""

import io
import json

import pytest
import structlog

from cloud.core.logs import configure


def test_private_values_are_hidden_even_when_somebody_logs_them() -> None:
    out = io.StringIO()
    configure("info", "json", out)
    try:
        structlog.get_logger().info("person.added", person_id=5, iin="900101300123")
    finally:
        structlog.reset_defaults()

    entry = json.loads(out.getvalue())
    assert (entry["event"], entry["person_id"], entry["iin"]) == ("person.added", 5, "hidden")


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_traceback_tells_where_and_no_values(style: str) -> None:
    out = io.StringIO()
    configure("info", style, out)
    try:
        _fail_for("Ахметова Айгерім")
    finally:
        structlog.reset_defaults()

    assert "in _fail_for" in out.getvalue()
    assert "Ахметова" not in out.getvalue()


def _fail_for(name: str) -> None:
    try:
        name.index("Z")
    except ValueError:
        structlog.get_logger().exception("person.failed")
