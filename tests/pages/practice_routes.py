"""The routes of practice, of logs of attempts and of packages of questions, with the right that each asks for."""

from cloud.core.rights import Right

TESTS = "/schools/{code}/tests"
CLASS = f"{TESTS}/practice/classes/{{class_id}}"
OWN = "/children/{ref}"
ATTEMPT = f"{OWN}/practice/{{attempt_id}}"
PRACTICE_ROUTES: dict[str, Right] = {
    f"GET {TESTS}/packages": Right.TESTS_MAKE,
    f"POST {TESTS}/packages": Right.TESTS_MAKE,
    f"GET {TESTS}/packages/download": Right.TESTS_MAKE,
    f"GET {TESTS}/practice": Right.TESTS_READ,
    f"POST {TESTS}/practice": Right.TESTS_MAKE,
    f"GET {CLASS}": Right.TESTS_READ,
    f"GET {CLASS}/students/{{ref}}": Right.TESTS_READ,
    f"POST {TESTS}/given/{{given_id}}/log": Right.TESTS_GIVE,
    f"GET {OWN}/practice": Right.TESTS_SEE,
    f"POST {OWN}/practice": Right.TESTS_TAKE,
    f"GET {ATTEMPT}": Right.TESTS_SEE,
    f"POST {ATTEMPT}/answers/{{place}}": Right.TESTS_TAKE,
    f"POST {ATTEMPT}/hand": Right.TESTS_TAKE,
    f"POST {OWN}/attempts/{{attempt_id}}/log": Right.TESTS_TAKE,
}
