"""What registries say of known holes is judged as it is meant, and silence is never taken for a clean bill."""

from pathlib import Path

import pytest

from tests.repo import audit
from tests.repo.audit import Outcome, node_outcome, python_outcome
from tests.servers.process import free_port

CLEAN = {"dependencies": [{"name": "anyio", "version": "4.0", "vulns": []}]}
HOLED = {
    "dependencies": [
        {"name": "pip", "version": "23.0", "vulns": [{"id": "PYSEC-2023-228", "fix_versions": ["23.3"]}]},
        {"name": "odd", "skip_reason": "not found on PyPI"},
    ]
}
NODE_HOLED = {
    "vulnerabilities": {
        "a": {"name": "a", "severity": "high", "range": "<2"},
        "b": {"name": "b", "severity": "low", "range": "<3"},
    }
}
NODE_SILENT = {"message": "405 Method Not Allowed", "error": {"summary": ""}}


def test_a_known_hole_is_named_with_its_mend() -> None:
    told = python_outcome(HOLED)

    assert told.lines() == [
        "audit: pypi.org: pip 23.0 has PYSEC-2023-228, mended in 23.3",
        "audit: pypi.org could not judge odd: not found on PyPI",
    ]
    assert told.is_failure(strict=False)


def test_a_hole_of_an_npm_package_counts_from_moderate_severity_on() -> None:
    assert node_outcome(NODE_HOLED).lines() == ["audit: the npm registry: a <2 has a hole, high"]


@pytest.mark.parametrize(
    ("outcome", "strict", "fails"),
    [
        (python_outcome(CLEAN), True, False),
        (Outcome("r", unknown=("odd",)), False, False),
        (Outcome("r", unknown=("odd",)), True, True),
        (node_outcome(NODE_SILENT), False, False),
        (node_outcome(NODE_SILENT), True, True),
    ],
)
def test_what_is_not_known_fails_only_where_that_is_asked_for(outcome: Outcome, strict: bool, fails: bool) -> None:
    assert outcome.is_failure(strict=strict) is fails


def test_silence_is_told_as_silence() -> None:
    (line,) = node_outcome(NODE_SILENT).lines()

    assert line.startswith("audit: the npm registry was not heard, so nothing is known")
    assert line.endswith("405 Method Not Allowed")


def test_a_service_that_knows_no_hole_of_a_bad_release_was_not_heard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text('{"vulnerabilities": []}')
    monkeypatch.setattr(audit, "KNOWN_BAD", answer.as_uri())

    assert audit.ask_python().unheard == "it tells of no holes where some are known"


def test_a_service_out_of_reach_was_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "KNOWN_BAD", f"http://127.0.0.1:{free_port()}/pypi/pip/23.0/json")

    assert "refused" in audit.ask_python().unheard
