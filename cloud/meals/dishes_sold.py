"""The dishes of a sale, as a column for SQL that asks for sales: names by language, how many, and what they cost.

Rule: lines of a sale are of its own device and epoch; a dish that no menu knows goes by its key.
"""

import json
from collections.abc import Mapping

LANGUAGES = ("kk", "ru", "en")


def _dishes(only: str = "") -> str:
    return f"""
(SELECT coalesce(json_agg(json_build_object('kk', coalesce(version.name_kk, line.dish),
    'ru', coalesce(version.name_ru, line.dish), 'en', coalesce(version.name_en, line.dish), 'count', line.count,
    'tiyn', line.count * line.price_tiyn) ORDER BY line.seq), '[]')
  FROM meal_line AS line LEFT JOIN dish ON dish.school_id = line.school_id AND dish.key = line.dish
  LEFT JOIN dish_version AS version ON version.dish_id = dish.id AND version.version = line.version
  WHERE line.school_id = sale.school_id AND line.sale = sale.id AND line.device = sale.device
    AND line.epoch = sale.epoch {only}) AS dishes
"""  # noqa: S608 - of our own words only


DISHES = _dishes()
DISHES_BEFORE = _dishes("AND line.seq < sale.seq")  # without what came behind the sale, which may be another's


def dishes_read(column: str) -> list[tuple[Mapping[str, str], int]]:
    """Return what the column holds: the names of each dish by language, and how many."""
    return [({name: each[name] for name in LANGUAGES}, each["count"]) for each in json.loads(column)]
