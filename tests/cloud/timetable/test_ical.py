"""Lines of a calendar: folded by bytes within no letter, texts escaped, whatever they hold."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cloud.timetable.ical import LINE_BYTES, Event, calendar, escaped, folded

AT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")))


@given(texts)
def test_a_folded_line_is_whole_again_unfolded(line: str) -> None:
    told = folded(line)

    assert all(len(part) <= LINE_BYTES for part in told.split(b"\r\n"))
    assert told.decode().replace("\r\n ", "").removesuffix("\r\n") == line


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")))
def test_an_escaped_text_breaks_out_of_no_line(text: str) -> None:
    told = escaped(text)

    assert "\n" not in told
    back = told.replace("\\\\", "\0").replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\0", "\\")
    assert back == text or "\0" in text


def test_a_lesson_called_off_stays_and_says_so() -> None:
    told = calendar("5А", [Event("1@esik", AT, AT, "Тарих", is_off=True)], AT).decode()

    assert "UID:1@esik\r\n" in told
    assert "STATUS:CANCELLED\r\n" in told
    assert "DTSTART:20260901T030000Z\r\n" in told
    assert "LOCATION" not in told
