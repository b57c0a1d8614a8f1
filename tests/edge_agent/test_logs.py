"""The agent's logs say what happened, never whom it happened to."""

import io
from typing import Literal

import pytest
import structlog

from edge_agent.logs import configure
from edge_agent.settings import LogSettings


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_tells_where_and_no_values(form: Literal["json", "text"]) -> None:
    out = io.StringIO()
    configure(LogSettings(form), out)
    try:
        _fail_for("Ахметова Айгерім")
    finally:
        structlog.reset_defaults()

    assert "_fail_for" in out.getvalue()
    assert "Ахметова" not in out.getvalue()


def _fail_for(name: str) -> None:
    try:
        name.index("Z")
    except ValueError:
        structlog.get_logger().exception("person.failed")
