"""The routes of exams, physical fitness and of how learning goes, with the right that each asks for."""

from cloud.core.rights import Right

EXAM = "/schools/{code}/exams/{exam_id}"
PROGRESS_ROUTES: dict[str, Right] = {
    "GET /schools/{code}/exams": Right.EXAMS_KEEP,
    "POST /schools/{code}/exams": Right.EXAMS_KEEP,
    f"GET {EXAM}": Right.EXAMS_KEEP,
    f"POST {EXAM}": Right.EXAMS_KEEP,
    f"POST {EXAM}/import": Right.EXAMS_KEEP,
    f"POST {EXAM}/drop/{{ref}}": Right.EXAMS_KEEP,
    "GET /schools/{code}/quality": Right.JOURNAL_READ,
    "GET /schools/{code}/quality.{form}": Right.JOURNAL_READ,
    "GET /schools/{code}/fitness": Right.FITNESS_KEEP,
    "POST /schools/{code}/fitness": Right.FITNESS_KEEP,
}
