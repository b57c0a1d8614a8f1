"""Signs: each has an icon that the page draws."""

import re
from pathlib import Path

import cloud
from cloud.core.words import SIGNS

CLOUD = Path(cloud.__file__).parent
DRAWN = frozenset(re.findall(r'id="i-([a-z]+)"', (CLOUD / "core/templates/core/icons.html").read_text("utf-8")))
NAMED = re.compile(r'ui\.(?:icon|state)\("([a-z]+)"')


def test_every_sign_has_an_icon_that_is_drawn() -> None:
    assert {code: sign.icon for code, sign in SIGNS.items() if sign.icon not in DRAWN} == {}


def test_templates_name_icons_that_are_drawn() -> None:
    named = {icon for path in CLOUD.glob("*/templates/**/*.html") for icon in NAMED.findall(path.read_text("utf-8"))}

    assert named - DRAWN == set()
