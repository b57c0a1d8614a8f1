"""Every route of the application with every role: who comes in, and that nobody else does, whatever they send.

What is expected is computed from the table of rights, and from the right that each route asks for.
"""

import pytest
from fastapi.routing import RouteContext, iter_route_contexts

from cloud.core.roles import Role
from cloud.core.signposts import Signposts
from tests.pages import roles_sample, timetable_sample
from tests.pages.asking import ask
from tests.pages.routes import NO_ACCOUNTS, NOTHING_THERE, ROUTES, Who, welcome
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

FORM = {
    "number": "04A1B2C3D4E5F6", "purpose": "card", "given_on": "01.09.2026", "withdrawn_on": "01.09.2026",
    "source": "x", "name": "gate-evil", "phone": "+7 701 000 00 01", "relation": "mother", "intent": "import",
    "on": "2026-09-01", "meal": "lunch", "food": "5", "service": "5",
    "kind": "allergen", "value": "fish", "name_kk": "x", "price": "1", "category": "main", "key": "lunch", "add": "1",
    "begins": "01:00", "ends": "02:00", "pin": "902817", "person": "staff0000001", "week": "2026-09-01",
    "ids": ",".join(map(str, range(1, 40))), "action": "report", "reason": "because",
}  # fmt: skip
NOT_OF_THIS_SCHOOL = ("elsewhere", "stranger", "childless", "father")  # every role elsewhere, and other families
STUDENTS_ELSEWHERE = frozenset({"GET /resources/{resource_id}/results"})  # the own ones stand on the shelf
NOBODY = ("", "ended", "closed", "made-up")
PAGES = [key for key in ROUTES if key.startswith("GET ") and key not in NOTHING_THERE]
# What names nobody is told so on a page: a client and its address belong together, or nothing is sent back.
SIGNING_IN = {
    "GET /sign-in/with/{provider_id}": "/oidc/onward?client_id=nobody",
    "GET /sign-in/back/{provider_id}": "/oidc/onward?client_id=nobody",
    "GET /oidc/authorize": "/oidc/onward?client_id=nobody",
    "GET /lti/authorize": "/oidc/onward?client_id=nobody",
}
LED_ON = {303, 401}
REFUSED = {403, 404}
COMES_IN = {200, 303}


async def test_every_route_is_written_down(site: Site) -> None:
    told = iter_route_contexts([route for route in site.app.routes if not isinstance(route, Signposts)])

    assert {key for route in told for key in keys(route)} == set(ROUTES)


@pytest.mark.requirement("KZ456-5.10")
@pytest.mark.parametrize("key", [key for key, asked in ROUTES.items() if asked not in NO_ACCOUNTS])
async def test_nobody_comes_in_but_who_has_the_right_and_what_others_send_changes_nothing(site: Site, key: str) -> None:
    others = frozenset(Role) - welcome(key)  # asked at once, by one account with all of these roles
    before = await written(site)

    if others:
        await roles_sample.hold(site.services, site.sample.school_id, others)
        assert await status_of(site, key, "others") in REFUSED, f"one of {sorted(role.value for role in others)}"
    if "{ref}" in key and Role.STUDENT not in welcome(key):
        assert await status_of(site, key, "student") in REFUSED  # the child itself, by its own account
    for who in NOT_OF_THIS_SCHOOL if is_of_one(key) else ():
        assert await status_of(site, key, who) in REFUSED, who
    for who in NOBODY:
        assert await status_of(site, key, who) in LED_ON, who
    if ROUTES[key] is not Who.SIGNED_IN:
        assert await status_of(site, key, "newcomer") in REFUSED | LED_ON

    assert await written(site) == before


@pytest.mark.requirement("KZ456-5.10")
@pytest.mark.requirement("KZ456-5.2")
@pytest.mark.parametrize("key", [key for key in PAGES if ROUTES[key] not in NO_ACCOUNTS])
async def test_who_has_the_right_comes_in(site: Site, key: str) -> None:
    for role in welcome(key) - ({Role.STUDENT} if key in STUDENTS_ELSEWHERE else set()):
        assert await status_of(site, key, role.value) in COMES_IN, role


@pytest.mark.parametrize("key", [key for key in PAGES if ROUTES[key] in NO_ACCOUNTS])
async def test_a_route_without_accounts_asks_who_it_is_in_its_own_way(site: Site, key: str) -> None:
    expected = {Who.DEVICES: {401}, Who.BANKS: {404}, Who.PROGRAMS: {401}, Who.HALVES: {401}}.get(
        Who(ROUTES[key]), COMES_IN
    )

    for who in ("", "operator", "office"):
        assert await status_of(site, key, who) in expected, who


async def status_of(site: Site, key: str, who: str) -> int:
    """Return how a route answers somebody."""
    method, path = address_of(site, key)
    return await ask(site.app, method, path, site.sample.tokens.get(who, who), FORM if method == "POST" else None)


