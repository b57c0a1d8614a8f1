"""The rules of recommendations as tables: what each finds, at which figure it begins, and that its words tell it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.advice.errors import AdviceRefused
from cloud.advice.kinds import Advice, Facts, Rule, SubjectFacts, Thresholds
from cloud.advice.rules import advise, checked_answer, checked_own, checked_thresholds
from cloud.advice.showing import why
from cloud.advice.wording import OFFERS, REASONS
from cloud.core.i18n import Language, translate
from cloud.studies.queries import Subject

TODAY = date(2026, 10, 1)
LATELY = TODAY - timedelta(days=30)
MATHS = Subject(7, "mathematics", "", {"kk": "Математика", "ru": "Математика", "en": "Mathematics"}, 11, True)
PHYSICS = replace(MATHS, id=9, code="physics")
CALM = SubjectFacts(MATHS, works=5, percent=70, before=72, works_before=3, next_mark=5, next_from=85)
GOOD = Facts(TODAY, [CALM], lessons=40, contest_on=LATELY, achieved_on=LATELY)
NEW = replace(GOOD, contest_on=None, achieved_on=None)
BY = Thresholds()


def found(facts: Facts, by: Thresholds = BY) -> list[tuple[Rule, int, int, int]]:
    return [(each.rule, each.has, each.beside, each.least) for each in advise(facts, by)]


def subject(**changes: object) -> Facts:
    return replace(GOOD, subjects=[replace(CALM, **changes)])  # type: ignore[arg-type]  # by their names


@pytest.mark.requirement("KBR-4.2.advice")
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(GOOD, [], id="nothing"),
        pytest.param(subject(owes=1), [(Rule.OWES, 1, 0, 1)], id="owes"),
        pytest.param(subject(percent=49, before=None, next_mark=0), [(Rule.BEHIND, 49, 0, 50)], id="low"),
        pytest.param(subject(percent=50, before=None), [], id="not-low-yet"),
        pytest.param(subject(before=85), [(Rule.FALLS, 70, 85, 15)], id="fell"),
        pytest.param(subject(before=84), [], id="fell-little"),
        pytest.param(subject(before=100, works_before=2), [], id="fell-from-few-marks"),
        pytest.param(subject(percent=82), [(Rule.NEAR, 82, 5, 85)], id="near"),
        pytest.param(subject(percent=81), [], id="not-near"),
        pytest.param(replace(GOOD, absent=8, excused=2), [(Rule.MISSES, 6, 40, 15)], id="misses"),
        pytest.param(replace(GOOD, absent=8, excused=3), [], id="misses-few"),
        pytest.param(replace(GOOD, lessons=20, absent=3), [(Rule.MISSES, 3, 20, 15)], id="misses-of-enough-lessons"),
        pytest.param(replace(GOOD, lessons=19, absent=19), [], id="misses-of-few-lessons"),
        pytest.param(replace(GOOD, late=5), [(Rule.LATE, 5, 0, 5)], id="late"),
        pytest.param(replace(GOOD, late=4), [], id="late-seldom"),
        pytest.param(
            replace(subject(percent=95, next_mark=0), contest_on=None), [(Rule.STRONG, 95, 0, 90)], id="strong"
        ),
        pytest.param(subject(percent=95, next_mark=0), [], id="strong-with-a-contest"),
        pytest.param(
            replace(GOOD, achieved_on=TODAY - timedelta(days=365), contest_on=None), [(Rule.IDLE, 365, 0, 365)],
            id="idle",
        ),
        pytest.param(replace(NEW, since=TODAY - timedelta(days=365)), [(Rule.IDLE, 0, 0, 365)], id="never"),
        pytest.param(replace(NEW, since=TODAY - timedelta(days=364)), [], id="never-but-new-at-the-school"),
        pytest.param(replace(GOOD, lessons=0), [], id="no-lessons"),
    ],
)  # fmt: skip
def test_a_rule_finds_who_is_at_its_figure_and_nobody_before(
    facts: Facts, expected: list[tuple[Rule, int, int, int]]
) -> None:  # fmt: skip
    assert found(facts) == expected


def test_with_few_marks_a_subject_is_not_judged_but_a_missed_work_is_told() -> None:
    assert found(subject(works=2, percent=10, owes=1)) == [(Rule.OWES, 1, 0, 1)]
    assert found(subject(works=0, percent=None)) == []


def test_what_is_found_stands_in_the_rules_order_and_then_by_subjects() -> None:
    facts = replace(GOOD, late=9, subjects=[replace(CALM, percent=40, owes=1), replace(CALM, subject=PHYSICS, owes=2)])

    assert [(each.rule, each.subject.id if each.subject else 0) for each in advise(facts, BY)] == [
        (Rule.OWES, 7), (Rule.OWES, 9), (Rule.BEHIND, 7), (Rule.FALLS, 7), (Rule.LATE, 0),
    ]  # fmt: skip
    assert [each.key for each in advise(facts, BY)][:2] == ["owes-7", "owes-9"]


OFF = Thresholds(0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
_PERCENT = st.integers(0, 100)
_FACTS = st.builds(
    lambda percent, before, owes, lessons, late: replace(
        GOOD, late=late, lessons=lessons, absent=lessons, subjects=[replace(CALM, percent=percent, before=before,
                                                                            owes=owes)], achieved_on=None,
    ),
    _PERCENT, st.none() | _PERCENT, st.integers(0, 9), st.integers(0, 300), st.integers(0, 99),
)  # fmt: skip


@given(_FACTS)
def test_a_rule_that_is_off_finds_nobody(facts: Facts) -> None:
    assert advise(facts, OFF) == []


@given(_FACTS)
def test_every_reason_tells_its_figures_in_every_language(facts: Facts) -> None:
    for each in advise(facts, BY):
        for language in Language:
            words = why(each, language)

            assert words
            assert "{" not in words
            assert not each.has or str(each.has) in words


def test_every_rule_has_an_offer_and_a_reason_but_ones_own_which_is_words() -> None:
    rules = set(Rule) - {Rule.OWN}

    assert set(OFFERS) == set(REASONS) == rules
    assert len({translate(Language.KK, each) for each in OFFERS.values()}) == len(rules)
    assert why(Advice(Rule.OWN), Language.RU) == ""


@pytest.mark.parametrize(
    ("changes", "why_not"),
    [
        ({"behind": 101}, "Percents"),
        ({"falls": -1}, "Percents"),
        ({"works": 0}, "How often"),
        ({"late": 51}, "How often"),
        ({"idle": 2001}, "Days"),
        ({"behind": 91, "strong": 90}, "Exchange"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else None,
)
def test_thresholds_that_cannot_be_are_refused(changes: dict[str, int], why_not: str) -> None:
    with pytest.raises(AdviceRefused, match=why_not):
        checked_thresholds(replace(BY, **changes))


def test_thresholds_of_the_program_and_all_rules_off_can_be() -> None:
    assert checked_thresholds(BY) == BY
    assert checked_thresholds(OFF) == OFF


def test_words_are_few_hold_no_iin_and_are_not_blank() -> None:
    assert checked_own("  Тақта алдында\n\n\n\nжиірек сұрау ") == "Тақта алдында\n\nжиірек сұрау"
    for words in ("", " \n ", "x" * 501, "a\u0007b", "ЖСН 050101500010 бар"):
        with pytest.raises(AdviceRefused):
            checked_own(words)
    with pytest.raises(AdviceRefused):
        checked_answer("x" * 301)
