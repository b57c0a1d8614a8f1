"""An agent runs on requirements/edge.txt alone, and holds nothing in memory that only the cloud works with."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.repo.sources import ROOT, imported, python_sources

LOCKED = frozenset(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements/edge.txt").read_text(), re.MULTILINE))
RELEASED = ("edge_agent/", "esik/", "schemas/")  # with firmware/, what a release of the agent holds
HIDING = """
import sys
from importlib import import_module

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def not_locked() -> dict[str, list[str]]:
    """Return what can be imported here and not on an agent's machine, with the packages that it comes from."""
    return {
        top: packages
        for top, packages in packages_distributions().items()
        if not {re.sub(r"[-_.]+", "-", package).lower() for package in packages} & (LOCKED | {"esik"})
    }


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a Python of its own."""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)


def test_no_file_of_an_agent_imports_what_it_does_not_bring() -> None:
    missing = not_locked()
    wanted = [
        f"{source.path} imports {name}, of {missing[name.partition('.')[0]]}"
        for source in python_sources()
        if source.path.startswith(RELEASED)
        for name in imported(source)
        if name.partition(".")[0] in missing
    ]

    assert "pandas" in missing, "the cloud's solver of timetables brings it"
    assert wanted == []


def test_every_module_of_an_agent_loads_where_nothing_else_is_installed() -> None:
    modules = sorted(source.module for source in python_sources() if source.path.startswith(RELEASED))

    done = run(HIDING.format(hidden=set(not_locked())) + f"for name in {modules!r}:\n    import_module(name)")

    assert len(modules) > 150
    assert done.returncode == 0, done.stderr


def test_the_cloud_says_what_it_wants_where_only_an_agent_is_installed() -> None:
    hidden = HIDING.format(hidden=set(not_locked()))

    done = run(f"{hidden}from esik.cli import main\nsys.exit(main(['cloud', 'run']))")

    assert done.returncode == 2
    assert "which is not installed here; `requirements/install.sh runtime` brings" in done.stderr


@pytest.mark.parametrize("name", ["numpy", "pandas", "tortoise", "ortools"])
def test_an_agent_holds_no_library_of_the_cloud_where_both_are_installed(name: str) -> None:
    done = run(f"import sys, edge_agent.cli\nassert {name!r} not in sys.modules\nimport {name}")

    assert done.returncode == 0, done.stderr
