"""The routes of tests, with the right that each asks for."""

from cloud.core.rights import Right

TESTS = "/schools/{code}/tests"
TEST = f"{TESTS}/of/{{test_id}}"
SECTION = f"{TEST}/sections/{{place}}"
GIVEN = f"{TESTS}/given/{{given_id}}"
OWN = "/children/{ref}"
ASSESSMENT_ROUTES: dict[str, Right] = {
    f"GET {TESTS}": Right.TESTS_READ,
    f"POST {TESTS}": Right.TESTS_MAKE,
    f"GET {TESTS}/questions": Right.TESTS_MAKE,
    f"GET {TESTS}/questions/new": Right.TESTS_MAKE,
    f"POST {TESTS}/questions/new": Right.TESTS_MAKE,
    f"GET {TESTS}/questions/{{question_id}}": Right.TESTS_MAKE,
    f"POST {TESTS}/questions/{{question_id}}": Right.TESTS_MAKE,
    f"POST {TESTS}/questions/{{question_id}}/turn": Right.TESTS_MAKE,
    f"GET {TEST}": Right.TESTS_MAKE,
    f"POST {TEST}": Right.TESTS_MAKE,
    f"POST {TEST}/drop": Right.TESTS_MAKE,
    f"POST {TEST}/sections": Right.TESTS_MAKE,
    f"POST {SECTION}/drop": Right.TESTS_MAKE,
    f"POST {SECTION}/questions": Right.TESTS_MAKE,
    f"POST {SECTION}/questions/{{question_id}}/drop": Right.TESTS_MAKE,
    f"POST {TEST}/give": Right.TESTS_GIVE,
    f"GET {TEST}/analysis": Right.TESTS_MAKE,
    f"GET {GIVEN}": Right.TESTS_READ,
    f"POST {GIVEN}/end": Right.TESTS_GIVE,
    f"POST {GIVEN}/back": Right.TESTS_GIVE,
    f"POST {GIVEN}/journal": Right.TESTS_GIVE,
    f"GET {GIVEN}/attempts/{{attempt_id}}": Right.TESTS_READ,
    f"POST {GIVEN}/attempts/{{attempt_id}}/answers/{{place}}": Right.TESTS_GIVE,
    f"GET {OWN}/tests": Right.TESTS_SEE,
    f"GET {OWN}/tests/{{given_id}}": Right.TESTS_SEE,
    f"POST {OWN}/tests/{{given_id}}": Right.TESTS_TAKE,
    f"GET {OWN}/attempts/{{attempt_id}}": Right.TESTS_SEE,
    f"POST {OWN}/attempts/{{attempt_id}}/answers/{{place}}": Right.TESTS_TAKE,
    f"POST {OWN}/attempts/{{attempt_id}}/hand": Right.TESTS_TAKE,
}
