"""Copies what pages load and PDFs are set in out of npm packages into build/assets, where the cloud finds it."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
ASSETS = ROOT / "build" / "assets"
FILES = (
    "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js",
    "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",  # of PDFs; it has the letters of Kazakh and the sign of the tenge
    "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
    "htmx.org/dist/htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js",
)


class PackageMissing(FileNotFoundError):
    """An npm package is not installed, or no longer holds a file that the pages load."""


def copy_assets(packages: Path, assets: Path) -> list[Path]:
    """Copy each file under its own name, sizes and bytes as published, and return the copies."""
    missing = [name for name in FILES if not (packages / name).is_file()]
    if missing:
        raise PackageMissing(f"Not in {packages}: {', '.join(missing)}. Run `make setup`.")
    assets.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copyfile(packages / name, assets / Path(name).name)) for name in FILES]


if __name__ == "__main__":
    try:
        copy_assets(PACKAGES, ASSETS)
    except PackageMissing as error:
        sys.exit(str(error))
