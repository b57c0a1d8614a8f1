"""The part of the table of rights that is about learning: subjects, plans, timetables, journals, profiles."""

from collections.abc import Mapping

from cloud.core.i18n import N_
from cloud.core.rights_kinds import EVERYBODY_AT_WORK, HEADS, KIN, OF_CLASS, Allowed, Right, Thing, Within, at_school
from cloud.core.roles import Role

PEDAGOGUES = (Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR, Role.METHODOLOGIST, Role.PEDAGOGUE)
OF_COURSE = {Role.TEACHER: Within.COURSE, Role.CLASS_TEACHER: Within.COURSE}
LEARNING: Mapping[Right, Allowed] = {
    Right.STUDIES_READ: Allowed(Thing.LEARNING, N_("See subjects, who teaches what to whom, and the teaching load"),
                                at_school(*PEDAGOGUES, Role.OFFICE, *HEADS)),
    Right.STUDIES_KEEP: Allowed(Thing.LEARNING, N_("Keep subjects, groups, and who teaches what to whom"),
                                at_school(Role.OFFICE, Role.DEPUTY)),
    Right.PLANS_READ: Allowed(Thing.LEARNING, N_("See curriculum plans, and plans by theme and week"),
                              at_school(*PEDAGOGUES, *HEADS)),
    Right.PLANS_KEEP: Allowed(Thing.LEARNING, N_("Keep the curriculum plans of grades and subjects"),
                              at_school(Role.METHODOLOGIST, Role.DEPUTY)),
    Right.LESSONS_KEEP: Allowed(Thing.LEARNING, N_("Plan one's own lessons, with themes, files and links"), OF_COURSE),
    Right.TIMETABLE_READ: Allowed(Thing.LEARNING, N_("See the timetable, with rooms, teachers and substitutions"),
                                  at_school(*EVERYBODY_AT_WORK) | KIN),
    Right.TIMETABLE_KEEP: Allowed(
        Thing.LEARNING, N_("Make the timetable, change it, name substitutes, plan summative assessments"),
        at_school(Role.OFFICE, Role.DEPUTY),
    ),
    Right.JOURNAL_READ: Allowed(Thing.LEARNING, N_("Read the journals of lessons and marks"),
                                at_school(Role.METHODOLOGIST, *HEADS) | OF_CLASS),
    Right.JOURNAL_KEEP: Allowed(Thing.LEARNING, N_("Keep the journal of what one teaches: who was there, marks"),
                                OF_COURSE),
    Right.JOURNAL_CORRECT: Allowed(Thing.LEARNING, N_("Put marks of earlier quarters right, each with its reason"),
                                   at_school(Role.DEPUTY)),
    Right.GRADING_KEEP: Allowed(Thing.LEARNING, N_("Set by which scheme marks are given and counted"),
                                at_school(Role.DEPUTY)),
    Right.DIARY_READ: Allowed(Thing.LEARNING, N_("Read the diary: lessons, marks, what teachers wrote"), KIN),
    Right.HOMEWORK_READ: Allowed(Thing.LEARNING, N_("See homework, what was handed in, and the load of a day"),
                                 at_school(Role.METHODOLOGIST, *HEADS) | OF_CLASS),
    Right.HOMEWORK_SET: Allowed(Thing.LEARNING, N_("Set homework for what one teaches, and check it"), OF_COURSE),
    Right.HOMEWORK_HAND_IN: Allowed(Thing.LEARNING, N_("See one's own or one's child's homework, and hand it in"), KIN),
    Right.HOMEWORK_NORMS: Allowed(Thing.LEARNING, N_("Set how many minutes of homework a day bears"),
                                  at_school(Role.DEPUTY)),
    Right.TESTS_MAKE: Allowed(
        Thing.LEARNING, N_("Keep banks of questions, make tests of them, see how good their questions are"),
        at_school(Role.METHODOLOGIST, Role.DEPUTY) | OF_COURSE,
    ),
    Right.TESTS_GIVE: Allowed(
        Thing.LEARNING, N_("Give tests to what one teaches, mark them, put the results into the journal"), OF_COURSE
    ),
    Right.TESTS_READ: Allowed(Thing.LEARNING, N_("See which tests classes took, and what each student reached"),
                              at_school(Role.METHODOLOGIST, *HEADS) | OF_CLASS),
    Right.TESTS_TAKE: Allowed(Thing.LEARNING, N_("Take a test"), {Role.STUDENT: Within.OWN}),
    Right.TESTS_SEE: Allowed(Thing.LEARNING, N_("See one's own tests or one's child's: results, and what was right"),
                             KIN),
    Right.PROFILES_READ: Allowed(
        Thing.LEARNING, N_("See profiles and portfolios"),
        at_school(Role.METHODOLOGIST, Role.PEDAGOGUE, Role.OFFICE, *HEADS) | OF_CLASS | KIN,
    ),
    Right.PROFILES_KEEP: Allowed(
        Thing.LEARNING, N_("Keep profiles: main and further data, recommendations, trajectories"),
        at_school(Role.PEDAGOGUE, Role.OFFICE, Role.DEPUTY) | {Role.CLASS_TEACHER: Within.CLASS},
    ),
    Right.PORTFOLIO_ADD: Allowed(
        Thing.LEARNING, N_("Put achievements and files into one's own or one's child's portfolio"), KIN
    ),
    Right.PORTFOLIO_CONFIRM: Allowed(
        Thing.LEARNING, N_("Confirm achievements, add them, award certificates"),
        at_school(Role.METHODOLOGIST, Role.OFFICE, *HEADS) | {Role.CLASS_TEACHER: Within.CLASS},
    ),
    Right.PROFILES_SENSITIVE: Allowed(
        Thing.LEARNING, N_("See what is sensitive in profiles: health, registers, the family; each look is noted"),
        at_school(Role.PEDAGOGUE, *HEADS) | {Role.CLASS_TEACHER: Within.CLASS},
    ),
    Right.ADVICE_READ: Allowed(
        Thing.LEARNING, N_("See what is recommended for students and classes, with the marks and lessons it rests on"),
        at_school(Role.METHODOLOGIST, Role.PEDAGOGUE, *HEADS) | OF_CLASS,
    ),
    Right.ADVICE_KEEP: Allowed(
        Thing.LEARNING, N_("Take recommendations into trajectories, dismiss, write and share them with families"),
        at_school(Role.PEDAGOGUE, Role.DEPUTY) | OF_CLASS,
    ),
    Right.ADVICE_RULES_KEEP: Allowed(Thing.LEARNING, N_("Set from when on the rules of recommendations tell something"),
                                     at_school(Role.DEPUTY)),
    Right.EXAMS_KEEP: Allowed(Thing.LEARNING, N_("Keep exams and what students reached at them"),
                              at_school(Role.OFFICE, Role.DEPUTY)),
    Right.FITNESS_KEEP: Allowed(Thing.LEARNING, N_("Write down the physical fitness of whom one teaches"), OF_COURSE),
    Right.STAFF_PROFILES_READ: Allowed(
        Thing.LEARNING, N_("See the profiles of staff, and whose attestation ends soon"),
        at_school(Role.METHODOLOGIST, Role.OFFICE, *HEADS),
    ),
    Right.STAFF_PROFILES_KEEP: Allowed(
        Thing.LEARNING, N_("Keep the profiles of staff, and confirm what staff add"), at_school(Role.OFFICE, *HEADS)
    ),
    Right.STAFF_PROFILE_OWN: Allowed(
        Thing.LEARNING, N_("Keep the own profile: education, attestation, training, certificates"),
        dict.fromkeys(EVERYBODY_AT_WORK, Within.OWN),
    ),
    Right.TALKS_JOIN: Allowed(
        Thing.LEARNING, N_("Take part in the own chats and in the forum, search in them, tell of posts"),
        at_school(*PEDAGOGUES, Role.OFFICE, *HEADS) | KIN,
    ),
    Right.TALKS_TEACH: Allowed(Thing.LEARNING, N_("Open and lead the chat of what one teaches"), OF_COURSE),
    Right.TALKS_LEAD: Allowed(Thing.LEARNING, N_("Open and lead the chats of one's class and of its parents"),
                              {Role.CLASS_TEACHER: Within.CLASS}),
    Right.TALKS_MODERATE: Allowed(
        Thing.LEARNING, N_("Moderate chats and the forum: read them, hide posts, mute people"),
        at_school(Role.PEDAGOGUE, *HEADS) | {Role.CLASS_TEACHER: Within.CLASS},
    ),
    Right.TALKS_EXPORT: Allowed(Thing.LEARNING, N_("Take chats and topics out whole; each time is noted"),
                                at_school(Role.PEDAGOGUE, *HEADS)),
    Right.FORUM_KEEP: Allowed(Thing.LEARNING, N_("Keep the sections of the forum"),
                              at_school(Role.METHODOLOGIST, Role.PEDAGOGUE, *HEADS)),
    Right.BOARD_READ: Allowed(Thing.LEARNING, N_("Read the announcements on the board, and confirm them"),
                              at_school(*EVERYBODY_AT_WORK) | KIN),
    Right.BOARD_POST: Allowed(
        Thing.LEARNING, N_("Post announcements, and see who has confirmed them"),
        at_school(Role.METHODOLOGIST, Role.PEDAGOGUE, Role.OFFICE, *HEADS) | {Role.CLASS_TEACHER: Within.CLASS},
    ),
    Right.QUESTIONNAIRES_KEEP: Allowed(
        Thing.LEARNING, N_("Ask parents, students and staff by questionnaires, and read the results"),
        at_school(Role.METHODOLOGIST, Role.PEDAGOGUE, *HEADS),
    ),
    Right.QUESTIONNAIRES_ANSWER: Allowed(
        Thing.LEARNING, N_("Answer the questionnaires that the school asks one"),
        dict.fromkeys(EVERYBODY_AT_WORK, Within.OWN) | KIN,
    ),
    Right.CALLS_SET: Allowed(Thing.LEARNING, N_("Set on which server the school's video lessons are held"),
                             at_school(Role.IT)),
    Right.CALLS_HOLD: Allowed(Thing.LEARNING, N_("Hold one's own lessons by video, and keep their recordings"),
                              OF_COURSE),
    Right.CALLS_JOIN: Allowed(Thing.LEARNING, N_("Come to video lessons, and see their recordings"), KIN),
    Right.FAQ_KEEP: Allowed(Thing.SCHOOL, N_("Keep what is often asked of the school, with the answers"),
                            at_school(Role.OFFICE, *HEADS)),
}  # fmt: skip
