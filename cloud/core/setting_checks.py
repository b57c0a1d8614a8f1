"""What a setting's value must be like: checks that refuse it by name, and never show what may hold a secret."""

import re
from ipaddress import ip_network
from urllib.parse import urlsplit

from cloud.core.backup_seals import NotOpened, read_recipients
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.messenger_targets import TargetWrong, targets_of
from cloud.core.mobizon import is_mobizon

PREFIX = "ESIK_"
POSTGRES_SCHEMES = ("postgres", "postgresql")
MQTT_SCHEMES = ("mqtt", "mqtts")
HTTP_SCHEMES = ("http", "https")
SMTP_SCHEMES = ("smtp", "smtps")
SYSLOG_SCHEMES = ("tcp", "tls")
LANGUAGES = ("kk", "ru", "en")
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_STYLES = ("json", "text")
OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
SMS_SECRET = re.compile(r"[A-Za-z0-9_-]{20,100}")
TELEGRAM_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,80}")
NOTICE_DAYS_MAX = 365  # as the rule of retention
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared with, not bound to)


def from_here(host: str) -> str:
    """Return where somebody on this machine reaches what listens at a host, which may be everywhere."""
    return "127.0.0.1" if host in EVERYWHERE else host


class SettingWrong(Refused):
    """A setting of the program cannot be used."""

    code = "setting_wrong"


def check_notice_days(days: int) -> None:
    """Raise SettingWrong for more days than a notice may be kept."""
    if days > NOTICE_DAYS_MAX:
        raise wrong("notice_days", str(days), f"{NOTICE_DAYS_MAX} or less, as docs/retention.md says")


def check_percent(name: str, percent: int) -> None:
    """Raise SettingWrong for more than all of it."""
    if percent > 100:
        raise wrong(name, str(percent), "1 to 100")


def check_one_of(name: str, text: str, accepted: tuple[str, ...]) -> None:
    """Raise SettingWrong for a word that is not among those accepted."""
    if text not in accepted:
        raise wrong(name, text, f"one of {', '.join(accepted)}")


def check_url(name: str, text: str, schemes: tuple[str, ...]) -> None:
    """Raise SettingWrong for what is no address of these schemes; empty is none."""
    if text and not is_url(text, schemes):
        # The value is not shown: an address may hold a password.
        raise wrong(
            name, "not readable", "an address that begins with " + " or ".join(f"{each}://" for each in schemes)
        )


def check_recipients(text: str) -> None:
    """Raise SettingWrong for a word that nothing could be sealed for: better now than at the restore."""
    try:
        read_recipients(text)
    except NotOpened:
        raise wrong("backup_recipients", text, "words as `esik cloud backup-key make` prints them") from None


def check_sms_url(text: str) -> None:
    """Raise SettingWrong for an address that no gateway of SMS can be asked at."""
    check_url("sms_url", text, HTTP_SCHEMES)
    parts = urlsplit(text)
    if text and not (parts.username and (parts.password or is_mobizon(text))):
        raise wrong("sms_url", "without login and password", "as https://login:password@smsc.kz/sys/send.php")
    if parts.scheme == "http" and parts.hostname not in OWN_MACHINE:
        raise wrong("sms_url", "without TLS", "an address that begins with https://")


def check_sms_secret(text: str) -> None:
    """Raise SettingWrong for a secret that could be guessed, or typed wrongly at the gateway."""
    if text and not SMS_SECRET.fullmatch(text):  # not shown: it may be one all the same
        raise wrong("sms_secret", "not readable", "20 to 100 letters of the Latin alphabet, digits, - or _")


def check_support(email: str, phone: str) -> None:
    """Raise SettingWrong for what is no address of mail, or no number, to be shown."""
    if email and ("@" not in email or not is_contact(f"mailto:{email}")):
        raise wrong("support_email", "not readable", "an e-mail address as help@example.kz")
    if not all(sign in "+0123456789 ()-" for sign in phone):
        raise wrong("support_phone", "not readable", "a phone number as +7 727 123 45 67")


def check_operators(text: str) -> None:
    """Raise SettingWrong for what nobody can be told at; what is not shown may hold a key."""
    for each in text.split():
        scheme, _, rest = each.partition(":")
        known = {"mailto": "@" in rest, "tel": rest[:1] == "+" and rest[1:].isdigit(),
                 "telegram": rest.removeprefix("-").isdigit()}  # fmt: skip
        if not known.get(scheme, "://" in each and bool(rest.removeprefix("//"))):
            raise wrong(
                "operator_targets", "not readable", "as mailto:ops@example.kz tel:+77011234567 telegram:-100123"
            )


def check_targets(text: str) -> None:
    """Raise SettingWrong for what names no messengers."""
    try:
        targets_of(text)
    except TargetWrong as refused:  # the value is not shown: it may hold keys
        raise wrong("apprise_targets", str(refused), "as Ntfy=ntfys://ntfy.example.kz/{to}") from None


def check_telegram(bot: str, api: str) -> None:
    """Raise SettingWrong for what is no bot's token, or no server that may be given one."""
    if bot and not TELEGRAM_TOKEN.fullmatch(bot):  # not shown: it may be a token all the same
        raise wrong("telegram_bot", "not readable", "a bot's token, as 123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11")
    check_url("telegram_api", api, HTTP_SCHEMES)
    if urlsplit(api).scheme == "http" and urlsplit(api).hostname not in OWN_MACHINE:
        raise wrong("telegram_api", "without TLS", "an address that begins with https://")


def is_contact(text: str) -> bool:
    """Tell whether it is an address of mail or of a page."""
    return text.isprintable() and " " not in text and text.startswith(("mailto:", "https://"))


def check_networks(name: str, text: str, accepted: str = "networks as 10.20.0.0/16, 192.168.5.0/24") -> None:
    """Raise SettingWrong for what are no networks with commas between."""
    try:
        for each in filter(None, map(str.strip, text.split(","))):
            ip_network(each)
    except ValueError:
        raise wrong(name, text, accepted) from None


def is_url(text: str, schemes: tuple[str, ...]) -> bool:
    """Tell whether it is an address of one of the schemes."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in schemes and (parts.port is None or parts.port > 0) and bool(parts.hostname or parts.query)
        )
    except ValueError:
        return False


def wrong(name: str, found: str, accepted: str) -> SettingWrong:
    """Return the refusal of a setting: what was found, and what is accepted."""
    return SettingWrong(
        message(
            "{name} is {found}; it must be {accepted}. See docs/settings.md.",
            name=variable(name),
            found=found,
            accepted=accepted,
        )
    )


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()
