"""Builds the documentation site: `python -m tests.repo.site [folder]`, into build/site if none is named."""

import sys
from pathlib import Path

from properdocs.commands.build import build
from properdocs.config import load_config

from tests.repo.sources import ROOT

CONFIGURATION = ROOT / "properdocs.yml"


def build_into(folder: Path) -> None:
    """Build the site; whatever is only a warning ends it. Raises properdocs.exceptions.Abort."""
    config = load_config(str(CONFIGURATION), site_dir=str(folder))
    config.plugins.on_startup(command="build", dirty=False)
    try:
        build(config)
    finally:
        config.plugins.on_shutdown()


if __name__ == "__main__":
    where = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site")
    build_into(where)
    sys.stdout.write(f"{where}/index.html\n")
