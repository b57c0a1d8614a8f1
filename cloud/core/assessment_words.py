"""Words and signs of tests: kinds of questions, states of attempts, what was right, what an analysis says."""

from cloud.core.i18n import N_
from cloud.core.signs import Sign

ASSESSMENT_SIGNS = {
    "test_open": Sign(N_("Open now"), "in", "tick"),
    "test_ahead": Sign(N_("Not open yet"), "mute", "hourglass"),
    "test_closed": Sign(N_("Has closed"), "mute", "dash"),
    "attempt_none": Sign(N_("Not begun"), "mute", "dots"),
    "attempt_running": Sign(N_("Under way"), "warn", "hourglass"),
    "attempt_waiting": Sign(N_("Waits to be marked"), "warn", "hand"),
    "attempt_over": Sign(N_("Done"), "in", "tick"),
    "attempt_figure": Sign(N_("Points"), "mute", "book"),  # of a result, be it good or not
    "answer_right": Sign(N_("Right"), "in", "tick"),
    "answer_part": Sign(N_("Right in part"), "warn", "tick"),
    "answer_wrong": Sign(N_("Not right"), "no", "stop"),
    "answer_none": Sign(N_("Not answered"), "mute", "dash"),
    "answer_waits": Sign(N_("Waits to be marked"), "warn", "hand"),
    "question_unused": Sign(N_("Not in use"), "mute", "dash"),
    "question_held": Sign(N_("Already in the test"), "out", "tick"),
    "item_good": Sign(N_("Good"), "in", "tick"),
    "item_few": Sign(N_("Too few answers"), "mute", "dots"),
    "item_easy": Sign(N_("Very easy"), "out", "info"),
    "item_hard": Sign(N_("Very hard"), "warn", "warn"),
    "item_weak": Sign(N_("Hardly tells who knows"), "warn", "warn"),
    "item_wrong": Sign(N_("Check the key"), "no", "stop"),
}
ASSESSMENT_WORDS = {
    "kind_choice": N_("Choice"),
    "kind_match": N_("Matching"),
    "kind_order": N_("Right order"),
    "kind_number": N_("A number"),
    "kind_text": N_("A short text"),
    "kind_essay": N_("An essay"),
    "difficulty_1": N_("easy"),
    "difficulty_2": N_("medium"),
    "difficulty_3": N_("hard"),
    "difficulty_is_1": N_("Easy"),  # of the difficulty, and not of the question: other words in other languages
    "difficulty_is_2": N_("Medium"),
    "difficulty_is_3": N_("Hard"),
}
