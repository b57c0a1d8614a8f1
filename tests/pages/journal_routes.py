"""The routes of the journal and the diary, with the right that each asks for."""

from cloud.core.rights import Right

COURSE = "/schools/{code}/journal/{course_id}"
CLASS = "/schools/{code}/journal/classes/{class_id}"
LESSON = f"{COURSE}/lessons/{{lesson_id}}"
JOURNAL_ROUTES: dict[str, Right] = {
    "GET /schools/{code}/journal": Right.JOURNAL_READ,
    f"GET {COURSE}": Right.JOURNAL_READ,
    f"GET {COURSE}/import": Right.JOURNAL_READ,
    f"POST {COURSE}/import": Right.JOURNAL_KEEP,
    f"GET {COURSE}/like/{{like}}.{{form}}": Right.JOURNAL_READ,
    f"POST {COURSE}/cells": Right.JOURNAL_KEEP,
    f"POST {COURSE}/lessons": Right.JOURNAL_KEEP,
    f"GET {COURSE}/students/{{ref}}": Right.JOURNAL_READ,
    f"GET {LESSON}": Right.JOURNAL_READ,
    f"POST {LESSON}": Right.JOURNAL_KEEP,
    f"POST {LESSON}/take": Right.JOURNAL_KEEP,
    f"POST {LESSON}/files": Right.JOURNAL_KEEP,
    f"GET {LESSON}/files/{{file_id}}": Right.JOURNAL_READ,
    f"POST {LESSON}/files/{{file_id}}/drop": Right.JOURNAL_KEEP,
    f"POST {LESSON}/marks": Right.JOURNAL_CORRECT,
    "GET /schools/{code}/journal/debts": Right.JOURNAL_READ,
    "GET /schools/{code}/journal/grading": Right.GRADING_KEEP,
    "POST /schools/{code}/journal/grading": Right.GRADING_KEEP,
    "POST /schools/{code}/journal/grading/digest": Right.GRADING_KEEP,
    f"GET {CLASS}/sheet": Right.JOURNAL_READ,
    f"GET {CLASS}/sheet.{{form}}": Right.JOURNAL_READ,
    f"GET {CLASS}/attendance": Right.JOURNAL_READ,
    f"GET {CLASS}/attendance.{{form}}": Right.JOURNAL_READ,
    f"GET {CLASS}/reports": Right.JOURNAL_READ,
    "GET /children/{ref}/diary": Right.DIARY_READ,
    "GET /children/{ref}/diary/marks": Right.DIARY_READ,
    "GET /children/{ref}/diary/lessons/{lesson_id}/files/{file_id}": Right.DIARY_READ,
}
