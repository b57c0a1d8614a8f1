"""The words of the guard's screen and of the muster list, in Kazakh, Russian and English; a test compares the three."""

from edge_agent.guard.words_en import WORDS_EN
from edge_agent.guard.words_kk import WORDS_KK
from edge_agent.guard.words_ru import WORDS_RU
from edge_agent.status.snapshot import Language

TEXTS: dict[Language, dict[str, str]] = {"kk": WORDS_KK, "ru": WORDS_RU, "en": WORDS_EN}