def address_of(site: Site, key: str) -> tuple[str, str]:
    """Return method and address of a route, with what is really there in its places."""
    method, _, path = key.partition(" ")
    places = {
        "code": "almaty15", "ref": site.sample.child_ref, "card_id": site.sample.card_id, "act": "block",
        "purpose": "card", "guardian_id": site.sample.guardian_id, "name": "gate-north", "key": "today",
        "invitation": "0123456789abcdef", "product": "agent", "board": "linux", "counter": 1, "turn": "widen",
        "number": 1, "program": "hledger", "promise_id": 1, "sale": "0" * 16,
            "digest": site.sample.photo,
    }  # fmt: skip
    places |= {
        "school": "almaty15", "on": "2026-09-01", "meal": "lunch", "order_id": 1, "person": site.sample.listed_ref,
        "restriction_id": 1, "session_id": 1, "passkey_id": 1, "import_id": 1, "kind": "tabel", "report_id": 2,
        "form": "csv" if any(part in key for part in ("/journal/", "/quality", "/questionnaires/")) else "json",
        "recording_id": 1,
    }  # fmt: skip
    places |= {"token_id": 1, "webhook_id": 1, "system": "gym"}
    places |= {"sourced_id": "nobody", "class_id": "none", "urn": "none", "user_id": "0", "rest": "Users"}
    places |= {"scan_id": site.sample.scan, "limit_id": 1, "job_id": 3, "request_id": 2}
    places |= {"account_id": 1, "deed": "delete", "question_id": 1, "file_id": 1, "address_id": 1}
    places |= {"absence_id": 1, "paper_id": 1, "trip_id": 1, "collector_id": 1}
    of_journal = "/journal/" in key or "/diary/" in key
    places |= {"timetable_id": 2, "solve_id": 1, "away_id": 1, "room_id": 1, "time_id": 1, "feed_id": 1}
    places |= {"lesson_id": site.sample.lesson_id if of_journal else 4}
    places |= {"token": timetable_sample.TOKEN, "like": "kundelik"}
    places |= {"course_id": 1, "plan_id": 1, "subject_id": 1}
    places |= {"entry_id": 1, "goal_id": 1, "step_id": 1, "award_id": 1, "group": "main", "exam_id": 1}
    places |= {"token": timetable_sample.TOKEN}
    places |= {"course_id": 1, "plan_id": 1, "subject_id": 1, "homework_id": 1}
    places |= {"entry_id": 1, "goal_id": 1, "step_id": 1, "award_id": 1, "group": "main"}
    places |= {"address": site.sample.certificate, "worker": site.sample.staff_ref}
    places |= {"test_id": 1, "given_id": 1, "attempt_id": 1, "place": 1}
    places |= {"course_id": site.sample.course_id if of_journal else 1, "plan_id": 1, "subject_id": 1}
    places |= {"resource_id": 3, "party_id": 1, "provider_id": 1, "tool_id": 1, "context": "3-1"}
    if "/resources/" in key:
        places |= {"class_id": 0, "digest": site.sample.cover}
    if "/builder/" in key:
        places |= {"report_id": 1, "run_id": 1}
    places |= {"talk_id": 1, "post_id": 1, "section_id": 1, "mute_id": 1}
    if "/messages/" in key:
        places["deed"] = "approve"
    if any(each in key for each in ("/register/", "/morning/", "/statistics/", "/journal/", "/practice/")):
        places["class_id"] = 1
    if key in SIGNING_IN:
        return method, SIGNING_IN[key]
    if "/canteen/" in key or "/dishes/" in key:
        places |= {"key": "1" if "/dishes/" in key else "lunch", "digest": site.sample.plate}
    if key.startswith("GET /reports/"):
        places["digest"] = site.sample.report
    places |= {"language": "kk"}
    if key.startswith("GET /app/"):
        places["name"] = "icon-192"
    if key == "GET /assets/{name}":
        places["name"] = "esik.css"
    return method, path.replace(":path}", "}").format(**places)


def is_of_one(key: str) -> bool:
    """Tell whether a route leads to one school, or to one child."""
    return "{code}" in key or "{ref}" in key


