"""Items and packages of QTI 3: written and read back, read from others, and refused with what to do."""

import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.assessments.qti_kinds import MANIFEST, Entry, ItemRefused, Package, PackageRefused
from cloud.assessments.qti_packages import ITEMS_MAX, TEST, read_package, write_package
from cloud.assessments.qti_reading import read_item
from cloud.assessments.qti_rules import rules_of, typed
from cloud.assessments.qti_texts import plain, write_text, written
from cloud.assessments.qti_writing import item_xml, xml_file
from cloud.assessments.qti_xml import read_xml
from cloud.assessments.questions import Choice, Kind, Number, Option, Question, Text, check
from tests.cloud.assessments.qti_samples import ALL, FOREIGN, PAIRS, PLACES

AT = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
NS = 'xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"'
TEXTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=60
)
LINES = st.lists(TEXTS, min_size=1, max_size=4).map("\n".join)


@pytest.mark.parametrize("name", ALL)
def test_what_is_written_is_read_back_the_same(name: str) -> None:
    question = ALL[name]

    found = read_item(item_xml(question, "item-1"), question.difficulty)

    assert check(question) == []
    assert (found.question, found.changed) == (question, [])


@given(prompt=LINES, options=st.lists(LINES, min_size=2, max_size=12), points=st.integers(1, 100), data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_choice_is_read_back_the_same(
    prompt: str, options: list[str], points: int, data: st.DataObject
) -> None:  # fmt: skip
    right = data.draw(st.sets(st.integers(0, len(options) - 1), min_size=1, max_size=len(options) - 1))
    many = len(right) > 1 or data.draw(st.booleans())
    body = Choice(
        tuple(Option(str(at), text, at in right) for at, text in enumerate(options)),
        many,
        many and data.draw(st.booleans()),
    )
    question = Question(Kind.CHOICE, prompt, body, points, data.draw(st.just("") | LINES))
    if check(question):
        return

    found = read_item(item_xml(question, "item-1")).question

    # One right answer and no part of the points lost or won but that one: both ways of counting are the same.
    assert found == question or (len(right) == 1 and found.points == points and found.prompt == prompt)


@given(value=st.decimals(-(10**9), 10**9, places=4), tolerance=st.decimals(0, 1000, places=6))
@settings(max_examples=60, deadline=None)
def test_any_number_is_read_back_the_same(value: Decimal, tolerance: Decimal) -> None:
    question = Question(Kind.NUMBER, "?", Number(value, tolerance), points=7)

    assert read_item(item_xml(question, "item-1")).question == question


@given(text=LINES)
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_back_the_same(text: str) -> None:
    root = read_xml(b"<div/>")
    write_text(root, text)

    assert plain(read_xml(xml_file(root))).text == written(text)


def test_a_package_is_read_back_with_themes_difficulties_and_language() -> None:
    themes = ["Сандар", "Сандар", "Сандар", "", "Геометрия", "Сандар", "", "", "", ""]
    entries = [Entry(question, theme) for question, theme in zip(ALL.values(), themes, strict=True)]
    package = Package("Математика, 6 сынып", entries, "kk")

    found = read_package(write_package(package, AT))

    assert (found.package, found.left_out, found.changed) == (package, [], [])


def test_the_same_package_is_the_same_bytes() -> None:
    package = Package("A", [Entry(PAIRS)])

    assert write_package(package, AT) == write_package(package, AT)


def test_things_to_be_ordered_are_not_told_in_their_order() -> None:
    content = item_xml(PLACES, "item-1").decode()

    places = [content.index(f'identifier="o_{key}"') for key in "xyz"]

    assert places != sorted(places)


def test_an_item_of_another_program_becomes_a_question() -> None:
    found = read_item(FOREIGN.format(more="").encode())

    assert found.question == Question(
        Kind.CHOICE, "Look at the map.\nWhich river is the longest?",
        Choice((Option("ChoiceA", "Ishim", False), Option("ChoiceB", "Irtysh", True))),
    )  # fmt: skip
    assert (found.title, found.changed) == ("Rivers", [])


@pytest.mark.parametrize(
    ("more", "text", "told"),
    [
        ('<p><img src="a.png" alt="Ertis"/></p>', "[Ertis]", "A picture or a sound is left out"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a | b |", "A table became lines of text"),
        ("<p>x<sup>2</sup> + y<sub>1</sub> + z<sup>k+1</sup></p>", "x² + y₁ + z^(k+1)", ""),
        ('<p>See <a href="https://example.test">there</a></p>', "See there", "A link became text"),
        ("<ul><li>one</li><li>two</li></ul>", "– one\n– two", ""),
    ],
    ids=["picture", "table", "powers", "link", "list"],
)  # fmt: skip
def test_what_a_plain_text_cannot_hold_is_told(more: str, text: str, told: str) -> None:
    found = read_item(FOREIGN.format(more=more).encode())

    assert found.question.prompt == f"Look at the map.\n{text}\nWhich river is the longest?"
    assert [str(each) for each in found.changed if told not in str(each)] == []
    assert bool(found.changed) is bool(told)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("<script>alert(1)</script>", "“script”"),
        ('<p onclick="alert(1)">x</p>', "“onclick”"),
        ('<p><a href="java script:alert(1)">x</a></p>', "An address in it runs a program"),
        ('<iframe src="https://example.test"/>', "“iframe”"),
        ('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>', "takes in another file"),
        ('<qti-upload-interaction response-identifier="FILE"/>', "qti-upload-interaction"),
        ('<p><qti-text-entry-interaction response-identifier="OTHER"/></p>', "It asks for 2 answers"),
        ('<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>', "MathML"),
        ("<p>&lt;" * 61 + "</p>" * 61, "too deep"),
        ("<p>x", "This is no XML: line"),
    ],
    ids=["script", "handler", "address", "frame", "include", "upload", "two", "formula", "deep", "broken"],
)
def test_an_item_that_cannot_be_taken_says_why(more: str, told: str) -> None:
    with pytest.raises(ItemRefused) as refused:
        read_item(FOREIGN.format(more=more).encode())

    assert told in str(refused.value)


