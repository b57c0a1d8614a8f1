"""The routes of questionnaires, video lessons and what is often asked, with the right that each asks for."""

from cloud.core.rights import Right

MADE = "/schools/{code}/questionnaires"
ONE = f"{MADE}/{{number}}"
LESSON = "/schools/{code}/journal/{course_id}/lessons/{lesson_id}/video"
OF_CHILD = "/children/{ref}/diary/lessons/{lesson_id}/video"
ASKING_ROUTES: dict[str, Right] = {
    f"GET {MADE}": Right.QUESTIONNAIRES_KEEP,
    f"POST {MADE}": Right.QUESTIONNAIRES_KEEP,
    f"GET {ONE}": Right.QUESTIONNAIRES_KEEP,
    f"GET {ONE}/results.{{form}}": Right.QUESTIONNAIRES_KEEP,
    f"POST {ONE}": Right.QUESTIONNAIRES_KEEP,
    f"POST {ONE}/questions": Right.QUESTIONNAIRES_KEEP,
    f"POST {ONE}/questions/{{question_id}}/drop": Right.QUESTIONNAIRES_KEEP,
    f"POST {ONE}/questions/{{question_id}}/lift": Right.QUESTIONNAIRES_KEEP,
    f"POST {ONE}/publish": Right.QUESTIONNAIRES_KEEP,
    f"POST {ONE}/end": Right.QUESTIONNAIRES_KEEP,
    f"POST {ONE}/remind": Right.QUESTIONNAIRES_KEEP,
    f"POST {ONE}/drop": Right.QUESTIONNAIRES_KEEP,
    "GET /questionnaires": Right.QUESTIONNAIRES_ANSWER,
    "GET /questionnaires/{number}": Right.QUESTIONNAIRES_ANSWER,
    "POST /questionnaires/{number}": Right.QUESTIONNAIRES_ANSWER,
    "GET /schools/{code}/calls": Right.CALLS_SET,
    "POST /schools/{code}/calls": Right.CALLS_SET,
    "POST /schools/{code}/calls/check": Right.CALLS_SET,
    "POST /schools/{code}/calls/drop": Right.CALLS_SET,
    f"GET {LESSON}": Right.JOURNAL_READ,
    f"POST {LESSON}": Right.CALLS_HOLD,
    f"POST {LESSON}/drop": Right.CALLS_HOLD,
    f"POST {LESSON}/join": Right.CALLS_HOLD,
    f"POST {LESSON}/end": Right.CALLS_HOLD,
    f"POST {LESSON}/recordings": Right.CALLS_HOLD,
    f"POST {LESSON}/recordings/fetch": Right.CALLS_HOLD,
    f"POST {LESSON}/recordings/{{recording_id}}/drop": Right.CALLS_HOLD,
    f"GET {OF_CHILD}": Right.CALLS_JOIN,
    f"POST {OF_CHILD}": Right.CALLS_JOIN,
    "GET /schools/{code}/faq": Right.FAQ_KEEP,
    "POST /schools/{code}/faq": Right.FAQ_KEEP,
    "POST /schools/{code}/faq/{entry_id}/drop": Right.FAQ_KEEP,
    "POST /schools/{code}/faq/{entry_id}/lift": Right.FAQ_KEEP,
}
