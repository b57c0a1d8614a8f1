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
    "silent": Sign(N_("Silent in school hours"), "no", "clock"),
    "troubled": Sign(N_("Needs a look"), "warn", "warn"),
    "command_waiting": Sign(N_("On its way"), "mute", "hourglass"),
    "command_done": Sign(N_("Done"), "in", "tick"),
    "command_failed": Sign(N_("Could not be done"), "no", "stop"),
    "command_unanswered": Sign(N_("No answer in time"), "warn", "dots"),
    "command_lapsed": Sign(N_("Not sent: out of reach"), "warn", "absent"),
    "alarm_severe": Sign(N_("Look now"), "no", "stop"),
    "alarm_warning": Sign(N_("Look this week"), "warn", "warn"),
    "alarm_notice": Sign(N_("Good to know"), "mute", "info"),
    "code_open": Sign(N_("Code waits"), "warn", "hourglass"),
    "code_used": Sign(N_("Enrolled"), "in", "tick"),
    "code_expired": Sign(N_("Code expired"), "mute", "clock"),
    "code_cancelled": Sign(N_("Code cancelled"), "mute", "dash"),
    "ready": Sign(N_("Ready"), "in", "tick"),
    "wrong": Sign(N_("Wrong"), "no", "stop"),
    "banned": Sign(N_("Not sold to the child"), "no", "stop"),
    "meals_taken": Sign(N_("Meals"), "in", "plate"),
    "spent": Sign(N_("Paid"), "out", "card"),
    "eaten_free": Sign(N_("Free"), "in", "tick"),
    "eaten_for_less": Sign(N_("For less"), "in", "tick"),
    "by_budget": Sign(N_("By the budget"), "mute", "info"),
    "one_touch": Sign(N_("One touch sells it"), "in", "tick"),
    "menu_draft": Sign(N_("Draft"), "warn", "dots"),
    "menu_published": Sign(N_("Published"), "in", "tick"),
    "right_waiting": Sign(N_("Waits for the director"), "warn", "hand"),
    "right_holds": Sign(N_("Approved"), "in", "tick"),
    "right_over": Sign(N_("Ended"), "mute", "dash"),
    "wallet_open": Sign(N_("To be explained"), "no", "warn"),
    "wallet_explained": Sign(N_("Explained"), "out", "info"),
    "wallet_waiting": Sign(N_("Wait for the tabel"), "warn", "hourglass"),
    "wallet_agreed": Sign(N_("Agree"), "in", "tick"),
    "rollout_waiting": Sign(N_("Given to nobody yet"), "mute", "dots"),
    "rollout_running": Sign(N_("Being given out"), "in", "tick"),
    "rollout_paused": Sign(N_("Paused"), "warn", "hourglass"),
    "rollout_stopped": Sign(N_("Stopped by itself"), "no", "stop"),
    "rollout_aborted": Sign(N_("Given up"), "mute", "dash"),
    "rollout_done": Sign(N_("Given out"), "mute", "tick"),
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
    # which devices are looked at
    "show_online": N_("Online"),
    "show_offline": N_("Offline"),
    "show_troubled": N_("Needs a look"),
    "show_unsent": N_("With records not sent"),
    "show_alarms": N_("With open alarms"),
    "show_revoked": N_("Revoked"),
    # what devices are told to do
    "do_open_once": N_("Open once"),
    "do_lock_down": N_("Lock the way in"),
    "do_free_pass": N_("Let everybody through"),
    "do_normal": N_("Back to normal"),
    "do_locate": N_("Blink, to be found"),
    "do_roster": N_("Fetch the card list anew"),
    "do_report": N_("Tell how it is"),
    "do_restart": N_("Restart the program"),
    "warn_open_once": N_("The gate opens for one person without a card, whoever it is. Do you see who stands there?"),
    "warn_lock_down": N_("Nobody comes in by card until you take it back; going out stays possible."),
    "warn_free_pass": N_("Whoever shows a card goes through, known or not, until you take it back."),
    "warn_restart": N_("While it starts, for some seconds, no card is read there."),
    "yes_restart": N_("Yes, restart it"),
    "yes_open_once": N_("Yes, open it once"),
    "yes_lock_down": N_("Yes, lock the way in"),
    "yes_free_pass": N_("Yes, let everybody through"),
    # why records are lost
    "loss_unreadable": N_("the disk does not give them back"),
    "loss_digest_mismatch": N_("they are not what was written"),
    "loss_trimmed": N_("deleted after they were acknowledged, before a restore here"),
    # what releases are of, whom they have come to, and why they failed
    "product_agent": N_("Program of schools"),
    "product_node": N_("Program of boards"),
    "board_any": N_("any machine"),
    "stage_one": N_("one device"),
    "stage_hundredth": N_("one in a hundred"),
    "stage_tenth": N_("one in ten"),
    "stage_all": N_("all devices"),
    "update_crashed": N_("it crashed"),
    "update_hung": N_("it hung"),
    "update_no_ack": N_("it could not reach the cloud"),
    "update_tampered": N_("its files were changed"),
    "update_refused": N_("the device refused it"),
    "update_silent": N_("not heard since it began"),
    # which alarms are looked at
    "alarms_open": N_("Open"),
    "alarms_acknowledged": N_("Looked into"),
    "alarms_all": N_("All of them"),
    # meals that are not paid for, and what one touch does at a till
    "free": N_("Free"),
    "subsidised": N_("For less"),
    "till_set": N_("Sells the set of the meal"),
    "till_basket": N_("Waits for dishes"),
    # what a till does about a free meal for somebody whom no gate has seen
    "unseen_allow": N_("The till gives it"),
    "unseen_ask": N_("The till asks the cashier, who answers with one touch"),
    # what a card is read by
    "uid": N_("Number, can be copied"),
    "qr": N_("Code"),
    "desfire": N_("DESFire, proves itself"),
    "sun": N_("NTAG 424 DNA, proves itself"),
    # why money moved, whose it is, and the way it came
    "entry_topup": N_("Top-up"),
    "entry_sale": N_("Bought at the canteen"),
    "entry_void": N_("Meal taken back"),
    "entry_refund": N_("Refund"),
    "entry_transfer": N_("Between siblings"),
    "entry_leave": N_("Set aside for the family"),
    "entry_payout": N_("Paid back"),
    "entry_settlement": N_("Passed on by the bank"),
    "account_child": N_("Held for children and staff"),
    "account_revenue": N_("Revenue of the canteen"),
    "account_subsidy": N_("Owed by the budget"),
    "account_clearing": N_("On its way from the bank"),
    "account_cash": N_("Cash"),
    "account_bank": N_("Bank account"),
    "account_refunds": N_("Set aside for families that left"),
    "by_kaspi": N_("Kaspi"),
    "by_cash": N_("cash at the office"),
    "by_office": N_("office"),
    "meal_by_account": N_("From accounts"),
    "meal_by_free": N_("Free"),
    "meal_by_subsidised": N_("For less"),
    "meal_by_cash": N_("Cash"),
    "odd_second_free": N_("Ate free or for less twice at one meal"),
    "odd_not_seen": N_("Ate free or for less, but no gate saw the child on this day"),
    "odd_stranger": N_("For somebody whom the school does not have; no money was moved"),
    "odd_unconfirmed": N_("Sold while the tills could not ask each other"),
    "odd_no_lines": N_("The dishes of this sale were lost"),
    "odd_too_much_back": N_("More was to be given back than was paid; only what was left was given"),
    "odd_overruled": N_("Sold although something spoke against it"),
    "paid_by_cash": N_("in cash"),
    "paid_by_bank": N_("to a bank account"),
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
