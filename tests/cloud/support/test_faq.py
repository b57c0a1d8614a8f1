"""What is often asked is answered for everybody in each language, and leads only where its reader may go."""

from urllib.parse import urlsplit

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.i18n import Language, translate
from cloud.core.navigation import PLACES
from cloud.support.faq import AUDIENCES, NAMED, RESOURCES, Audience, entries, sections_for, way_to

SHORT = 420  # letters of an answer


@pytest.mark.requirement("KZ456-24", part="support")
@pytest.mark.parametrize("audience", Audience)
def test_everybody_finds_short_answers_in_each_language(audience: Audience) -> None:
    found = [each for each in entries() if each.audience is audience]

    assert len(found) >= 3
    for each in found:
        for language in Language:
            question, answer = each.told(language)
            assert question.endswith(("?", ".")), question
            assert 40 < len(answer) <= SHORT, (language, question)
    assert set(AUDIENCES) == set(Audience)


def test_pages_and_buttons_are_called_as_they_are_called_in_the_language() -> None:
    named = {name for each in entries() for words in each.words.values() for name in NAMED.findall(words[1])}

    assert len(named) > 10
    for language in (Language.KK, Language.RU):
        assert {name for name in named if translate(language, name) == name} == set()
    assert not any("{" in each.told(language)[1] for each in entries() for language in Language)


def test_an_answer_leads_to_a_place_of_the_menu_or_to_a_page_of_everybody() -> None:
    places = {f"/go/{place.key}" for place in PLACES}

    assert {each.at for each in entries()} - places == {
        "", "/", "/account/child", "/account/second-step", "/privacy", "/sign-in/forgotten"
    }  # fmt: skip


def test_the_own_answers_come_first_and_lead_only_where_one_may_go() -> None:
    deputy = Actor("Deputy", 1, frozenset({Reach(Role.DEPUTY, 7)}))
    first, *others = sections_for(deputy)

    assert (first.audience, first.is_own, any(each.is_own for each in others)) == (Audience.OFFICE, True, False)
    ways = {way_to(each, deputy, has_mail=True) for each in entries()}
    assert ways == {"", "/privacy", "/go/reports"}  # neither the import nor the accounts are a deputy's
    assert "/sign-in/forgotten" in {way_to(each, None, has_mail=True) for each in entries()}
    assert "/sign-in/forgotten" not in {way_to(each, None, has_mail=False) for each in entries()}


@pytest.mark.requirement("KZ456-24", part="links")
def test_the_ministrys_resources_are_named_by_https_addresses_of_the_state() -> None:
    hosts = [urlsplit(each.address) for each in RESOURCES]

    assert all(each.scheme == "https" and str(each.hostname).endswith(".kz") for each in hosts)
    assert "www.gov.kz" in {each.hostname for each in hosts}
