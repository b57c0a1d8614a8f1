"""What a questionnaire may ask, what an answer may be, and how answers are counted."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from cloud.questionnaires.errors import AnswerRefused, QuestionnaireRefused
from cloud.questionnaires.kinds import Audience, Given, Kind, Question, QuestionGiven
from cloud.questionnaires.ready import all_ready
from cloud.questionnaires.rules import checked, checked_answers, checked_question, counted, words_of

TODAY = date(2026, 9, 1)
WORDS = {"kk": "Сұрақ", "ru": "", "en": ""}
GIVEN = Given(Audience.PARENTS, {"kk": " Асхана  туралы ", "ru": "", "en": ""}, {}, TODAY, TODAY + timedelta(days=13))


def question(kind: Kind, most: int = 0, *, is_required: bool = True, number: int = 1) -> Question:
    options = {"kk": ("Иә", "Жоқ"), "ru": (), "en": ()} if kind in (Kind.ONE, Kind.SEVERAL) else {}
    return Question(number, number, QuestionGiven(kind, WORDS, options, is_required, most))


def test_a_questionnaire_in_one_language_is_enough_and_its_title_is_one_line() -> None:
    plain = checked(replace(GIVEN, roles=("teacher",), classes=(3, 3, 1)), TODAY)

    assert plain.titles == {"kk": "Асхана туралы", "ru": "", "en": ""}
    assert (plain.roles, plain.classes) == ([], [1, 3])


def test_of_staff_roles_are_named_and_classes_are_not() -> None:
    plain = checked(replace(GIVEN, audience=Audience.STAFF, roles=("teacher", "teacher"), classes=(3,)), TODAY)

    assert (plain.roles, plain.classes) == (["teacher"], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"titles": {"kk": "", "ru": " ", "en": ""}},
        {"titles": {"kk": "x" * 121}},
        {"intros": {"ru": "x" * 1_001}},
        {"first_on": TODAY - timedelta(days=1)},
        {"last_on": TODAY - timedelta(days=1)},
        {"last_on": TODAY + timedelta(days=184)},
        {"first_on": TODAY + timedelta(days=367), "last_on": TODAY + timedelta(days=368)},
        {"fewest": 4},
        {"fewest": 101},
        {"roles": ("operator",)},
    ],
    ids=["no_title", "long_title", "long_intro", "yesterday", "ends_before", "lasts_long", "far_ahead", "few", "many",
         "role"],
)  # fmt: skip
def test_a_questionnaire_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(QuestionnaireRefused):
        checked(replace(GIVEN, **wrong), TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        QuestionGiven(Kind.ONE, {"kk": "", "ru": "", "en": ""}, {"kk": ("a", "b")}),
        QuestionGiven(Kind.ONE, WORDS, {"kk": ("a",)}),
        QuestionGiven(Kind.ONE, WORDS, {"kk": tuple("abcdefghijklmnopqrstu")}),
        QuestionGiven(Kind.ONE, {"kk": "a", "ru": "b"}, {"kk": ("a", "b"), "ru": ("a", "b", "c")}),
        QuestionGiven(Kind.ONE, {"kk": "a", "ru": "b"}, {"kk": ("a", "b")}),
        QuestionGiven(Kind.ONE, WORDS, {"kk": ("a", "b" * 121)}),
        QuestionGiven(Kind.SCALE, WORDS, {}, most=1),
        QuestionGiven(Kind.SCALE, WORDS, {}, most=11),
        QuestionGiven(Kind.NUMBER, WORDS, {}, most=0),
        QuestionGiven(Kind.NUMBER, WORDS, {}, most=1_000_000),
    ],
    ids=["no_words", "one_option", "many_options", "unequal", "untranslated", "long_option", "scale_short",
         "scale_long", "no_most", "most_high"],
)  # fmt: skip
def test_a_question_that_cannot_be_is_refused(given: QuestionGiven) -> None:
    with pytest.raises(QuestionnaireRefused):
        checked_question(given)


def test_a_question_keeps_only_what_its_kind_needs() -> None:
    options = {"kk": ("a", " ", "b ")}

    chosen = checked_question(QuestionGiven(Kind.ONE, WORDS, options, most=7))
    scale = checked_question(QuestionGiven(Kind.SCALE, WORDS, options, most=7))
    line = checked_question(QuestionGiven(Kind.LINE, WORDS, options, most=7))

    assert (chosen.options["kk"], chosen.most) == (["a", "b"], 0)
    assert (scale.options["kk"], scale.most, line.most) == ((), 7, 0)


@pytest.mark.parametrize(
    ("asked", "typed", "kept"),
    [
        (question(Kind.ONE), ["1"], ["1"]),
        (question(Kind.SEVERAL), ["1", "0", "1"], ["0", "1"]),
        (question(Kind.SCALE, 5), [" 5 "], ["5"]),
        (question(Kind.NUMBER, 100), ["007"], ["7"]),
        (question(Kind.LINE), ["  екі   сөз "], ["екі сөз"]),
        (question(Kind.WORDS), ["бір\n\n\n\nекі"], ["бір\n\nекі"]),
    ],
    ids=["one", "several", "scale", "number", "line", "words"],
)
def test_an_answer_is_kept_in_its_one_form(asked: Question, typed: list[str], kept: list[str]) -> None:
    assert checked_answers([asked], {1: typed}) == {1: kept}


@pytest.mark.parametrize(
    ("asked", "typed"),
    [
        (question(Kind.ONE), []),
        (question(Kind.ONE), ["0", "1"]),
        (question(Kind.ONE), ["2"]),
        (question(Kind.SEVERAL), ["x"]),
        (question(Kind.SCALE, 5), ["0"]),
        (question(Kind.SCALE, 5), ["6"]),
        (question(Kind.NUMBER, 10), ["-1"]),
        (question(Kind.NUMBER, 10), ["٣"]),
        (question(Kind.LINE), ["x" * 201]),
        (question(Kind.WORDS), ["x" * 1_001]),
        (question(Kind.WORDS), ["\x00 x"]),
    ],
    ids=[
        "needed",
        "two",
        "unknown",
        "word",
        "below",
        "above",
        "negative",
        "digits",
        "long_line",
        "long_words",
        "unseen",
    ],
)
def test_an_answer_that_cannot_be_names_its_question(asked: Question, typed: list[str]) -> None:
    with pytest.raises(AnswerRefused, match="Question 1"):
        checked_answers([asked], {1: typed})


def test_what_may_stay_empty_is_not_kept_and_what_nobody_asked_neither() -> None:
    assert checked_answers([question(Kind.LINE, is_required=False)], {1: [" "], 2: ["x"]}) == {}


def test_answers_are_counted_and_words_lie_by_the_alphabet() -> None:
    scale = counted(question(Kind.SCALE, 5), [{1: ["4"]}, {1: ["5"]}, {1: ["5"]}, {}])
    words = counted(question(Kind.WORDS), [{1: ["ә"]}, {1: ["Б"]}, {1: ["а"]}])

    assert (dict(scale.counts), scale.answers, scale.mean) == ({4: 1, 5: 2}, 3, Fraction(14, 3))
    assert (list(words.said), words.answers, words.mean) == (["а", "Б", "ә"], 3, None)


def test_a_sheet_is_told_in_words() -> None:
    sheet = {1: ["0", "1"], 2: ["4"], 3: ["жақсы"]}

    told = [words_of(each, sheet, "ru") for each in (
        question(Kind.SEVERAL), question(Kind.SCALE, 5, number=2), question(Kind.WORDS, number=3),
        question(Kind.LINE, number=4),
    )]  # fmt: skip

    assert told == ["Иә; Жоқ", "4", "жақсы", ""]


@pytest.mark.requirement("KZ456-27.16", part="questionnaires")
@pytest.mark.parametrize("key", ["meals", "school", "wellbeing"])
def test_what_stands_ready_is_whole_in_three_languages(key: str) -> None:
    ready = all_ready()[key]

    plain = checked(ready.given(TODAY), TODAY)
    questions = [checked_question(each) for each in ready.questions]

    assert all(plain.titles.values())
    assert all(plain.intros.values())
    assert all(all(each.words.values()) for each in questions)
    assert len(set(plain.titles.values())) == 3