def keys(route: RouteContext) -> list[str]:
    """Return method and path of a route, one entry a method."""
    return [f"{method} {route.path}" for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"})]


async def written(site: Site) -> object:
    """Return how much is written in what forms change."""
    return await site.services.database.pool.fetchrow(
        "SELECT (SELECT count(*) FROM restriction), (SELECT count(*) FROM meal_rating),"
        " (SELECT count(*) FROM wallet_import), (SELECT count(*) FROM wallet_note),"
        " (SELECT count(*) FROM dish_version), (SELECT count(*) FROM menu),"
        " (SELECT count(*) FROM audit_entry), (SELECT count(*) FROM card WHERE state = 'active'),"
        " (SELECT count(*) FROM sign_in), (SELECT count(*) FROM device WHERE state = 'active'),"
        " (SELECT count(*) FROM alarm WHERE acknowledged_at IS NULL), (SELECT count(*) FROM device_command),"
        " (SELECT count(*) FROM preorder), (SELECT count(*) FROM export_job WHERE state <> 'gone'),"
        " (SELECT count(*) FROM correction_request WHERE answered_at IS NULL),"
        " (SELECT count(*) FROM support_question WHERE answered_at IS NULL),"
        " (SELECT count(*) FROM announcement), (SELECT count(*) FROM announcement WHERE state = 'waiting'),"
        " (SELECT count(*) FROM announcement_answer),"
        " (SELECT count(*) FROM talk), (SELECT count(*) FROM talk_post), (SELECT count(*) FROM talk_report),"
        " (SELECT count(*) FROM talk_mute), (SELECT count(*) FROM talk_section), (SELECT count(*) FROM posting),"
        " (SELECT count(hidden_at) FROM talk_post), (SELECT count(confirmed_at) FROM posting_reading),"
        " (SELECT count(*) FROM ledger_entry),"
        " (SELECT count(*) FROM absence WHERE state = 'told'), (SELECT count(*) FROM trip WHERE ended_at IS NULL),"
        " (SELECT count(*) FROM profile_field), (SELECT count(*) FROM portfolio_entry WHERE state = 'waiting'),"
        " (SELECT count(*) FROM portfolio_entry), (SELECT count(*) FROM goal_note),"
        " (SELECT count(*) FROM recommendation), (SELECT sum(is_shared::int) FROM recommendation),"
        " (SELECT count(*) FROM advice_threshold), (SELECT count(*) FROM exam), (SELECT count(*) FROM exam_result),"
        " (SELECT count(*) FROM fitness_value), (SELECT count(*) FROM digest_rule),"
        " (SELECT count(*) FROM award WHERE revoked_at IS NULL),"
        " (SELECT count(*) FROM collector WHERE ended_at IS NULL), (SELECT count(*) FROM register_mark),"
        " (SELECT count(*) FROM journal_mark), (SELECT count(*) FROM lesson), (SELECT count(*) FROM grading_scheme),"
        " (SELECT count(*) FROM bank_question WHERE is_active), (SELECT count(*) FROM assessment WHERE is_active),"
        " (SELECT count(*) FROM assessment_given), (SELECT count(*) FROM assessment_attempt),"
        " (SELECT count(*) FROM assessment_attempt WHERE handed_at IS NULL),"
        " (SELECT count(*) FROM assessment_answer WHERE marked_at IS NULL),"
        " (SELECT max(answered_at) FROM assessment_answer), (SELECT sum(length(sections::text)) FROM assessment),"
        " (SELECT count(*) FROM practice_theme), (SELECT count(*) FROM practice_attempt),"
        " (SELECT count(*) FROM practice_attempt WHERE handed_at IS NULL), (SELECT count(*) FROM sitting_watch),"
        " (SELECT max(answered_at) FROM practice_answer), (SELECT count(*) FROM sitting_event),"
        " (SELECT count(*) FROM lesson_file), (SELECT count(*) FROM journal_remark),"
        " (SELECT count(*) FROM homework), (SELECT count(*) FROM homework WHERE closed_at IS NULL),"
        " (SELECT count(*) FROM homework_file), (SELECT count(*) FROM homework_answer), (SELECT count(*) FROM"
        " homework_answer WHERE state = 'handed'), (SELECT count(*) FROM homework_answer_file),"
        " (SELECT count(*) FROM homework_norm),"
        " (SELECT count(*) FROM report), (SELECT count(*) FROM report WHERE signed_at IS NULL),"
        " (SELECT count(*) FROM built_report), (SELECT count(*) FROM built_reader),"
        " (SELECT count(*) FROM report_correction), (SELECT count(*) FROM report_sending),"
        " (SELECT count(*) FROM giving_back), (SELECT count(*) FROM resource WHERE retired_at IS NULL),"
        " (SELECT count(*) FROM resource WHERE verified_at IS NOT NULL), (SELECT sum(count) FROM resource_opening),"
        " (SELECT count(*) FROM relying_party WHERE ended_at IS NULL),"
        " (SELECT count(*) FROM lti_tool WHERE ended_at IS NULL), (SELECT count(*) FROM canteen_rule),"
        " (SELECT count(*) FROM school_subject), (SELECT count(*) FROM course), (SELECT count(*) FROM staff_account),"
        " (SELECT count(*) FROM curriculum), (SELECT count(*) FROM curriculum_item),"
        " (SELECT count(*) FROM course_theme), (SELECT count(*) FROM load_norm),"
        " (SELECT count(*) FROM timetable), (SELECT count(*) FROM timetable_slot), (SELECT count(*) FROM room),"
        " (SELECT count(*) FROM teacher_time), (SELECT count(*) FROM staff_absence),"
        " (SELECT count(*) FROM timetable_feed), (SELECT count(*) FROM timetable_solve),"
        " (SELECT count(*) FROM lesson WHERE is_off),"
        " (SELECT count(*) FROM lesson WHERE kind <> 'lesson'), (SELECT count(*) FROM lesson WHERE is_by_hand)"
    )
