"""Controls and residency: every control of Annex A has its row, every sealed column its place."""

import re
import tomllib

from cloud.core.sealed import SEALED
from cloud.core.settings_table import described
from tests.repo.sources import ROOT

CONTROLS = (ROOT / "docs/controls.md").read_text()
RESIDENCY = (ROOT / "docs/residency.md").read_text()
COUNTS = {5: 37, 6: 8, 7: 14, 8: 34}  # of ISO/IEC 27001:2022, Annex A
ROW = re.compile(r"^\| (\d\.\d+) ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
LEADS = re.compile(r"\]\(|`[\w./-]+`")
NOWHERE = {"DATABASE_URL", "MQTT_URL", "DEVICE_MQTT_URL", "PUBLIC_URL", "TELEGRAM_API"}  # ours, or of one that is told


def test_all_93_controls_have_a_row_in_order() -> None:
    rows = [number for number, *_ in ROW.findall(CONTROLS)]

    assert rows == [f"{theme}.{number}" for theme, count in COUNTS.items() for number in range(1, count + 1)]
    assert len(rows) == 93


def test_a_row_says_something_on_one_side_at_least() -> None:
    assert [number for number, _, product, operator in ROW.findall(CONTROLS) if product == operator == "-"] == []


def test_most_of_what_the_technological_controls_claim_can_be_looked_up() -> None:
    claimed = [(number, text) for number, _, text, _ in ROW.findall(CONTROLS) if number[0] == "8" and text != "-"]
    bare = [number for number, text in claimed if not LEADS.search(text)]

    assert set(bare) <= {"8.2", "8.22", "8.30"}


def test_every_sealed_table_has_its_place() -> None:
    assert {column.table for column in SEALED} - set(re.findall(r"`(\w+)`", RESIDENCY)) == set()


def test_every_setting_that_leads_outside_is_told() -> None:
    leading = {each.variable for each in described() if re.search(r"_(URL|TARGETS|SOURCES|API)$", each.variable)}

    assert leading - {f"ESIK_{name}" for name in NOWHERE} - set(re.findall(r"`(ESIK_\w+)`", RESIDENCY)) == set()


def test_the_first_walk_names_every_slice_of_the_cloud() -> None:
    walk = (ROOT / "docs/architecture.md").read_text()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == ["cloud"])
    slices = {name.strip(" ()") for layer in layers for name in layer.split("|")}

    assert {name for name in slices if f"cloud/{name}/" not in walk and f"cloud/{name}.py" not in walk} == set()