def test_an_item_whose_rules_name_too_many_numbers_is_left_out() -> None:
    """Each would be probed by all rules of the item, for minutes."""
    many = "".join(f'<qti-base-value base-type="float">{number}</qti-base-value>' for number in range(200))
    content = item_xml(Question(Kind.NUMBER, "2 + 2 = ?", Number(Decimal(4))), "item-1")
    assert b"</qti-response-processing>" in content

    with pytest.raises(ItemRefused, match="otherwise than questions here"):
        read_item(content.replace(b"</qti-response-processing>", f"{many}</qti-response-processing>".encode()))


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1/"> %a;]>',
    ],
    ids=["entity", "outer", "parameter"],
)
def test_a_document_type_is_refused_before_it_is_read(declared: str) -> None:
    content = FOREIGN.format(more="").replace("?>\n", f"?>{declared}\n", 1).encode()

    with pytest.raises(ItemRefused, match="document type or entities"):
        read_item(content)


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("qti-assessment-item", "assessmentItem", "earlier QTI"),
        ("imsqtiasi_v3p0", "imsqti_v2p2", "earlier QTI"),
        ("match_correct.xml", "CC2_match.xml", "not known here: CC2_match"),
        ("<qti-value>ChoiceB", "<qti-value>ChoiceX", "not there: ChoiceX"),
        ('adaptive="false"', 'adaptive="true"', "adaptive"),
    ],
    ids=["v1", "v2", "template", "answer", "adaptive"],
)
def test_an_item_of_another_make_says_what_to_do(was: str, now: str, told: str) -> None:
    with pytest.raises(ItemRefused) as refused:
        read_item(FOREIGN.format(more="").replace(was, now).encode())

    assert told in str(refused.value)


MAPPED = f"""<qti-assessment-item {NS} identifier="m" title="M">
  <qti-response-declaration identifier="R" cardinality="multiple" base-type="identifier">
    <qti-mapping {{bounds}}><qti-map-entry map-key="a" mapped-value="{{a}}"/>
      <qti-map-entry map-key="b" mapped-value="{{b}}"/><qti-map-entry map-key="c" mapped-value="{{c}}"/></qti-mapping>
  </qti-response-declaration>
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>
  <qti-item-body><qti-choice-interaction response-identifier="R" max-choices="0"><qti-prompt>?</qti-prompt>
    <qti-simple-choice identifier="a">1</qti-simple-choice><qti-simple-choice identifier="b">2</qti-simple-choice>
    <qti-simple-choice identifier="c">3</qti-simple-choice></qti-choice-interaction></qti-item-body>
  <qti-response-processing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"/>
</qti-assessment-item>"""


def test_points_by_a_mapping_are_those_of_the_question() -> None:
    content = MAPPED.format(bounds='lower-bound="0" default-value="0"', a=1, b=1, c=-1)

    question = read_item(content.encode()).question

    assert question.points == 2
    assert isinstance(question.body, Choice)
    assert [option.is_right for option in question.body.options] == [True, True, False]
    assert question.body.partial


@pytest.mark.parametrize(
    ("bounds", "a", "b", "c"),
    [('lower-bound="0"', "2", "1", "-1"), ('default-value="0"', "1", "1", "-1"), ('lower-bound="0"', "1", "1", "0")],
    ids=["weights", "below nothing", "no loss"],
)
def test_points_that_questions_cannot_give_leave_the_item_out(bounds: str, a: str, b: str, c: str) -> None:
    with pytest.raises(ItemRefused, match="gives points otherwise"):
        read_item(MAPPED.format(bounds=bounds, a=a, b=b, c=c).encode())


def test_pairs_that_counted_only_together_are_told() -> None:
    content = item_xml(PAIRS, "item-1").decode()
    start, end = content.index("<qti-response-processing"), content.index("</qti-response-processing>")
    whole = content[:start] + '<qti-response-processing template="x/match_correct">' + content[end:]

    found = read_item(whole.encode())

    assert (found.question.body, found.question.points) == (PAIRS.body, 1)
    assert [str(each) for each in found.changed] == [
        "Here each right pair counts; in the package only all of them did."
    ]


