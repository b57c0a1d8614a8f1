"""Every word of the guard's screen in three languages."""

import re
from typing import get_args

import pytest

from edge_agent.decision import Reason
from edge_agent.guard.book import RELATIONS
from edge_agent.guard.desk import COLLECT_REASONS, HAND_REASONS, OPEN_REASONS, PURPOSES
from edge_agent.guard.roll import State
from edge_agent.guard.sightings import Outcome
from edge_agent.guard.texts import TEXTS
from edge_agent.regime import FireRule, LockdownRule
from edge_agent.status.snapshot import Language
from edge_agent.status.texts import LANGUAGES

LATIN = re.compile(r"[A-Za-z]{2,}")
PLACES = re.compile(r"{\w*}")


def test_the_three_languages_say_the_same_things() -> None:
    assert {language: sorted(TEXTS[language]) for language in LANGUAGES} == dict.fromkeys(
        LANGUAGES, sorted(TEXTS["en"])
    )
    for key, text in TEXTS["en"].items():
        places = sorted(PLACES.findall(text))
        assert all(sorted(PLACES.findall(TEXTS[language][key])) == places for language in LANGUAGES), key


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_english_is_left(language: Language) -> None:
    left = {key: LATIN.findall(PLACES.sub("", text)) for key, text in TEXTS[language].items()}

    assert {key: words for key, words in left.items() if words and words not in (["PIN"], ["QR"])} == {
        "share_off": ["guard", "lan", "host"]
    }


def test_every_word_of_a_record_has_its_sentence() -> None:
    wanted = {f"r_{reason}" for reason in get_args(Reason)} | {f"o_{outcome}" for outcome in get_args(Outcome)}
    wanted |= {f"s_{state}" for state in get_args(State)} | {f"k_{relation}" for relation in RELATIONS}
    wanted |= {f"w_{each}" for each in HAND_REASONS} | {f"m_{each}" for each in OPEN_REASONS}
    wanted |= {f"v_{each}" for each in PURPOSES} | {f"c_{each}" for each in COLLECT_REASONS}
    wanted |= {f"does_fire_{each}" for each in get_args(FireRule)}
    wanted |= {f"does_lock_down_{each}" for each in get_args(LockdownRule)}

    assert wanted - set(TEXTS["kk"]) == set()
