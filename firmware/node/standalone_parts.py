"""Makes the parts of a stand-alone gate of its board, settings and flash; only a board has the modules it imports."""

import os

import machine
import network

from firmware.boot import Files
from firmware.node.certificates import CertificateRefused, Certificates
from firmware.node.clock import Clock
from firmware.node.flash import Region
from firmware.node.journal import Journal
from firmware.node.renewal import CSR
from firmware.node.settings import BUNDLE, NODE, Bundle, GateSettings, SettingsRefused, load
from firmware.node.slots import Slots
from firmware.node.standalone import Parts
from firmware.node.store import Store
from firmware.node.wifi import Wifi
from firmware.node.wiring import chip_of, contacts_of, lamp_of, scanner_of
from schemas.seal import HTTP, derive

WATCHDOG_MS = 20_000  # a handshake of TLS takes an ESP32 some seconds, in which nothing else runs
_UNIX_MS_OF_2000 = 946_684_800_000
_DAY_MS = 86_400_000


def read():
    """Return (bundle, settings, parts, clock). Raises SettingsRefused."""
    settings, bundle = GateSettings(load(NODE)), Bundle(load(BUNDLE))
    board = _board(settings.board)
    clock = Clock()
    lamp = lamp_of(board)  # first of all: the relays rest
    reader = settings.reader or board.READER
    if reader not in board.READERS:
        raise SettingsRefused(NODE + ": reader must be one of " + ", ".join(sorted(board.READERS)))
    slots = Slots(_flash("roster"), bundle.school, derive(bundle.secret, HTTP))
    slots.load()
    parts = Parts(
        chip=chip_of(board, reader, clock),
        lamp=lamp,
        contacts=contacts_of(board),
        journal=Journal(_flash("journal"), bundle.device, os.urandom),
        slots=slots,
        wifi=Wifi(network.WLAN(network.STA_IF) if settings.ssid else None, settings.ssid, settings.password),
        store=Store(),
        scanner=scanner_of(board) if settings.has_scanner else None,
        passes=_passes(bundle, slots) if settings.has_scanner else None,
        feed=machine.WDT(timeout=WATCHDOG_MS).feed,
        restart=machine.reset,
        set_clock=set_clock,
        certificates=_certificates(bundle),
        csr_pem=_text(CSR),
        files=Files(os.getcwd().rstrip("/") + "/"),
        board=board.NAME,
    )
    return bundle, settings, parts, clock


def set_clock(wall_ms):
    """Set the machine's clock, by which TLS judges the dates of certificates."""
    days, of_day_ms = divmod(wall_ms - _UNIX_MS_OF_2000, _DAY_MS)
    year, month, day = civil(days)
    seconds = of_day_ms // 1000
    when = (year, month, day, (days + 5) % 7, seconds // 3600, seconds // 60 % 60, seconds % 60, 0)
    machine.RTC().datetime(when)


def civil(days):
    """Return (year, month, day) of so many days since 1 January 2000 (Hinnant, "chrono-compatible date algorithms")."""
    era_day = days + 10_957 + 719_468
    era, day_of_era = divmod(era_day, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_index = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_index + 2) // 5 + 1
    month = month_index + 3 if month_index < 10 else month_index - 9
    return year_of_era + era * 400 + (1 if month <= 2 else 0), month, day


def _certificates(bundle):
    """Return the node's certificates, None when nothing uses TLS. Raises SettingsRefused."""
    if not bundle.certificate_pem:
        return None
    try:
        return Certificates(bundle.device, bundle.certificate_pem, bundle.ca_pem)
    except CertificateRefused as error:
        raise SettingsRefused("%s: certificate_pem: %s: enrol the node again" % (BUNDLE, error))


def _passes(bundle, slots):
    """Return what checks signed codes. Raises SettingsRefused."""
    from firmware.node.ed25519 import KeyRefused  # noqa: PLC0415  a gate without a scanner has no use for it
    from firmware.node.passes import Passes  # noqa: PLC0415

    try:
        return Passes(bundle.school, bundle.roster_public_key, lambda: slots.roster)
    except KeyRefused as error:
        raise SettingsRefused("%s: roster_public_key: %s: enrol the node again" % (BUNDLE, error))


def _text(path):
    """Return what stands in a file; None when it is not there."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def _board(board):
    name = board.replace("-", "_")  # a board's name and its module's
    try:
        return getattr(__import__("firmware.boards." + name).boards, name)
    except (ImportError, AttributeError):
        raise SettingsRefused(NODE + ": board is none that this program knows: see firmware/boards")


def _flash(label):
    """Return the partition of that label. Raises SettingsRefused when the board was flashed without it."""
    import esp32  # noqa: PLC0415  other kinds of boards have none

    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=label)
    if not found:
        raise SettingsRefused("the flash has no partition " + label + ": flash the board again (`esik device flash`)")
    return Region(found[0])