def test_words_that_gave_a_part_are_left_out_and_told() -> None:
    content = item_xml(ALL["word"], "item-1").decode()

    found = read_item(content.replace('"Нұр-Сұлтан" mapped-value="2"', '"Нұр-Сұлтан" mapped-value="1"').encode())

    assert found.question.body == Text(("Астана",))
    assert [str(each) for each in found.changed] == ["Answers that gave a part of the points are left out."]


def test_a_relative_tolerance_becomes_one_in_units() -> None:
    content = item_xml(ALL["exactly"], "item-1").decode()
    near = content.replace('tolerance-mode="exact"', 'tolerance-mode="relative" tolerance="10"')
    answer, right = '<qti-variable identifier="RESPONSE" />', '<qti-correct identifier="RESPONSE" />'

    assert read_item(near.replace(answer + right, right + answer).encode()).question.body == Number(
        Decimal(-5), Decimal("0.5")
    )
    with pytest.raises(ItemRefused, match="gives points otherwise"):  # of what was answered: wider above than below
        read_item(near.encode())


def test_rules_count_as_the_specification_says() -> None:
    root = read_xml(item_xml(ALL["parts"], "item-1"))
    rules = rules_of(root, "RESPONSE")

    found = [rules.points(typed(rules.declared, each)) for each in ([], ["o_a"], ["o_a", "o_c"], ["o_a", "o_b", "o_d"])]

    assert [each.quantize(Decimal("0.001")) for each in found] == [Decimal(each) for each in ("0", "0.333", "0", "1")]


def zipped(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return out.getvalue()


def listing(*hrefs: str) -> str:
    items = "".join(
        f'<resource identifier="i{at}" type="imsqti_item_xmlv3p0" href="{href}"/>' for at, href in enumerate(hrefs)
    )
    return f"<manifest><resources>{items}</resources></manifest>"


def test_items_that_are_left_out_are_named_and_the_others_taken() -> None:
    good, bad = FOREIGN.format(more=""), FOREIGN.format(more="<script/>").replace("Rivers", "Bad one")
    package = zipped(
        {MANIFEST: listing("a.xml", "b/b.xml", "none.xml"), "a.xml": good, "b/b.xml": bad, "x.js": "alert(1)"}
    )

    found = read_package(package)

    assert [entry.question.prompt for entry in found.package.entries] == [
        "Look at the map.\nWhich river is the longest?"
    ]
    assert [(each.title, each.file) for each in found.left_out] == [("Bad one", "b/b.xml"), ("none.xml", "none.xml")]
    assert ["script" in str(found.left_out[0].what), "does not have it" in str(found.left_out[1].what)] == [True, True]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a.xml": "<x/>"}, "imsmanifest.xml is missing"),
        ({MANIFEST: "<manifest>"}, "This is no XML"),
        ({MANIFEST: "<other/>"}, "is no list of a package"),
        ({MANIFEST: '<!DOCTYPE x [<!ENTITY a "b">]><manifest/>'}, "document type"),
        ({MANIFEST: listing()}, "no items of QTI 3"),
        ({MANIFEST: listing("../../etc/passwd")}, "outside of it"),
        ({MANIFEST: listing("/etc/passwd")}, "outside of it"),
        ({MANIFEST: listing("https://example.test/a.xml")}, "outside of it"),
        ({MANIFEST: listing("%2e%2e/a.xml")}, "outside of it"),
        ({MANIFEST: listing(*(f"{at}.xml" for at in range(ITEMS_MAX + 1)))}, "too many items"),
        ({MANIFEST: b"<manifest>" + b" " * (60 << 20) + b"</manifest>"}, "too big"),
    ],
    ids=["no list", "broken", "other", "entities", "empty", "up", "absolute", "web", "hidden", "many", "bomb"],
)
def test_a_package_that_cannot_be_read_says_what_to_do(files: dict[str, str | bytes], told: str) -> None:
    with pytest.raises(PackageRefused) as refused:
        read_package(zipped(files))

    assert told in str(refused.value)


def test_two_files_of_one_name_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(MANIFEST, "<manifest/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(MANIFEST, "<manifest/>")

    with pytest.raises(PackageRefused, match="two files of one name"):
        read_package(out.getvalue())


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_packages_are_refused_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(write_package(Package("A", [Entry(question) for question in ALL.values()]), AT))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = read_package(bytes(content))
    except PackageRefused:
        return

    assert len(found.package.entries) + len(found.left_out) <= len(ALL)


def test_a_test_that_is_not_there_is_named() -> None:
    manifest = f'<manifest><resource type="imsqti_test_xmlv3p0" href="{TEST}"/></manifest>'

    with pytest.raises(PackageRefused, match=TEST):
        read_package(zipped({MANIFEST: manifest}))
