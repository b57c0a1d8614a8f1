"""The kinds of troubles of servers and programs: how much each matters, its words, and what to do at once.

Rule: each kind has a section of its own name in docs/runbooks.md, or a test fails.
"""

from dataclasses import dataclass
from enum import StrEnum

from cloud.core.i18n import N_
from cloud.devices.alarm_kinds import Severity


class Kind(StrEnum):
    """What can be wrong; the value stands in the table, and is the runbook's anchor."""

    DISK_FULL = "disk_full"
    MEMORY_FULL = "memory_full"
    OVERLOADED = "overloaded"
    NETWORK_ERRORS = "network_errors"
    SERVER_SILENT = "server_silent"
    PROCESS_SILENT = "process_silent"
    PART_FAILING = "part_failing"
    CLOCK_WRONG = "clock_wrong"
    DATABASE_LOST = "database_lost"
    DATABASE_RESTARTED = "database_restarted"
    DATABASE_WENT_BACK = "database_went_back"
    DATABASE_CROWDED = "database_crowded"
    DATABASE_BLOCKED = "database_blocked"
    BACKUP_OLD = "backup_old"
    BROKER_LOST = "broker_lost"
    BROKER_CERTIFICATE = "broker_certificate"
    BROKER_CERTIFICATE_ENDING = "broker_certificate_ending"
    READER_STUCK = "reader_stuck"
    NO_RECORDS = "no_records"
    TWO_SCHEDULERS = "two_schedulers"


# What a maintenance window explains: it is noted, and told only if it is still so when the window is over. A full disk,
# a clock, lost data, a missing backup and a strange certificate are nobody's work.
OF_MAINTENANCE = frozenset(
    {
        Kind.MEMORY_FULL, Kind.OVERLOADED, Kind.NETWORK_ERRORS, Kind.SERVER_SILENT, Kind.PROCESS_SILENT,
        Kind.PART_FAILING, Kind.DATABASE_LOST, Kind.DATABASE_RESTARTED, Kind.DATABASE_CROWDED, Kind.DATABASE_BLOCKED,
        Kind.BROKER_LOST, Kind.READER_STUCK, Kind.NO_RECORDS, Kind.TWO_SCHEDULERS,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """A kind for people: its words and the first step are English, to be translated where they are shown."""

    severity: Severity
    word: str
    step: str


@dataclass(frozen=True, slots=True)
class Found:
    """Something abnormal, as it is now; alike ones of one subject are one trouble until it ends."""

    kind: Kind
    subject: str
    detail: str


ABOUT = {
    Kind.DISK_FULL: About(
        Severity.SEVERE, N_("A disk is nearly full"),
        N_("Make room today: when nothing fits any more, nothing is taken in."),
    ),
    Kind.MEMORY_FULL: About(
        Severity.SEVERE, N_("Memory is nearly full"),
        N_("See which program takes it, and restart that one; else the system ends one of its own choice."),
    ),
    Kind.OVERLOADED: About(
        Severity.WARNING, N_("More work than the processors can do"),
        N_("See which program takes the processors. Gates go on; pages and notices are late."),
    ),
    Kind.NETWORK_ERRORS: About(
        Severity.WARNING, N_("The network card reports errors"), N_("Change the cable, then the port of the switch."),
    ),
    Kind.SERVER_SILENT: About(
        Severity.SEVERE, N_("A server says nothing any more"),
        N_("Is it switched on, and does it reach the database? Start its worker."),
    ),
    Kind.PROCESS_SILENT: About(
        Severity.SEVERE, N_("A program of the service ended by itself"),
        N_("See in its log why it ended, and start it again."),
    ),
    Kind.PART_FAILING: About(
        Severity.SEVERE, N_("A part of the worker fails again and again"),
        N_("The log names the error. Nothing is lost: it goes on where it stopped."),
    ),
    Kind.CLOCK_WRONG: About(
        Severity.SEVERE, N_("A clock jumped, or two clocks differ"),
        N_("See to the time service of the server and of the database; sign-ins and deadlines go by them."),
    ),
    Kind.DATABASE_LOST: About(
        Severity.SEVERE, N_("The database does not answer"),
        N_("Gates go on and keep what happens. See whether PostgreSQL runs, and its disk."),
    ),
    Kind.DATABASE_RESTARTED: About(
        Severity.WARNING, N_("The database was started anew"),
        N_("If none of you did it, see in its log why: memory, disk or power."),
    ),
    Kind.DATABASE_WENT_BACK: About(
        Severity.SEVERE, N_("The database has lost what it had already kept"),
        N_("Devices send again what they still have. Run the verification, and see to the disk."),
    ),
    Kind.DATABASE_CROWDED: About(
        Severity.WARNING, N_("The database has hardly a connection left"),
        N_("See who holds them; allow more, or let each process open fewer."),
    ),
    Kind.DATABASE_BLOCKED: About(
        Severity.WARNING, N_("A statement has held up the database for long"),
        N_("See which it is; end it if it is none of the service's."),
    ),
    Kind.BACKUP_OLD: About(
        Severity.SEVERE, N_("There is no backup of the last day"),
        N_("Make one now, and see why the nightly one was not made."),
    ),
    Kind.BROKER_LOST: About(
        Severity.SEVERE, N_("The broker does not answer"),
        N_("Gates go on and keep what happens. See whether the broker runs."),
    ),
    Kind.BROKER_CERTIFICATE: About(
        Severity.SEVERE, N_("The broker shows a wrong certificate"),
        N_("Devices do not speak to it. Write the broker's files anew, and find out who changed them."),
    ),
    Kind.BROKER_CERTIFICATE_ENDING: About(
        Severity.WARNING, N_("The broker's certificate ends soon"), N_("Let the broker read its files anew."),
    ),
    Kind.READER_STUCK: About(
        Severity.SEVERE, N_("A reader of the records does not get past one record"),
        N_("Everything behind it waits, nothing is lost. The log names the error."),
    ),
    Kind.NO_RECORDS: About(
        Severity.SEVERE, N_("It is a school morning, and no record comes"),
        N_("See to the broker and the network in front of it: all gates are cut off at once."),
    ),
    Kind.TWO_SCHEDULERS: About(
        Severity.NOTICE, N_("A scheduler too many was started"),
        N_("One works, the other stands by; nothing is done twice. End the one that nobody meant to start."),
    ),
}  # fmt: skip
