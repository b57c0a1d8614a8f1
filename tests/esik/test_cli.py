"""The front door leads to the program asked for, imports no other, and explains itself."""

import io
import subprocess
import sys

import pytest

from esik import __version__, cli


def test_without_words_it_lists_every_program() -> None:
    page = io.StringIO()

    status = cli.main([], page)

    assert status == 0
    assert all(f"  {name}" in page.getvalue() for name in cli.PROGRAMS)


def test_it_tells_its_version() -> None:
    page = io.StringIO()

    status = cli.main(["--version"], page)

    assert (status, page.getvalue()) == (0, f"esik {__version__}\n")


def test_an_unknown_program_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["gate"])

    complaint = capsys.readouterr().err
    assert status == cli.USAGE_ERROR
    assert "'gate'" in complaint
    assert "edge" in complaint


def test_a_program_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cli.PROGRAMS, "edge", cli.Program("no_such_package.cli", "nothing"))

    status = cli.main(["edge", "run"])

    assert status == cli.USAGE_ERROR
    assert "no_such_package.cli is missing" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "foreign"), [("edge", "cloud"), ("cloud", "edge_agent")])
def test_a_program_does_not_import_the_other(name: str, foreign: str) -> None:
    script = (
        "import sys\nfrom esik import cli\n"
        f"try: cli.main([{name!r}, '--help'])\nexcept SystemExit: pass\n"
        f"sys.exit(any(module.split('.')[0] == {foreign!r} for module in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr
