"""Words, shapes and colours for the codes that stand in records and tables."""

from dataclasses import dataclass

from cloud.core.i18n import N_


@dataclass(frozen=True, slots=True)
class Sign:
    """How a code is shown: its word, the tone (a class of the theme), and the name of its icon."""

    word: str
    tone: str
    icon: str


SIGNS = {
    "inside": Sign(N_("Inside"), "in", "inside"),
    "left": Sign(N_("Left"), "out", "left"),
    "late": Sign(N_("Late"), "warn", "clock"),
    "absent": Sign(N_("Absent"), "no", "absent"),
    "expected": Sign(N_("Not yet here"), "mute", "dots"),
    "off": Sign(N_("No lessons today"), "mute", "dash"),
    "away": Sign(N_("Not here"), "mute", "dash"),
    "in": Sign(N_("Entered"), "in", "inside"),
    "out": Sign(N_("Went out"), "out", "left"),
    "denied": Sign(N_("Refused"), "no", "stop"),
    "turned": Sign(N_("Did not pass"), "mute", "turn"),
    "without_card": Sign(N_("Without card"), "warn", "hand"),
    "delayed": Sign(N_("Delayed"), "warn", "hourglass"),
    "rough": Sign(N_("Time uncertain"), "warn", "clock"),
    "online": Sign(N_("Online"), "in", "tick"),
    "offline": Sign(N_("Offline"), "no", "stop"),
    "revoked": Sign(N_("Revoked"), "mute", "dash"),
    "never": Sign(N_("Never seen"), "mute", "dots"),
    "ending": Sign(N_("Certificate ends soon"), "warn", "hourglass"),
    "ended": Sign(N_("Certificate ended"), "no", "hourglass"),
    "asks": Sign(N_("Waits for approval"), "warn", "hand"),
    "active": Sign(N_("Active"), "in", "tick"),
    "blocked": Sign(N_("Blocked"), "no", "stop"),
    "returned": Sign(N_("Returned"), "mute", "dash"),
    "given": Sign(N_("Consented to"), "in", "tick"),
    "withdrawn": Sign(N_("Withdrawn"), "mute", "dash"),
    "alarm_severe": Sign(N_("Look now"), "no", "stop"),
    "alarm_warning": Sign(N_("Look this week"), "warn", "warn"),
    "alarm_notice": Sign(N_("Good to know"), "mute", "info"),
    "code_open": Sign(N_("Code waits"), "warn", "hourglass"),
    "code_used": Sign(N_("Enrolled"), "in", "tick"),
    "code_expired": Sign(N_("Code expired"), "mute", "clock"),
    "code_cancelled": Sign(N_("Code cancelled"), "mute", "dash"),
    "ready": Sign(N_("Ready"), "in", "tick"),
    "wrong": Sign(N_("Wrong"), "no", "stop"),
}

WORDS = {
    # why a gate refused
    "ok": N_("in order"),
    "card_unknown": N_("card unknown"),
    "card_blocked": N_("card blocked"),
    "card_expired": N_("card expired"),
    "card_not_genuine": N_("card could not prove itself, a copy perhaps"),
    "person_inactive": N_("no longer at the school"),
    "no_consent": N_("no consent on record"),
    "wrong_place": N_("not allowed at this gate"),
    "wrong_time": N_("not allowed at this time"),
    "passback_soft": N_("was already inside"),
    "passback_hard": N_("is already inside"),
    "repeat": N_("tapped again"),
    "fire": N_("fire alarm, gates open"),
    "roster_expired": N_("card list out of date"),
    "roster_missing": N_("no card list"),
    "lock_down": N_("gate locked by command"),
    "free_pass": N_("gate open to all by command"),
    # why a guard opened by hand
    "forgotten": N_("card forgotten"),
    "lost": N_("card lost"),
    "broken": N_("card broken"),
    "other": N_("other reason"),
    # people
    "student": N_("Students"),
    "staff": N_("Staff"),
    "mother": N_("Mother"),
    "father": N_("Father"),
    "grandmother": N_("Grandmother"),
    "grandfather": N_("Grandfather"),
    "brother": N_("Brother"),
    "sister": N_("Sister"),
    "relative": N_("Other relative or representative"),
    "trustee": N_("Guardian appointed by law"),
    # what is consented to
    "card": N_("Card at gates and tills"),
    "photo": N_("Photo"),
    # which alarms are looked at
    "alarms_open": N_("Open"),
    "alarms_acknowledged": N_("Looked into"),
    "alarms_all": N_("All of them"),
    # what a card is read by
    "uid": N_("Number, can be copied"),
    "qr": N_("Code"),
    "desfire": N_("DESFire, proves itself"),
    "sun": N_("NTAG 424 DNA, proves itself"),
    # clocks
    "rtc": N_("own clock"),
    "ntp": N_("network time"),
    "hub": N_("school hub"),
    "floor": N_("uncertain"),
    "none": N_("no clock"),
}


def sign(code: str) -> Sign:
    """Return how a code is shown; the code must be one of SIGNS."""
    return SIGNS[code]


def word(code: str) -> str:
    """Return the English words of a code, to be translated; a code that came from outside and is new stays itself."""
    return WORDS.get(code, code)
