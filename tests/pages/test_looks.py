"""Every page in every language, light and dark, on a phone and on a desk: accessible, translated, nothing cut off."""

import re
from collections.abc import Mapping
from typing import Literal

import pytest
from playwright.async_api import Page

from tests.pages.site import Site, resize
from tests.servers.axe import violations

# A process of its own, with a site of its own: looks take as long as all other tests of pages together.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("looks")]

Look = Literal["light", "dark"]
ALL_BUT_CONTRAST: Mapping[str, object] = {"rules": {"color-contrast": {"enabled": False}}}
EVERYTHING: Mapping[str, object] = {}
# What is looked at in each language: the look, and what axe judges at a width, if anything. Contrast takes it longest
# and does not depend on the width; colours are the same few everywhere, so that of two pages next to each other one is
# judged in the light and the other in the dark, and the page of all components in both.
LOOKS: dict[str, tuple[Look, dict[int, Mapping[str, object] | None]]] = {
    "kk": ("light", {1280: None, 390: EVERYTHING}),
    "ru": ("light", {390: None, 1280: None}),
    "en": ("dark", {1280: EVERYTHING, 390: None}),
}
IN_BOTH = ("components",)
# A client asks for somebody who has not been told yet what it learns.
TELLING = (
    "/oidc/authorize?client_id=books&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&response_type=code"
    f"&scope=openid%20profile%20class&code_challenge={'A' * 43}&code_challenge_method=S256"
)
PAGES = {
    "menu": ("canteen", "/schools/almaty15/menu"),
    "menu_next": ("canteen", "/schools/almaty15/menu?week=2026-09-07"),
    "menu_empty": ("canteen", "/schools/almaty15/menu?week=2027-02-01"),
    "menu_meal": ("canteen", "/schools/almaty15/menu/2026-09-01/lunch"),
    "dishes": ("canteen", "/schools/almaty15/dishes"),
    "dishes_none": ("canteen", "/schools/almaty15/dishes?search=zzz"),
    "dish": ("canteen", "/schools/almaty15/dishes/of/1"),
    "dish_new": ("canteen", "/schools/almaty15/dishes/new"),
    "canteen": ("canteen", "/schools/almaty15/canteen"),
    "guards": ("it", "/schools/almaty15/guards"),
    "canteen_bare": ("other_canteen", "/schools/astana7/canteen"),
    "canteen_rules": ("director", "/schools/almaty15/canteen/settings"),
    "canteen_rules_locked": ("office", "/schools/almaty15/canteen/settings?done=true"),
    "entitlements": ("office", "/schools/almaty15/entitlements"),
    "entitlement": ("office", "/schools/almaty15/entitlements/2"),
    "entitlements_bare": ("other_office", "/schools/astana7/entitlements"),
    "approvals": ("director", "/schools/almaty15/approvals"),
    "approval": ("director", "/schools/almaty15/approvals/2"),
    "ratings": ("canteen", "/schools/almaty15/ratings"),
    "ratings_none": ("other_canteen", "/schools/astana7/ratings"),
    "reports": ("office", "/schools/almaty15/reports"),
    "reports_none": ("other_director", "/schools/astana7/reports"),
    "report": ("director", "/schools/almaty15/reports/2"),
    "report_signed": ("office", "/schools/almaty15/reports/1?what=unconfirmed"),
    "report_verified": ("", "/reports/{report}"),
    "reports_of_attendance": ("director", "/schools/almaty15/reports?subject=attendance"),
    "report_of_attendance": ("director", "/schools/almaty15/reports/4"),
    "report_of_attendance_signed": ("office", "/schools/almaty15/reports/3?what=by_hand&of=4А"),
    "builder": ("director", "/schools/almaty15/builder"),
    "builder_none": ("other_it", "/schools/astana7/builder"),
    "builder_new": ("office", "/schools/almaty15/builder/new"),
    "builder_chosen": ("director", "/schools/almaty15/builder/new?subject=attendance"),
    "builder_list": ("director", "/schools/almaty15/builder/new?of=2"),
    "built": ("director", "/schools/almaty15/builder/1"),
    "built_list": ("director", "/schools/almaty15/builder/2"),
    "built_deeds": ("office", "/schools/almaty15/builder/3"),
    "built_shared": ("it", "/schools/almaty15/builder/1"),
    "built_run": ("director", "/schools/almaty15/builder/1/runs/1"),
    "region_reports": ("authority", "/region/reports?subject=attendance&month=2026-07"),
    "region_reports_none": ("authority", "/region/reports?state=came_late&month=2026-07"),
    "child_ratings": ("guardian", "/children/{child}/ratings"),
    "child_menu": ("guardian", "/children/{child}/menu"),
    "diet": ("office", "/schools/almaty15/people/{child}/diet"),
    "ratings_dish": ("canteen", "/schools/almaty15/ratings?dish=2"),
    "child_orders": ("guardian", "/children/{child}/orders"),
    "orders": ("canteen", "/schools/almaty15/orders"),
    "orders_none": ("office", "/schools/almaty15/orders?on=01.01.2026"),
    "child_statistics": ("guardian", "/children/{child}/statistics?by=week"),
    "child_statistics_term": ("guardian", "/children/{child}/statistics?by=term"),
    "child_statistics_none": ("guardian", "/children/{child}/statistics?by=month&on=2026-05-01"),
    "child_limits": ("guardian", "/children/{child}/limits"),
    "notices": ("guardian", "/notices"),
    "notices_none": ("childless", "/notices"),
    "ways": ("guardian", "/notices/ways"),
    "ways_of_one": ("guardian", "/notices/ways?child={child}"),
    "deliveries": ("office", "/schools/almaty15/deliveries"),
    "deliveries_none": ("other_office", "/schools/astana7/deliveries"),
    "told": ("office", "/schools/almaty15/people/{child}/notices"),
    "messages": ("guardian", "/messages"),
    "messages_none": ("childless", "/messages"),
    "message": ("guardian", "/messages/1"),
    "message_corrected": ("guardian", "/messages/7"),
    "message_recalled": ("guardian", "/messages/6"),
    "written": ("class_teacher", "/schools/almaty15/messages"),
    "written_none": ("other_office", "/schools/astana7/messages"),
    "written_one": ("class_teacher", "/schools/almaty15/messages/1"),
    "written_waiting": ("director", "/schools/almaty15/messages/3"),
    "written_to_all": ("director", "/schools/almaty15/messages/8"),
    "message_new": ("class_teacher", "/schools/almaty15/messages/new"),
    "message_new_of_office": ("office", "/schools/almaty15/messages/new"),
    "help": ("guardian", "/help?from=/"),
    "help_of_anybody": ("", "/help"),
    "help_of_it": ("it", "/help"),
    "questions": ("it", "/schools/almaty15/questions"),
    "questions_none": ("other_it", "/schools/astana7/questions"),
    "questions_left": ("operator", "/questions"),
    "help_found": ("guardian", "/help?search=форма"),
    "help_not_found": ("guardian", "/help?search=zzz"),
    "faq": ("office", "/schools/almaty15/faq"),
    "faq_none": ("other_office", "/schools/astana7/faq"),
    "questionnaires": ("director", "/schools/almaty15/questionnaires"),
    "questionnaires_none": ("other_director", "/schools/astana7/questionnaires"),
    "questionnaire_results": ("director", "/schools/almaty15/questionnaires/1"),
    "questionnaire_by_name": ("director", "/schools/almaty15/questionnaires/2"),
    "questionnaire_draft": ("director", "/schools/almaty15/questionnaires/3"),
    "questionnaire_over": ("director", "/schools/almaty15/questionnaires/5"),
    "own_questionnaires": ("guardian", "/questionnaires"),
    "own_questionnaires_none": ("childless", "/questionnaires"),
    "own_questionnaire": ("guardian", "/questionnaires/1"),
    "own_questionnaire_by_name": ("guardian", "/questionnaires/2"),
    "questionnaire_of_staff": ("teacher", "/questionnaires/4"),
    "calls": ("it", "/schools/almaty15/calls"),
    "calls_none": ("other_it", "/schools/astana7/calls"),
    "video_lesson": ("class_teacher", "/schools/almaty15/journal/{course}/lessons/{lesson}/video"),
    "video_lesson_read": ("deputy", "/schools/almaty15/journal/{course}/lessons/{lesson}/video"),
    "child_video_lesson": ("guardian", "/children/{child}/diary/lessons/{lesson}/video"),
    "video_lesson_over": ("class_teacher", "/schools/almaty15/journal/{course}/lessons/{before}/video"),
    "child_video_lesson_over": ("guardian", "/children/{child}/diary/lessons/{before}/video"),
    "sign_in": ("", "/sign-in"),
    "forgotten": ("", "/sign-in/forgotten"),
    "forgotten_code": ("", "/sign-in/forgotten?have=1"),
    "children": ("guardian", "/"),
    "no_children": ("childless", "/"),
    "child": ("guardian", "/children/{child}"),
    "child_calendar": ("guardian", "/children/{child}/calendar?month=2026-08"),
    "child_calendar_now": ("guardian", "/children/{child}/calendar"),
    "child_day": ("guardian", "/children/{child}/days/2026-09-01"),
    "child_day_none": ("guardian", "/children/{child}/days/2026-08-30"),
    "offline": ("", "/offline/{language}"),
    "child_consents": ("guardian", "/children/{child}/consents"),
    "child_family": ("guardian", "/children/{child}/family"),
    "certificate": ("guardian", "/children/{child}/certificate"),
    "privacy": ("", "/privacy"),
    "consents": ("office", "/schools/almaty15/people/{child}/consents"),
    "pass": ("guardian", "/children/{child}/pass"),
    "account": ("guardian", "/account"),
    "account_child": ("guardian", "/account/child"),
    "second_step": ("it", "/account/second-step"),
    "own_sessions": ("guardian", "/account/sessions"),
    "gate": ("guard", "/schools/almaty15/gate"),
    "gatebook": ("director", "/schools/almaty15/gatebook"),
    "gatebook_none": ("guard", "/schools/almaty15/gatebook?since=2026-08-01&until=2026-08-20&words=zzz"),
    "gate_rules": ("director", "/schools/almaty15/gatebook/rules?done=true"),
    "muster": ("guard", "/schools/almaty15/muster"),
    "today": ("office", "/schools/almaty15/office"),
    "today_filtered": ("office", "/schools/almaty15/office?state=late&sort=-in&search=zzz"),
    "cards": ("office", "/schools/almaty15/cards"),
    "person": ("office", "/schools/almaty15/people/{child}"),
    "staff": ("office", "/schools/almaty15/office?role=staff"),
    "devices": ("it", "/schools/almaty15/devices"),
    "doors": ("it", "/schools/almaty15/devices/doors"),
    "devices_troubled": ("it", "/schools/almaty15/devices?show=troubled&sort=-unsent"),
    "programs": ("it", "/schools/almaty15/programs"),
    "programs_none": ("other_it", "/schools/astana7/programs"),
    "device": ("it", "/schools/almaty15/device/gate-north"),
    "device_silent": ("it", "/schools/almaty15/device/gate-yard"),
    "alarms": ("it", "/schools/almaty15/alarms?state=all"),
    "all_alarms": ("operator", "/alarms"),
    "servers": ("operator", "/servers"),
    "maintenance": ("operator", "/maintenance"),
    "maintenance_done": ("operator", "/maintenance?done=true"),
    "security": ("operator", "/security"),
    "security_none": ("operator", "/security?words=zzzz"),
    "attempts": ("it", "/schools/almaty15/attempts"),
    "attempts_none": ("it", "/schools/almaty15/attempts?since=2020-01-01&until=2020-01-02"),
    "audit": ("office", "/schools/almaty15/audit"),
    "anchors": ("director", "/schools/almaty15/audit/anchors"),
    "child_data": ("guardian", "/children/{child}/data"),
    "child_data_none": ("father", "/children/{absent}/data"),
    "corrections": ("office", "/schools/almaty15/corrections"),
    "corrections_none": ("other_office", "/schools/astana7/corrections"),
    "retention": ("director", "/schools/almaty15/audit/retention"),
    "retention_none": ("other_it", "/schools/astana7/audit/retention"),
    "export": ("director", "/schools/almaty15/export"),
    "export_none": ("other_it", "/schools/astana7/export"),
    "audit_none": ("it", "/schools/almaty15/audit?actor=zzz"),
    "all_audit": ("operator", "/audit"),
    "releases": ("operator", "/releases"),
    "diets": ("nurse", "/schools/almaty15/diets"),
    "diets_found": ("nurse", "/schools/almaty15/diets?search=1А"),
    "diet_of_nurse": ("nurse", "/schools/almaty15/people/{child}/diet"),
    "orders_of_cashier": ("cashier", "/schools/almaty15/orders"),
    "accounts": ("office", "/schools/almaty15/accounts"),
    "accounts_none": ("it", "/schools/almaty15/accounts?kind=students&search=zzz"),
    "account_of_guard": ("it", "/schools/almaty15/accounts/1"),
    "ways_in": ("office", "/schools/almaty15/ways-in"),
    "ways_in_sms": ("office", "/schools/almaty15/ways-in/sms"),
    "own_day": ("student", "/"),
    "own_days": ("student", "/children/{child}"),
    "roles": ("office", "/schools/almaty15/roles"),
    "roles_of_director": ("director", "/schools/almaty15/roles"),
    "class": ("class_teacher", "/schools/almaty15/class"),
    "absences": ("class_teacher", "/schools/almaty15/absences"),
    "absences_none": ("other_office", "/schools/astana7/absences"),
    "transfers": ("office", "/schools/almaty15/transfers?class_id=1"),
    "timetable": ("deputy", "/schools/almaty15/timetable?class_id=4&week=2026-09-07"),
    "timetable_of_teacher": ("teacher", "/schools/almaty15/timetable?week=2026-09-07"),
    "timetable_of_room": ("guard", "/schools/almaty15/timetable?room=101"),
    "timetable_none": ("other_office", "/schools/astana7/timetable"),
    "timetable_day": ("deputy", "/schools/almaty15/timetable/day?on=2026-09-02"),
    "timetable_day_none": ("director", "/schools/almaty15/timetable/day?on=2026-08-30"),
    "timetable_lesson": ("deputy", "/schools/almaty15/timetable/lessons/4"),
    "timetable_works": ("teacher", "/schools/almaty15/timetable/works"),
    "timetable_works_none": ("other_director", "/schools/astana7/timetable/works"),
    "timetable_versions": ("deputy", "/schools/almaty15/timetable/versions"),
    "timetable_versions_none": ("other_office", "/schools/astana7/timetable/versions"),
    "timetable_version": ("deputy", "/schools/almaty15/timetable/versions/2?class_id=4"),
    "timetable_published": ("office", "/schools/almaty15/timetable/versions/1?class_id=4"),
    "timetable_solve": ("deputy", "/schools/almaty15/timetable/versions/2/solve"),
    "timetable_rooms": ("office", "/schools/almaty15/timetable/rooms"),
    "timetable_rooms_none": ("other_office", "/schools/astana7/timetable/rooms"),
    "timetable_times": ("deputy", "/schools/almaty15/timetable/times"),
    "timetable_times_none": ("other_office", "/schools/astana7/timetable/times"),
    "timetable_feeds": ("office", "/schools/almaty15/timetable/feeds"),
    "timetable_feeds_none": ("other_office", "/schools/astana7/timetable/feeds"),
    "child_timetable": ("guardian", "/children/{child}/timetable"),
    "child_timetable_none": ("guardian", "/children/{child}/timetable?week=2027-06-01"),
    "subjects": ("deputy", "/schools/almaty15/subjects?edit=3"),
    "subjects_none": ("other_office", "/schools/astana7/subjects"),
    "courses": ("deputy", "/schools/almaty15/courses?class_id=4"),
    "courses_of_teacher": ("teacher", "/schools/almaty15/courses"),
    "courses_none": ("other_director", "/schools/astana7/courses"),
    "teachers": ("office", "/schools/almaty15/courses/teachers"),
    "course": ("deputy", "/schools/almaty15/courses/1"),
    "course_group": ("office", "/schools/almaty15/courses/2"),
    "themes": ("teacher", "/schools/almaty15/courses/1/themes?edit=3"),
    "themes_none": ("director", "/schools/almaty15/courses/2/themes"),
    "plans": ("deputy", "/schools/almaty15/plans"),
    "plans_none": ("other_director", "/schools/astana7/plans"),
    "plan": ("deputy", "/schools/almaty15/plans/1?subject=11"),
    "plan_read": ("teacher", "/schools/almaty15/plans/1"),
    "load": ("deputy", "/schools/almaty15/load"),
    "load_none": ("other_director", "/schools/astana7/load"),
    "talks": ("guardian", "/talks"),
    "talks_found": ("guardian", "/talks?q=12"),
    "talks_none": ("childless", "/talks"),
    "talk_topic": ("student", "/talks/1"),
    "talk_parents": ("guardian", "/talks/3?reply=4"),
    "talk_class": ("class_teacher", "/talks/4"),
    "talk_muted": ("student", "/talks/4"),
    "post_own": ("student", "/talks/1/posts/1"),
    "post_of_another": ("guardian", "/talks/3/posts/4"),
    "post_moderated": ("deputy", "/talks/4/posts/9"),
    "post_edited": ("class_teacher", "/talks/4/posts/6"),
    "forum_section": ("student", "/talks/sections/1"),
    "forum_section_of_staff": ("guardian", "/talks/sections/2"),
    "chats_led": ("class_teacher", "/schools/almaty15/talks"),
    "chats_all": ("deputy", "/schools/almaty15/talks"),
    "talks_reported": ("deputy", "/schools/almaty15/talks/reports"),
    "talks_reported_none": ("other_director", "/schools/astana7/talks/reports"),
    "forum_sections": ("deputy", "/schools/almaty15/talks/sections"),
    "forum_sections_none": ("other_director", "/schools/astana7/talks/sections"),
    "board": ("guardian", "/announcements"),
    "board_none": ("stranger", "/announcements"),
    "posting": ("guardian", "/announcements/1"),
    "posted": ("deputy", "/schools/almaty15/announcements"),
    "posted_none": ("other_director", "/schools/astana7/announcements"),
    "posting_new": ("deputy", "/schools/almaty15/announcements/new"),
    "posting_new_of_class": ("class_teacher", "/schools/almaty15/announcements/new"),
    "posting_confirmed": ("deputy", "/schools/almaty15/announcements/1"),
    "new_year": ("office", "/schools/almaty15/new-year"),
    "trips": ("office", "/schools/almaty15/trips?class_id=1"),
    "profiles": ("class_teacher", "/schools/almaty15/portfolio"),
    "profiles_none": ("other_office", "/schools/astana7/portfolio"),
    "profile": ("deputy", "/schools/almaty15/people/{child}/profile"),
    "profile_read": ("methodologist", "/schools/almaty15/people/{child}/profile"),
    "profile_sensitive": ("pedagogue", "/schools/almaty15/people/{child}/profile/sensitive"),
    "profiles_of_staff": ("office", "/schools/almaty15/staff"),
    "profiles_of_staff_none": ("other_office", "/schools/astana7/staff"),
    "profile_of_staff": ("office", "/schools/almaty15/staff/{staff}/profile"),
    "own_profile": ("teacher", "/profile"),
    "own_profile_none": ("tutor", "/profile"),
    "child_portfolio": ("guardian", "/children/{child}/portfolio"),
    "absent_portfolio": ("father", "/children/{absent}/portfolio"),
    "own_portfolio": ("student", "/children/{child}/portfolio"),
    "certificate_of_school": ("", "/certificates/{certificate}"),
    "morning": ("class_teacher", "/schools/almaty15/morning/1"),
    "morning_told": ("office", "/schools/almaty15/morning/3"),
    "mornings": ("office", "/schools/almaty15/morning"),
    "child_absences": ("guardian", "/children/{child}/absences"),
    "absent_absences": ("father", "/children/{absent}/absences"),
    "child_collectors": ("guardian", "/children/{child}/collectors"),
    "collecting": ("class_teacher", "/schools/almaty15/collectors"),
    "collecting_none": ("guard", "/schools/almaty15/collectors"),
    "collectors": ("office", "/schools/almaty15/people/{child}/collectors"),
    "register_told": ("office", "/schools/almaty15/register/3"),
    "alerts": ("director", "/schools/almaty15/alerts"),
    "alerts_none": ("other_office", "/schools/astana7/alerts?told=0"),
    "calendar_days": ("office", "/schools/almaty15/calendar"),
    "calendar_days_none": ("other_office", "/schools/astana7/calendar?done=true"),
    "calendar_of_others": ("guardian", "/children/{child}/calendar?month=2026-10"),
    "journals": ("class_teacher", "/schools/almaty15/journal"),
    "journals_of_deputy": ("deputy", "/schools/almaty15/journal"),
    "journals_none": ("other_director", "/schools/astana7/journal"),
    "journal": ("class_teacher", "/schools/almaty15/journal/{course}"),
    "journal_read": ("deputy", "/schools/almaty15/journal/{course}"),
    "journal_lesson": ("class_teacher", "/schools/almaty15/journal/{course}/lessons/{lesson}"),
    "journal_lesson_read": ("deputy", "/schools/almaty15/journal/{course}/lessons/{lesson}"),
    "journal_mark": ("class_teacher", "/schools/almaty15/journal/{course}/students/{child}"),
    "journal_sheet": ("class_teacher", "/schools/almaty15/journal/classes/1/sheet"),
    "journal_sheet_none": ("deputy", "/schools/almaty15/journal/classes/2/sheet"),
    "journal_attendance": ("deputy", "/schools/almaty15/journal/classes/1/attendance"),
    "journal_reports": ("class_teacher", "/schools/almaty15/journal/classes/1/reports"),
    "journal_debts": ("class_teacher", "/schools/almaty15/journal/debts"),
    "journal_debts_of_deputy": ("deputy", "/schools/almaty15/journal/debts"),
    "tests": ("class_teacher", "/schools/almaty15/tests"),
    "tests_of_director": ("director", "/schools/almaty15/tests"),
    "tests_none": ("other_director", "/schools/astana7/tests"),
    "test": ("class_teacher", "/schools/almaty15/tests/of/1"),
    "test_of_deputy": ("deputy", "/schools/almaty15/tests/of/1"),
    "test_analysis": ("class_teacher", "/schools/almaty15/tests/of/1/analysis"),
    "bank": ("class_teacher", "/schools/almaty15/tests/questions?grade=1"),
    "bank_choosing": ("class_teacher", "/schools/almaty15/tests/questions?into=1&section=0&grade=1"),
    "bank_none": ("class_teacher", "/schools/almaty15/tests/questions?kind=essay&grade=9"),
    "question_choice": ("class_teacher", "/schools/almaty15/tests/questions/2"),
    "question_match": ("class_teacher", "/schools/almaty15/tests/questions/3"),
    "question_order": ("class_teacher", "/schools/almaty15/tests/questions/4"),
    "question_number": ("class_teacher", "/schools/almaty15/tests/questions/5"),
    "question_text": ("class_teacher", "/schools/almaty15/tests/questions/6"),
    "question_essay": ("class_teacher", "/schools/almaty15/tests/questions/new?kind=essay"),
    "test_given": ("class_teacher", "/schools/almaty15/tests/given/1"),
    "test_given_read": ("deputy", "/schools/almaty15/tests/given/1"),
    "test_attempt": ("class_teacher", "/schools/almaty15/tests/given/1/attempts/1"),
    "packages": ("class_teacher", "/schools/almaty15/tests/packages"),
    "practice_themes": ("class_teacher", "/schools/almaty15/tests/practice?subject=11"),
    "practice_class": ("class_teacher", "/schools/almaty15/tests/practice/classes/1"),
    "practice_student": ("deputy", "/schools/almaty15/tests/practice/classes/1/students/{child}"),
    "own_practice": ("student", "/children/{child}/practice"),
    "child_practice": ("guardian", "/children/{child}/practice"),
    "absent_practice": ("father", "/children/{absent}/practice"),
    "practice_over": ("student", "/children/{child}/practice/1"),
    "practice_national": ("guardian", "/children/{child}/practice/3"),
    "practice_sitting": ("student", "/children/{child}/practice/4"),
    "own_tests": ("student", "/children/{child}/tests"),
    "child_tests": ("guardian", "/children/{child}/tests"),
    "absent_tests": ("father", "/children/{absent}/tests"),
    "own_test": ("student", "/children/{child}/tests/3"),
    "child_test": ("guardian", "/children/{child}/tests/1"),
    "own_attempt": ("student", "/children/{child}/attempts/1"),
    "sitting": ("student", "/children/{child}/attempts/2"),
    "grading": ("deputy", "/schools/almaty15/journal/grading"),
    "homework": ("class_teacher", "/schools/almaty15/homework"),
    "homework_of_class": ("deputy", "/schools/almaty15/homework?class_id=1"),
    "homework_none": ("other_director", "/schools/astana7/homework"),
    "homework_new": ("class_teacher", "/schools/almaty15/homework/new?course_id={course}"),
    "homework_courses": ("teacher", "/schools/almaty15/homework/new"),
    "homework_one": ("class_teacher", "/schools/almaty15/homework/1"),
    "homework_read": ("deputy", "/schools/almaty15/homework/1"),
    "homework_check": ("class_teacher", "/schools/almaty15/homework/1/students/{child}"),
    "homework_load": ("class_teacher", "/schools/almaty15/homework/load?class_id=1"),
    "homework_load_none": ("deputy", "/schools/almaty15/homework/load?week=2027-06-07"),
    "homework_norms": ("deputy", "/schools/almaty15/homework/norms"),
    "child_homework": ("guardian", "/children/{child}/homework"),
    "child_homework_returned": ("student", "/children/{child}/homework/2"),
    "child_homework_draft": ("guardian", "/children/{child}/homework/3"),
    "absent_homework": ("father", "/children/{absent}/homework"),
    "diary": ("guardian", "/children/{child}/diary"),
    "diary_none": ("student", "/children/{child}/diary?week=2026-07-06"),
    "advice": ("class_teacher", "/schools/almaty15/advice"),
    "advice_none": ("other_director", "/schools/astana7/advice"),
    "advice_of_child": ("class_teacher", "/schools/almaty15/people/{child}/advice"),
    "advice_read": ("methodologist", "/schools/almaty15/people/{child}/advice"),
    "advice_rules": ("deputy", "/schools/almaty15/advice/rules"),
    "exams": ("office", "/schools/almaty15/exams"),
    "exams_none": ("other_office", "/schools/astana7/exams"),
    "exam": ("office", "/schools/almaty15/exams/1"),
    "exam_none": ("deputy", "/schools/almaty15/exams/2"),
    "fitness": ("class_teacher", "/schools/almaty15/fitness"),
    "fitness_one": ("class_teacher", "/schools/almaty15/fitness?what=jump"),
    "fitness_none": ("teacher", "/schools/almaty15/fitness"),
    "quality": ("director", "/schools/almaty15/quality"),
    "quality_sorted": ("deputy", "/schools/almaty15/quality?class_id=1&sort=-empty"),
    "quality_of_class": ("class_teacher", "/schools/almaty15/quality"),
    "quality_none": ("other_director", "/schools/astana7/quality"),
    "diary_marks": ("guardian", "/children/{child}/diary/marks"),
    "register": ("office", "/schools/almaty15/register"),
    "register_none": ("other_office", "/schools/astana7/register"),
    "register_class": ("class_teacher", "/schools/almaty15/register/1"),
    "register_closed": ("director", "/schools/almaty15/register/1?on=31.08.2026"),
    "sold_absent": ("canteen", "/schools/almaty15/sold?odd=absent_in_class"),
    "region": ("authority", "/region"),
    "region_month": ("authority", "/region?by=month&on=2026-08-20&sort=-came&week=5"),
    "region_none": ("authority", "/region?size=huge"),
    "statistics": ("director", "/schools/almaty15/statistics"),
    "statistics_month": ("director", "/schools/almaty15/statistics?by=month&on=2026-08-20"),
    "statistics_year": ("director", "/schools/almaty15/statistics?by=year&on=2026-08-20"),
    "statistics_none": ("other_director", "/schools/astana7/statistics"),
    "statistics_of_authority": ("authority", "/schools/almaty15/statistics?by=week&on=2026-08-20"),
    "statistics_class": ("class_teacher", "/schools/almaty15/statistics/classes/1?by=month&on=2026-08-20"),
    "today_of_director": ("director", "/schools/almaty15/office"),
    "money": ("office", "/schools/almaty15/people/{child}/money"),
    "books": ("office", "/schools/almaty15/money"),
    "receipt": ("office", "/schools/almaty15/money/receipts/1"),
    "sold": ("canteen", "/schools/almaty15/sold"),
    "sold_nothing": ("office", "/schools/almaty15/sold?on=01.01.2026"),
    "sold_apart": ("office", "/schools/almaty15/sold?odd=not_till"),
    "outage": ("office", "/schools/almaty15/sold/outage"),
    "wallet": ("office", "/schools/almaty15/wallet"),
    "wallet_explained": ("office", "/schools/almaty15/wallet?state=explained"),
    "wallet_bare": ("other_office", "/schools/astana7/wallet?from=01.01.2020&to=01.01.2026"),
    "wallet_files": ("office", "/schools/almaty15/wallet/files"),
    "wallet_files_bare": ("other_office", "/schools/astana7/wallet/files"),
    "child_money": ("guardian", "/children/{child}/money"),
    "import": ("office", "/schools/almaty15/import"),
    "shelf": ("pupil", "/resources"),
    "shelf_of_teacher": ("teacher", "/resources"),
    "shelf_bare": ("student", "/resources"),
    "launch_class": ("deputy", "/resources/3/launch/0"),
    "results": ("methodologist", "/resources/3/results"),
    "results_none": ("director", "/resources/2/results"),
    "resources": ("methodologist", "/schools/almaty15/resources"),
    "resource": ("methodologist", "/schools/almaty15/resources/of/2"),
    "resources_none": ("deputy", "/schools/almaty15/resources?subject=sport"),
    "resource_verified": ("deputy", "/schools/almaty15/resources/of/1"),
    "resource_usage": ("methodologist", "/schools/almaty15/resources/usage?by=month&on=2026-08-20"),
    "resource_usage_none": ("director", "/schools/almaty15/resources/usage?by=day&on=2026-03-02"),
    "shelf_chosen": ("pupil", "/resources?subject=sport&verified=true"),
    "indicators": ("director", "/schools/almaty15/indicators"),
    "indicators_lacking": ("office", "/schools/almaty15/indicators?lacks=account&page=1"),
    "region_indicators": ("authority", "/region/indicators"),
    "journal_import": ("class_teacher", "/schools/almaty15/journal/{course}/import"),
    "journal_import_read": ("deputy", "/schools/almaty15/journal/{course}/import"),
    "timetable_import": ("deputy", "/schools/almaty15/timetable/versions/2/import"),
    "resource_new": ("office", "/schools/almaty15/resources/new"),
    "sign_on": ("it", "/schools/almaty15/sign-on"),
    "joined": ("pupil", "/account/joined"),
    "telling": ("pupil", TELLING),
    "sign_out": ("pupil", "/oidc/end-session"),
    "not_found": ("office", "/nothing/here"),
    "components": ("", "/office/ui"),
}
# Names, codes and proper names that are the same in every language.
SAME_EVERYWHERE = re.compile(
    r"Esik|Excel|English|XLSX|CSV|SMS|\.xlsx|\.pdf|PDF|SHA|JPEG|PNG|WebP|gate-\w+|almaty\d+|north|south|[\w.]+@[\w.]+|\b0\.1\.0\b|IT\b|QR"
    r"|OneRoster|gradebook|Kundelik|BilimClass|ZIP|\.zip|sourcedId|SCIM|OAuth|API|Electronic diary|Analytics"
    r"|94-V|234-III|student\d{5}|Kaspi|JSON( Lines)?|DESFire|NTAG 424 DNA|Данияр|parent with a pram"
    r"|Telegram|iPhone|\(Start\)|Web Push"
    r"|Open Badge|OpenID Connect|LTI 1\.3|RS256|PS256|ES256|EdDSA"
    r"|Jitsi( Meet)?|/?[Bb]ig[Bb]lue[Bb]utton|HS256|PEM"
    r"|https://\S*|Ctrl\+Z|\b(Enter|Tab|Esc)\b"
    r"|OpenID Connect|LTI 1\.3|QTI 3|MathML|RS256|PS256|ES256|EdDSA"
)
ENGLISH = re.compile(r"[A-Za-z]{2,}")
OPEN_ALL = "document.querySelectorAll('main details').forEach(each => { each.open = true; })"
# The page's language and its words. What technicians read stands in <code>, in English everywhere.
WORDS = """() => {
  const hidden = [...document.querySelectorAll("code")];
  hidden.forEach(each => { each.style.display = "none"; });
  const words = document.body.innerText;
  hidden.forEach(each => { each.style.display = ""; });
  return [document.documentElement.lang, words];
}"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Words that a box with hidden edges cuts off at its side, unless it says so by an ellipsis.
CUT = """() => [...document.querySelectorAll('main *')].flatMap(box => {
  const style = getComputedStyle(box), side = box.getBoundingClientRect();
  if (!/hidden|clip/.test(style.overflowX) || style.textOverflow === 'ellipsis' || side.width <= 1) return [];
  return [...box.querySelectorAll('*')]
    .filter(each => [...each.childNodes].some(part => part.nodeType === Node.TEXT_NODE && part.data.trim()))
    .filter(each => each.getBoundingClientRect().right > side.right + 1)
    .filter(each => !each.closest('.table-wrap:not(:has(.folds)), .visually-hidden'))
    .map(each => each.innerText);
})"""


@pytest.mark.requirement("KZ456-17")
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_whole_translated_and_accessible(site: Site, name: str) -> None:
    site.complaints.clear()
    for language, (look, judged) in LOOKS.items():
        page = await opened(site, name, language, look, next(iter(judged)))
        spoken, words = await page.evaluate(WORDS)

        assert spoken == language
        assert language == "en" or english_in(words) == [], f"{name} {language}"
        for width, rules in judged.items():
            await resize(page, width)
            assert await page.evaluate(OVERFLOW) <= 0, f"{name} {language} {width} scrolls sideways"
            assert await page.evaluate(CUT) == [], f"{name} {language} {width}"
            if rules is not None:
                judged_by = rules if is_judged_in(look, name) else ALL_BUT_CONTRAST
                assert await violations(page, judged_by) == [], f"{name} {language} {width} {look}"
    assert site.complaints == []


@pytest.mark.parametrize(
    ("name", "words"), [("menu", 8), ("child_limits", 8), ("today", 12), ("sign_in", 5), ("child", 4), ("devices", 5)]
)
async def test_a_page_can_be_walked_by_the_keyboard(site: Site, name: str, words: int) -> None:
    who, path = PAGES[name]
    page = await site.open(addressed(site, path), who)
    reached = set()
    for _ in range(words * 3):
        await page.keyboard.press("Tab")
        reached.add(
            await page.evaluate("(document.activeElement.innerText || document.activeElement.name || '').trim()")
        )
        visible = await page.evaluate("document.activeElement.matches('body, :focus-visible')")

        assert visible

    assert len(reached) >= words


def is_judged_in(look: Look, name: str) -> bool:
    """Tell whether this page's colours are judged in this look."""
    return name in IN_BOTH or list(PAGES).index(name) % 2 == ("light", "dark").index(look)


def addressed(site: Site, path: str, language: str = "en") -> str:
    """Return the address of a page, with what the sample has in its places."""
    sample = site.sample
    places = {"child": sample.child_ref, "absent": sample.absent_ref, "staff": sample.staff_ref}
    return path.format(
        language=language, report=sample.report, certificate=sample.certificate, course=sample.course_id,
        lesson=sample.lesson_id, before=sample.lesson_id - 1, **places,
    )  # fmt: skip


async def opened(site: Site, name: str, language: str, look: Look, width: int = 1280) -> Page:
    """Open a page in a look, with everything open that can be opened."""
    who, path = PAGES[name]
    page = await site.open(addressed(site, path, language), who, language=language, theme=look, width=width)
    await page.evaluate(OPEN_ALL)
    return page


def english_in(text: str) -> list[str]:
    """Return words of Latin letters that no language here has."""
    return ENGLISH.findall(SAME_EVERYWHERE.sub(" ", text))
