"""The kinds of alarms: how much each matters, what people call it, and what to do about it.

Rule: whoever raises a new kind enters it here with its words, or a page shows its bare name as a warning.
"""

from dataclasses import dataclass
from enum import IntEnum

from cloud.core.i18n import N_


class Severity(IntEnum):
    """How much an alarm matters; the number stands in the table."""

    NOTICE = 1  # good to know
    WARNING = 2  # to be looked into this week
    SEVERE = 3  # to be looked into now: somebody plays, or something is lost


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alarm for people: its words and the advice are English, to be translated where they are shown."""

    severity: Severity
    word: str
    advice: str


_PLAYS = N_(
    "Somebody uses a device's name or keys who should not. See where the device stands; if in doubt revoke it and add "
    "it anew."
)
_COPY = N_(
    "Two machines use one identity, or an old copy of a card or disk was put back. Nothing is lost. Find the other "
    "machine and switch it off; if there is none, revoke the device and add it anew."
)
_LOST = N_("Records are gone and cannot be sent any more. Compare with the guard's list of that time; see to the disk.")
_DISK = N_("The gate goes on, but its memory does not. Change the card or disk this week, now if records were lost.")
_UNREAD = N_("Everything was kept. Upgrade the cloud before the devices; then what is kept is read by itself.")
_LOOK = N_("Go and look at the gate.")
_CLOCK = N_("See to the battery of the clock and to the network; times of that stretch are corrected as far as known.")
_LIST = N_("The device goes on with the card list it had. If it stays: restart it, else revoke it and add it anew.")
_WIRE = N_("A program speaks to the broker that is none of ours, or a device is broken. Nothing was believed.")
_CERTIFICATE = N_("Is the device switched on, does it reach the cloud's pages? Its own page tells why it was refused.")
_POWER = N_("See to power and network there. The gate goes on by itself and sends what happened when it is back.")
_CARD = N_(
    "Somebody may carry a copy of a card. See at that time on the person's page who came by both gates; block the card "
    "and give a new one, of a kind that cannot be copied."
)
_COPIED = N_(
    "Nobody was let in. Look who showed it at that gate and that time, and take it away: it is a copy, or it was made "
    "with other keys; then it is made anew at the station where cards are made."
)
_FIRE = N_("The fire contact opened the gates. Follow the school's fire plan.")
_UPDATE = N_(
    "The device goes on with the program it had. The list of releases says why; sign a later one when it is mended."
)
_WEBHOOK = N_("See on the page of programs how it answered; tell who runs it, or end the webhook.")
_RESTS = N_("Revoke its token on the page of programs, and make another one that you answer for.")
_WEBHOOK_RESTS = N_(
    "Take it over on the page of programs if you answer for it, or end it. What waits is kept three days."
)
_RESTORED = N_(
    "Somebody put a backup back. If you did not, the database was changed by who says so: compare with the schools' "
    "anchors."
)
_TABLES = N_(
    "Nothing is taken in, and devices keep what they have. Install the version of the service that the tables are of, "
    "or run `esik cloud migrate`."
)
_STOPPED = N_(
    "Too many devices did not come back with it. The list of releases says which and why; give it up, or go on."
)
_CHANGED = N_(
    "Somebody changed the program on that machine, or its disk is failing. It goes on with an older release, if there "
    "is one. Look who was there; change the disk, and install it anew."
)
_COUNTED = N_(
    "The day is counted anew by itself. If nobody wrote into the database by hand, tell who maintains the service."
)
_BOOKS = N_(
    "What is kept of the school's money differs from what its entries add up to: somebody wrote around the database's "
    "guards, or a disk is failing. Copy the database before anything else, then compare with the last backup."
)
_TAMPERED = N_(
    "Somebody wrote around the database's guards, or a disk is failing. Copy the database before anything else; "
    "`esik cloud verify` tells what it is; compare with the anchors that the schools keep and with the last backup."
)
_STAYS = N_("See to the folder of anchors and to the mail server: what does not leave the database proves nothing.")
_ALERTS = N_(
    "So many children were not seen that a gate may be at fault. Nobody was told. See whether the gates work; the "
    "office or a director decides on the page of alerts, before the lessons are over."
)
_RECORDS = N_(
    "A gate is out of reach or has more to tell, so parents are told of nobody's absence until it has. See to its "
    "power and network; the office or a director may tell them all the same."
)
_NOTHING = N_("Nothing is to be done.")
_CODE = N_(
    "Nobody was let in. If none of your people scanned an old code, look where the printed codes are: cancel the open "
    "ones and print new ones."
)

UNKNOWN = Kind(Severity.WARNING, "", N_("Look into the log of the service."))
KINDS = {
    # of identity
    "clone": Kind(Severity.SEVERE, N_("One identity, two machines"), _COPY),
    "clone_suspected": Kind(Severity.SEVERE, N_("The cloud has more than the device"), _COPY),
    "rollback": Kind(Severity.SEVERE, N_("An old copy was put back"), _COPY),
    "seal_broken": Kind(Severity.SEVERE, N_("Message with a wrong seal"), _PLAYS),
    "ack_forged": Kind(Severity.SEVERE, N_("Forged answer at the device"), _PLAYS),
    "device_unknown": Kind(Severity.SEVERE, N_("Device that is not known"), _PLAYS),
    "device_revoked": Kind(Severity.SEVERE, N_("Revoked device speaks"), _PLAYS),
    "wrong_school": Kind(Severity.SEVERE, N_("Device under another school's name"), _PLAYS),
    "name_foreign": Kind(Severity.SEVERE, N_("Device under another device's name"), _PLAYS),
    "key_foreign": Kind(Severity.SEVERE, N_("Certificate asked for another key"), _PLAYS),
    "tamper": Kind(Severity.SEVERE, N_("Case opened"), _LOOK),
    "card_doubled": Kind(Severity.SEVERE, N_("One card at two gates at once"), _CARD),
    "card_not_genuine": Kind(Severity.SEVERE, N_("A card could not prove itself"), _COPIED),
    "forced_open": Kind(Severity.SEVERE, N_("Gate forced open"), _LOOK),
    # of enrolment
    "code_unknown": Kind(Severity.WARNING, N_("Enrolment by a code that is not known"), _CODE),
    "code_forged": Kind(Severity.SEVERE, N_("Enrolment with a forged code"), _CODE),
    "code_used": Kind(Severity.SEVERE, N_("A used code was tried by another device"), _CODE),
    "code_expired": Kind(Severity.WARNING, N_("An expired code was tried"), _CODE),
    "code_cancelled": Kind(Severity.WARNING, N_("A cancelled code was tried"), _CODE),
    "code_foreign": Kind(Severity.SEVERE, N_("A code was tried for another school or door"), _CODE),
    "csr_refused": Kind(Severity.SEVERE, N_("Certificate asked for under another name"), _PLAYS),
    # of the wire
    "flood": Kind(Severity.SEVERE, N_("Device floods the broker"), _WIRE),
    "too_large": Kind(Severity.WARNING, N_("Message too large"), _WIRE),
    "topic_foreign": Kind(Severity.WARNING, N_("Message on a topic of nobody's"), _WIRE),
    "frame_unknown": Kind(Severity.WARNING, N_("Message not understood"), _UNREAD),
    "frame_misplaced": Kind(Severity.WARNING, N_("Message in the wrong place"), _WIRE),
    "batch_malformed": Kind(Severity.WARNING, N_("Batch of records malformed"), _WIRE),
    # of records
    "records_lost": Kind(Severity.SEVERE, N_("Records lost"), _LOST),
    "tail_missing": Kind(Severity.SEVERE, N_("The end of a stretch of records is missing"), _LOST),
    "journal_lost": Kind(Severity.SEVERE, N_("Journal lost, a new one begun"), _LOST),
    "journal_damaged": Kind(Severity.SEVERE, N_("Journal damaged"), _DISK),
    "record_conflict": Kind(Severity.SEVERE, N_("Two stories under one number"), _COPY),
    "record_chain": Kind(Severity.SEVERE, N_("Chain of records broken"), _COPY),
    "record_unknown": Kind(Severity.WARNING, N_("Record of an unknown kind"), _UNREAD),
    "record_version": Kind(Severity.WARNING, N_("Record of a newer version"), _UNREAD),
    "record_malformed": Kind(Severity.WARNING, N_("Record malformed"), _UNREAD),
    "record_oversize": Kind(Severity.WARNING, N_("Record too long"), _UNREAD),
    # of the device
    "journal_nearly_full": Kind(Severity.WARNING, N_("Journal nearly full"), _POWER),
    "disk_full": Kind(Severity.SEVERE, N_("Disk full"), _DISK),
    "disk_read_only": Kind(Severity.SEVERE, N_("Disk takes nothing any more"), _DISK),
    "clock_jumped": Kind(Severity.WARNING, N_("Clock jumped"), _CLOCK),
    "clock_wrong": Kind(Severity.WARNING, N_("Clock tells an impossible time"), _CLOCK),
    "roster_refused": Kind(Severity.WARNING, N_("Card list refused"), _LIST),
    "update_failed": Kind(Severity.WARNING, N_("Update failed, or was refused"), _UPDATE),
    "files_changed": Kind(Severity.SEVERE, N_("Files of the program were changed"), _CHANGED),
    "webhook_given_up": Kind(Severity.WARNING, N_("A program did not take what a webhook told it"), _WEBHOOK),
    "token_rests": Kind(
        Severity.WARNING, N_("A program asks with a token whose maker may not make it any more"), _RESTS
    ),
    "webhook_rests": Kind(
        Severity.WARNING, N_("A webhook rests: who made it may not keep it any more"), _WEBHOOK_RESTS
    ),
    "tables_other": Kind(Severity.SEVERE, N_("Service and database are of different versions"), _TABLES),
    "books_not_whole": Kind(Severity.SEVERE, N_("The books do not add up"), _BOOKS),
    "statistics_not_true": Kind(Severity.WARNING, N_("Statistics were not what the records say"), _COUNTED),
    "integrity_broken": Kind(Severity.SEVERE, N_("Something was changed that must not be"), _TAMPERED),
    "backup_restored": Kind(Severity.WARNING, N_("A backup was put back"), _RESTORED),
    "anchor_stays": Kind(Severity.WARNING, N_("Anchors do not leave the database"), _STAYS),
    "rollout_stopped": Kind(Severity.SEVERE, N_("A release stopped by itself"), _STOPPED),
    "reader_lost": Kind(Severity.WARNING, N_("Reader lost"), _LOOK),
    "reader_back": Kind(Severity.NOTICE, N_("Reader back"), _NOTHING),
    "fire_on": Kind(Severity.SEVERE, N_("Fire alarm"), _FIRE),
    "fire_off": Kind(Severity.NOTICE, N_("Fire alarm over"), _NOTHING),
    "certificate_ending": Kind(Severity.WARNING, N_("Certificate is not renewed"), _CERTIFICATE),
    "absences_held": Kind(Severity.SEVERE, N_("Alerts of absence are held"), _ALERTS),
    "absences_wait": Kind(Severity.WARNING, N_("Alerts of absence wait for a gate"), _RECORDS),
    "silent": Kind(Severity.WARNING, N_("Silent in school hours"), _POWER),
}


def kind_of(name: str) -> Kind:
    """Return what is known of a kind; one that nobody entered is a warning."""
    return KINDS.get(name, UNKNOWN)


def word_of(name: str) -> str:
    """Return the English words of a kind; one that nobody entered stays itself."""
    return kind_of(name).word or name
