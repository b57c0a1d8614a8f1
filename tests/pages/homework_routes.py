"""The routes of homework, with the right that each asks for."""

from cloud.core.rights import Right

SCHOOL = "/schools/{code}/homework"
ONE = f"{SCHOOL}/{{homework_id}}"
STUDENT = f"{ONE}/students/{{ref}}"
CHILD = "/children/{ref}/homework"
HOMEWORK_ROUTES: dict[str, Right] = {
    f"GET {SCHOOL}": Right.HOMEWORK_READ,
    f"GET {SCHOOL}/new": Right.HOMEWORK_SET,
    f"POST {SCHOOL}/new": Right.HOMEWORK_SET,
    f"GET {SCHOOL}/load": Right.HOMEWORK_READ,
    f"GET {SCHOOL}/norms": Right.HOMEWORK_NORMS,
    f"POST {SCHOOL}/norms": Right.HOMEWORK_NORMS,
    f"GET {ONE}": Right.HOMEWORK_READ,
    f"POST {ONE}": Right.HOMEWORK_SET,
    f"POST {ONE}/close": Right.HOMEWORK_SET,
    f"POST {ONE}/open": Right.HOMEWORK_SET,
    f"POST {ONE}/drop": Right.HOMEWORK_SET,
    f"POST {ONE}/files": Right.HOMEWORK_SET,
    f"GET {ONE}/files/{{file_id}}": Right.HOMEWORK_READ,
    f"POST {ONE}/files/{{file_id}}/drop": Right.HOMEWORK_SET,
    f"GET {STUDENT}": Right.HOMEWORK_READ,
    f"POST {STUDENT}": Right.HOMEWORK_SET,
    f"POST {STUDENT}/return": Right.HOMEWORK_SET,
    f"GET {STUDENT}/files/{{file_id}}": Right.HOMEWORK_READ,
    f"GET {CHILD}": Right.HOMEWORK_HAND_IN,
    f"GET {CHILD}/{{homework_id}}": Right.HOMEWORK_HAND_IN,
    f"POST {CHILD}/{{homework_id}}": Right.HOMEWORK_HAND_IN,
    f"GET {CHILD}/{{homework_id}}/files/{{file_id}}": Right.HOMEWORK_HAND_IN,
    f"POST {CHILD}/{{homework_id}}/files/{{file_id}}/drop": Right.HOMEWORK_HAND_IN,
    f"GET {CHILD}/{{homework_id}}/handed/{{file_id}}": Right.HOMEWORK_HAND_IN,
}
