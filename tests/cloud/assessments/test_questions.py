"""Questions as tables: what is wrong with one, what an answer is worth, and that JSON keeps each as it is."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.assessments.answers import read_answer, to_kept, words_in
from cloud.assessments.errors import AnswerRefused, QuestionRefused
from cloud.assessments.questions import (
    Answer,
    Body,
    Choice,
    Essay,
    Kind,
    Match,
    Number,
    Option,
    Order,
    Question,
    Text,
    as_number,
    check,
    from_data,
    kind_of,
    score,
    to_data,
)

ONE = Choice((Option("a", "4", True), Option("b", "5", False), Option("c", "6", False)))
MANY = Choice(
    (Option("a", "2", True), Option("b", "3", True), Option("c", "4", False), Option("d", "6", False)), many=True
)
PART = replace(MANY, partial=True)
PAIRS = Match(
    (("kz", "Қазақстан"), ("fr", "Франция")),
    (("1", "Астана"), ("2", "Париж"), ("3", "Рим")),
    frozenset({("kz", "1"), ("fr", "2")}),
)
ROW = Order((("x", "1991"), ("y", "1995"), ("z", "1997"), ("w", "2019")))
NUMBER = Number(Decimal("3.14"), Decimal("0.005"))
WORD = Text(("Абай Кунанбаев", "Абай"))
ESSAY = Essay(150, "Тезис, два довода, вывод")
BODIES: dict[str, Body] = {
    "one": ONE, "many": MANY, "part": PART, "match": PAIRS, "order": ROW, "number": NUMBER, "text": WORD,
    "essay": ESSAY,
}  # fmt: skip


def _question(body: Body, points: int = 4) -> Question:
    return Question(kind_of(body), "Что верно?\nВыбери.", body, points, "Потому что так.", 2)


def _named(case: object) -> str:
    """Return what a case is called: no set is written out, as its order is another in each run."""
    if isinstance(case, str) or case is None:
        return str(case)[:24]
    return "-".join(map(str, case)) if isinstance(case, tuple) else type(case).__name__.lower()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_question_in_order_has_no_problem_and_is_kept_as_it_is(body: Body) -> None:
    question = _question(body)

    assert check(question) == []
    assert from_data(to_data(question)) == question


@pytest.mark.parametrize(
    ("body", "answer", "points"),
    [
        (ONE, ("a",), "4"),
        (ONE, ("b",), "0"),
        (ONE, None, "0"),
        (MANY, ("a", "b"), "4"),
        (MANY, ("a",), "0"),
        (MANY, ("a", "b", "c"), "0"),
        (PART, ("a",), "2"),
        (PART, ("a", "b", "c"), "2"),
        (PART, ("a", "b", "c", "d"), "0"),  # everything chosen is nothing known
        (PART, ("c",), "0"),  # never less than nothing
        (PAIRS, frozenset({("kz", "1"), ("fr", "2")}), "4"),
        (PAIRS, frozenset({("kz", "1"), ("fr", "3")}), "2"),
        (PAIRS, frozenset({("kz", "1"), ("kz", "2"), ("kz", "3")}), "0"),
        (ROW, ("x", "y", "z", "w"), "4"),
        (ROW, ("y", "x", "z", "w"), "2"),
        (ROW, ("w", "x", "y", "z"), "0"),
        (NUMBER, "3,14", "4"),
        (NUMBER, "3.145", "4"),
        (NUMBER, "3.1451", "0"),
        (NUMBER, " +3,14 ", "4"),
        (NUMBER, "пи", "0"),
        (Number(Decimal(-12000)), "−12 000", "4"),
        (WORD, "  абай ", "4"),
        (WORD, "Абай  Кунанбаев.", "4"),
        (WORD, "Абай К.", "0"),
        (Text(("Ёлка",)), "елка", "4"),
        (Text(("Ёлка",), is_case_sensitive=True), "ёлка", "0"),
        (Text(("«Слова назидания»",)), '"слова назидания"', "4"),
        (ESSAY, "", "0"),
    ],
    ids=_named,
)
def test_an_answer_is_worth(body: Body, answer: Answer, points: str) -> None:
    assert score(_question(body), answer) == Decimal(points)


def test_a_third_of_the_points_is_told_in_hundredths() -> None:
    three = Order((("a", "1"), ("b", "2"), ("c", "3")))

    assert score(_question(three, points=1), ("a", "c", "b")) == Decimal("0.33")


def test_an_essay_waits_for_a_person() -> None:
    assert score(_question(ESSAY), "Слова назидания учат нас.") is None


@pytest.mark.parametrize(
    ("question", "where", "words"),
    [
        (replace(_question(ONE), prompt=" \n"), "prompt", "Write what is asked"),
        (replace(_question(ONE), prompt="я" * 4_001), "prompt", "4000 letters"),
        (replace(_question(ONE), prompt="a\0b"), "prompt", "letters"),
        (replace(_question(ONE), kind=Kind.MATCH), "kind", "another kind"),
        (_question(ONE, points=0), "points", "1 to 100"),
        (_question(ONE, points=101), "points", "1 to 100"),
        (replace(_question(ONE), difficulty=4), "difficulty", "difficulties"),
        (replace(_question(ONE), explanation="я" * 2_001), "explanation", "2000 letters"),
        (_question(Choice((Option("a", "4", True),))), "options", "2 to 12"),
        (_question(Choice((Option("a", "4", False), Option("b", "5", False)))), "options", "which answer is right"),
        (_question(replace(MANY, many=False)), "options", "Several answers"),
        (_question(Choice((Option("a", "4", True), Option("b", "5", True)), many=True)), "options", "All answers"),
        (_question(Choice((Option("a", "4", True), Option("a", "5", False)))), "options", "key of its own"),
        (_question(Choice((Option("a b", "4", True), Option("c", "5", False)))), "options", "key of its own"),
        (_question(Choice((Option("a", "4", True), Option("b", " ", False)))), "options", "empty"),
        (_question(Choice((Option("a", "4", True), Option("b", "4 ", False)))), "options", "twice"),
        (_question(replace(PAIRS, pairs=frozenset({("kz", "1")}))), "pairs", "one partner"),
        (_question(replace(PAIRS, pairs=PAIRS.pairs | {("kz", "3")})), "pairs", "one partner"),
        (_question(replace(PAIRS, pairs=PAIRS.pairs | {("de", "3")})), "pairs", "neither column"),
        (_question(Order((("a", "1"),))), "items", "2 to 12"),
        (_question(Number(Decimal("NaN"))), "value", "up to 15 digits"),
        (_question(Number(Decimal("1e20"))), "value", "up to 15 digits"),
        (_question(Number(Decimal(1), Decimal(-1))), "tolerance", "less than nothing"),
        (_question(Text(())), "accepted", "1 to 20"),
        (_question(Text(("", "a"))), "accepted", "1 to 20"),
        (_question(Essay(0)), "words", "1 to 5000"),
        (_question(Essay(None, "я" * 4_001)), "rubric", "4000 letters"),
    ],
    ids=_named,
)
def test_what_is_wrong_is_told_at_its_place(question: Question, where: str, words: str) -> None:
    problems = check(question)

    assert problems[0].where == where
    assert words in str(problems[0].told)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {**to_data(_question(ONE)), "kind": "riddle"},
        {**to_data(_question(ONE)), "points": "4"},
        {**to_data(_question(ONE)), "body": {"items": [["a", "1"]]}},
        {**to_data(_question(NUMBER)), "body": {"value": "a lot", "tolerance": "0"}},
    ],
    ids=["empty", "kind", "points", "another's body", "number"],
)
def test_what_was_not_kept_so_is_refused_with_its_place(data: dict[str, object]) -> None:
    with pytest.raises(QuestionRefused, match=r"not how a question is kept: .+"):
        from_data(data)


@pytest.mark.parametrize(
    ("body", "given"),
    [
        (ONE, ["z"]),
        (ONE, ["a", "b"]),
        (ONE, "a"),
        (ONE, {"a": 1}),
        (MANY, ["a", "a"]),
        (ROW, ["x", "y"]),
        (ROW, ["x", "y", "z", "z"]),
        (PAIRS, [["kz", "1"], ["kz", "2"]]),
        (PAIRS, [["kz", "9"]]),
        (PAIRS, [["kz"]]),
        (NUMBER, "пи"),
        (NUMBER, 3.14),
        (WORD, "я" * 201),
        (WORD, "a\0"),
        (ESSAY, ["a"]),
    ],
    ids=_named,
)
def test_what_is_no_answer_is_refused(body: Body, given: object) -> None:
    with pytest.raises(AnswerRefused):
        read_answer(_question(body), given)


@pytest.mark.parametrize(
    ("body", "given", "kept"),
    [
        (ONE, ["b"], ["b"]),
        (MANY, ["b", "a"], ["a", "b"]),
        (ROW, ["w", "z", "y", "x"], ["w", "z", "y", "x"]),
        (PAIRS, [["kz", "1"]], [["kz", "1"]]),
        (NUMBER, " 3,14 ", "3,14"),
        (WORD, " Абай ", "Абай"),
        (ESSAY, "раз\r\nдва", "раз\nдва"),
        (ESSAY, "   ", None),
        (ONE, [], None),
        (ONE, None, None),
    ],
    ids=_named,
)
def test_an_answer_is_kept_in_one_form(body: Body, given: object, kept: object) -> None:
    question = _question(body)

    read = read_answer(question, given)

    assert to_kept(read) == kept
    assert read_answer(question, to_kept(read)) == read


@given(st.decimals(-(10**14), 10**14, places=4))
def test_a_number_is_read_as_it_is_written_here(value: Decimal) -> None:
    assert as_number(f"{value:f}".replace(".", ",")) == value


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_numbers(text: str) -> None:
    number = as_number(text)

    assert number is None or number.is_finite()


@given(st.sets(st.sampled_from("abcd")).map(tuple))
def test_points_are_never_below_nothing_nor_above_the_questions(chosen: tuple[str, ...]) -> None:
    points = score(_question(PART), chosen)

    assert points is not None
    assert 0 <= points <= 4


def test_words_are_counted_as_people_do() -> None:
    assert words_in("Бір, екі — үш!\nтөрт") == 4
