"""Questions of every kind for tests of packages, and items of QTI 3 as other programs write them."""

from decimal import Decimal

from cloud.assessments.questions import (
    Choice,
    Essay,
    Kind,
    Match,
    Number,
    Option,
    Order,
    Question,
    Text,
)

ONE = Question(
    Kind.CHOICE, "Астана қай өзеннің бойында?\nБір жауапты таңдаңыз.",
    Choice((Option("a", "Есіл", True), Option("b", "Ертіс", False), Option("3", "Іле & Сыр", False))),
    points=1, explanation="Астана Есіл өзенінің бойында орналасқан.", difficulty=1,
)  # fmt: skip
MANY = Question(
    Kind.CHOICE, "Какие числа простые?",
    Choice((Option("a", "2", True), Option("b", "3", True), Option("c", "9", False), Option("d", "11", True)),
           many=True),
    points=2,
)  # fmt: skip
PARTS = Question(
    Kind.CHOICE, "Какие числа чётные?",
    Choice((Option("a", "2", True), Option("b", "4", True), Option("c", "9", False), Option("d", "10", True)),
           many=True, partial=True),
    points=1, difficulty=3,
)  # fmt: skip
PAIRS = Question(
    Kind.MATCH, "Match the capitals",
    Match((("a", "Kazakhstan"), ("b", "Kyrgyzstan"), ("c", "Uzbekistan")),
          (("a", "Bishkek"), ("b", "Astana"), ("c", "Tashkent"), ("d", "Almaty")),
          frozenset({("a", "b"), ("b", "a"), ("c", "c")})),
    points=2,
)  # fmt: skip
PLACES = Question(
    Kind.ORDER, "Расположите по возрастанию",
    Order((("x", "1/3"), ("y", "1/2"), ("z", "2/3"))), points=2, explanation="Приведите\n  к общему знаменателю.",
)  # fmt: skip
NEARLY = Question(Kind.NUMBER, "π ≈ ?", Number(Decimal("3.14"), Decimal("0.005")), points=3)
EXACTLY = Question(Kind.NUMBER, "−7 + 2 = ?", Number(Decimal(-5)))
WORD = Question(Kind.TEXT, "Қазақстанның астанасы?", Text(("Астана", "Нұр-Сұлтан")), points=2)
CASED = Question(
    Kind.TEXT, 'Как пишется "он" по-немецки?\n\n    код  с пробелами', Text(("Er",), is_case_sensitive=True)
)
ESSAY = Question(
    Kind.ESSAY, "Менің Отаным", Essay(150, "3 балл: ой толық ашылған\n1 балл: ой ашылмаған"), points=10, difficulty=3
)  # fmt: skip
ALL = {
    "one": ONE, "many": MANY, "parts": PARTS, "pairs": PAIRS, "places": PLACES, "nearly": NEARLY, "exactly": EXACTLY,
    "word": WORD, "cased": CASED, "essay": ESSAY,
}  # fmt: skip
FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="river" title="Rivers"
  adaptive="false" time-dependent="false" xml:lang="en">
  <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">
    <qti-correct-response><qti-value>ChoiceB</qti-value></qti-correct-response>
  </qti-response-declaration>
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>
  <qti-item-body>
    <p>Look at the <b>map</b>.</p>{more}
    <qti-choice-interaction response-identifier="RESPONSE" max-choices="1">
      <qti-prompt>Which   river is
        the longest?</qti-prompt>
      <qti-simple-choice identifier="ChoiceA">Ishim</qti-simple-choice>
      <qti-simple-choice identifier="ChoiceB">Irtysh</qti-simple-choice>
    </qti-choice-interaction>
  </qti-item-body>
  <qti-response-processing template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"/>
</qti-assessment-item>
"""
