"""Settings of the cloud: the only reader of the environment; one frozen object, passed down.

Rule: every setting stands in docs/settings.md, or a test fails; a wrong one is refused by name, with what is accepted.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Self, get_type_hints
from urllib.parse import urlsplit

from cloud.core.messages import message
from cloud.core.setting_checks import (
    EVERYWHERE,
    HTTP_SCHEMES,
    LANGUAGES,
    LOG_LEVELS,
    LOG_STYLES,
    MQTT_SCHEMES,
    NOTICE_DAYS_MAX,
    OWN_MACHINE,
    POSTGRES_SCHEMES,
    PREFIX,
    SMTP_SCHEMES,
    SYSLOG_SCHEMES,
    SettingWrong,
    check_networks,
    check_notice_days,
    check_one_of,
    check_operators,
    check_percent,
    check_recipients,
    check_sms_secret,
    check_sms_url,
    check_support,
    check_targets,
    check_telegram,
    check_url,
    from_here,
    is_contact,
    variable,
    wrong,
)

__all__ = [
    "EVERYWHERE", "NOTICE_DAYS_MAX", "Edition", "Mfa", "SettingWrong", "Settings", "from_here", "shown", "variable",
]  # fmt: skip


class Edition(Enum):
    """Where PostgreSQL and the broker come from; nothing else differs."""

    EMBEDDED = "embedded"  # both are children of this program
    SERVER = "server"  # both are the machine's, found by their addresses


class Mfa(Enum):
    """Whether who works at a school needs a second step to sign in."""

    REQUIRED = "required"
    OPTIONAL = "optional"  # of a demonstration: refused where anybody but this machine reaches the pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set; the field `http_port` is read from `ESIK_HTTP_PORT`."""

    edition: Annotated[
        Edition, "`embedded` runs PostgreSQL and the broker itself; `server` uses those at the two addresses below."
    ] = Edition.EMBEDDED
    data: Annotated[Path, "Folder of what is kept on this machine: embedded database, key file, CA."] = Path(
        "esik-data"
    )
    key_file: Annotated[
        Path | None,
        "Key file of the encrypted fields, mode 0600. Empty: `vault.key` in the data folder, which the embedded "
        "edition makes at its first start.",
    ] = None
    anchor_key: Annotated[
        Path | None,
        "Key file that signs anchors, mode 0600, made at the first one. Empty: `anchor.key` in the data folder.",
    ] = None
    anchor_folder: Annotated[
        Path | None,
        "Folder that anchors are written into each night, best elsewhere. Empty: `anchors` in the data folder.",
    ] = None
    export_folder: Annotated[
        Path | None,
        "Folder where exports that schools ordered lie for three days, sealed; web processes and workers share it. "
        "Empty: `exports` in the data folder.",
    ] = None
    backup_folder: Annotated[
        Path | None,
        "Folder that `esik cloud backup` writes into where no file is named; how old its newest backup is, `esik cloud "
        "doctor` and the page of servers tell, and operators are told. Empty: none.",
    ] = None
    backup_recipients: Annotated[
        str,
        "For whom backups are sealed: words that `esik cloud backup-key make` printed, with a space between two. "
        "Empty: they are not sealed.",
    ] = ""
    database_url: Annotated[str, "`postgres://user:password@host:port/database`; wanted in the server edition."] = ""
    database_connections_max: Annotated[int, "Most connections to PostgreSQL that one process opens."] = 20
    mqtt_url: Annotated[
        str, "`mqtts://host:8883` of the broker, as this service reaches it; wanted in the server edition."
    ] = ""
    mqtt_ca: Annotated[
        Path | None, "CA certificate (PEM) that the broker's certificate is checked against; wanted with `mqtts`."
    ] = None
    mqtt_certificate: Annotated[Path | None, "This service's own certificate (PEM) for the broker."] = None
    mqtt_key: Annotated[Path | None, "Private key (PEM) of that certificate."] = None
    broker_host: Annotated[
        str, "Address the embedded broker listens on; `0.0.0.0` lets the devices of the network in."
    ] = "127.0.0.1"
    broker_port: Annotated[int, "Port of the embedded broker."] = 8883
    http_host: Annotated[str, "Address the pages and the device API listen on."] = "127.0.0.1"
    http_port: Annotated[int, "Port of the pages and the device API."] = 8000
    kaspi_sources: Annotated[
        str,
        "Addresses or networks, with commas between, from which Kaspi asks `/pay/kaspi`; the bank names them in its "
        "contract. Empty: nobody may.",
    ] = ""
    public_url: Annotated[
        str,
        "Address under which people and devices reach the pages; begins with `https` everywhere but in a demo. Without "
        "it, the address they listen on.",
    ] = "http://127.0.0.1:8000"
    device_mqtt_url: Annotated[
        str, "The broker's address as devices reach it, written into their bundles. Empty: the service's own."
    ] = ""
    proxies: Annotated[
        str, "Addresses of reverse proxies whose X-Forwarded headers are believed, with commas between."
    ] = "127.0.0.1"
    api_requests_per_minute: Annotated[
        int, "Requests that a program may make with one token in a minute; counted in each web process by itself."
    ] = 600
    security_contact: Annotated[
        str,
        "Whom to tell of a weakness, as `mailto:it@example.kz` or an address of a page; told at "
        "`/.well-known/security.txt`. Empty: nothing stands there.",
    ] = ""
    support_email: Annotated[
        str, "E-mail address of this installation's support, shown to everybody under *Help*. Empty: none."
    ] = ""
    support_phone: Annotated[
        str, "Phone of this installation's support, as `+7 727 123 45 67`, shown likewise. Empty: none."
    ] = ""
    webhook_networks: Annotated[
        str,
        "Networks inside, with commas between, that webhooks and servers of video lessons may stand on besides public "
        "addresses, also without TLS. Empty: none.",
    ] = ""
    push_networks: Annotated[
        str,
        "Networks inside, with commas between, that push services of browsers may stand on besides public addresses, "
        "also without TLS. Empty: none.",
    ] = ""
    telegram_bot: Annotated[
        str,
        "Token of the bot that tells guardians, as BotFather of Telegram gave it: `123456:ABC`. Empty: nobody is told "
        "by Telegram.",
    ] = ""
    telegram_api: Annotated[str, "Server of Telegram's Bot API; another one where an operator runs its own."] = (
        "https://api.telegram.org"
    )
    sign_on_hosts: Annotated[
        str,
        "Hosts on private networks that identity providers and tools of schools may stand on, with commas between. "
        "Empty: only public addresses are asked.",
    ] = ""
    session_hours: Annotated[int, "Hours that a sign-in of staff lasts."] = 12
    guardian_session_days: Annotated[int, "Days that a sign-in of a guardian lasts."] = 90
    mfa: Annotated[
        Mfa,
        "`required`: who works at a school signs in with a second step. `optional` is for demonstrations, and refused "
        "unless the public address is this machine's own, as `http://127.0.0.1:8000`.",
    ] = Mfa.REQUIRED
    notice_days: Annotated[
        int, "Days that notices to guardians are kept, 365 at most: about a term. What they tell of stays elsewhere."
    ] = 120
    metrics_port: Annotated[
        int | None,
        "Port where a worker tells Prometheus its figures and the fleet's, at the address of the pages; one a worker. "
        "Empty: nowhere.",
    ] = None
    smtp_url: Annotated[
        str,
        "Server that takes letters, as `smtp://user:password@host:587` (TLS as soon as it is offered) or "
        "`smtps://...:465`. Empty: nothing is sent by e-mail.",
    ] = ""
    smtp_from: Annotated[str, "Address that letters come from; wanted with ESIK_SMTP_URL."] = ""
    sms_url: Annotated[
        str,
        "Gateway for SMS in the shape of SMSC.kz, as `https://login:password@smsc.kz/sys/send.php`, or of Mobizon, as "
        "`https://KEY@api.mobizon.kz/service/message/sendSmsMessage`; each message is paid. Empty: nothing is sent by "
        "SMS.",
    ] = ""
    sms_sender: Annotated[
        str, "Name that messages by SMS come from, as agreed with the gateway. Empty: the gateway's own."
    ] = ""
    sms_secret: Annotated[
        str,
        "Secret by which the gateway signs what it tells by itself: texts that came in, and how texts went. Made up by "
        "the operator, 20 letters, digits, `-` or `_` at least, and typed at the gateway too. Empty: it is not heard.",
    ] = ""
    sms_parts_per_day: Annotated[
        int,
        "Parts of messages by SMS, each of which is paid, that a school may send guardians a day to invite them.",
    ] = 300
    sms_parts_per_month: Annotated[
        int,
        "Parts of messages by SMS, each of which is paid, that a school may send guardians a month to tell them of "
        "their children; a school may allow itself less.",
    ] = 3_000
    apprise_targets: Annotated[
        str,
        "Messengers that guardians may add besides, each as `Name=address` with a space between two; `{to}` in the "
        "address is what a guardian types, letters and digits only, as in `Ntfy=ntfys://ntfy.example.kz/{to}`. Their "
        "forms stand in the documentation of Apprise. Empty: none.",
    ] = ""
    operator_targets: Annotated[
        str,
        "Whom to tell what is wrong with the servers, with spaces between: `mailto:ops@example.kz`, "
        "`tel:+77011234567`, `telegram:` with a chat's number, or an address of Apprise, as `ntfys://ntfy.sh/topic`. "
        "The first three go by the settings above. Empty: nobody.",
    ] = ""
    operator_language: Annotated[str, "Language of what operators are told: `kk`, `ru` or `en`."] = "ru"
    server_name: Annotated[str, "Name of this server on the page of servers. Empty: the machine's own."] = ""
    workers: Annotated[
        int | None,
        "How many workers are meant to run on all servers together; one more is told of as a mistake. Empty: any.",
    ] = None
    database_log: Annotated[
        Path | None,
        "Folder of PostgreSQL's own log (jsonlog), from which security events are collected. Empty: that of the "
        "embedded edition.",
    ] = None
    syslog_url: Annotated[
        str,
        "Collector of security events (SIEM) that takes syslog (RFC 5424), as `tcp://siem.example.kz:601` or "
        "`tls://siem.example.kz:6514`. Empty: none.",
    ] = ""
    syslog_ca: Annotated[
        Path | None, "CA certificate (PEM) of the collector. Empty: the machine's own authorities."
    ] = None
    traces_url: Annotated[
        str,
        "Collector of traces (OpenTelemetry, OTLP over HTTP), as `http://127.0.0.1:4318/v1/traces`. Empty: nothing is "
        "traced.",
    ] = ""
    traces_percent: Annotated[int, "Of a hundred requests and turns of a worker, how many are traced."] = 100
    log_level: Annotated[str, "`debug`, `info`, `warning` or `error`."] = "info"
    log_style: Annotated[str, "`text` for a terminal, `json` for machines."] = "text"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **over: Any) -> Self:
        """Read the ESIK_* variables; `over` are values of a command line, which win. Raises SettingWrong."""
        given = os.environ if environment is None else environment  # noqa: TID251 (the one place)
        known = {variable(each.name): each.name for each in fields(cls)}
        if unknown := sorted(name for name in given if name.startswith(PREFIX) and name not in known):
            raise SettingWrong(
                message("{name} is not a setting. See docs/settings.md: mend its name or remove it.", name=unknown[0])
            )
        read = {name: _read(name, given[key].strip()) for key, name in known.items() if given.get(key, "").strip()}
        chosen = {**read, **{name: value for name, value in over.items() if value is not None}}
        settings = cls(**chosen)
        if "public_url" not in chosen:
            settings = replace(settings, public_url=settings.own_url)
        settings.check()
        return settings

    @property
    def vault_key_file(self) -> Path:
        """Where the key file stands."""
        return self.key_file or self.data / "vault.key"

    @property
    def anchor_key_file(self) -> Path:
        """Where the key that signs anchors stands."""
        return self.anchor_key or self.data / "anchor.key"

    @property
    def anchors_folder(self) -> Path:
        """Where anchors are written."""
        return self.anchor_folder or self.data / "anchors"

    @property
    def exports_folder(self) -> Path:
        """Where ordered exports lie."""
        return self.export_folder or self.data / "exports"

    @property
    def database_log_folder(self) -> Path | None:
        """Where PostgreSQL's own log is read, if anywhere."""
        if self.edition is Edition.EMBEDDED:
            return self.database_log or self.data / "postgres" / "cluster" / "log"
        return self.database_log

    @property
    def own_url(self) -> str:
        """Where the pages listen, as somebody on this machine reaches them."""
        return f"http://{from_here(self.http_host)}:{self.http_port}"

    @property
    def cookies_secure(self) -> bool:
        """Whether cookies are for TLS only: always, but on plain http addresses as in a demo."""
        return self.public_url.startswith("https://")

    def as_environment(self) -> dict[str, str]:
        """Return what another process reads these very settings from; it holds passwords."""
        told = {variable(each.name): shown(getattr(self, each.name)) for each in fields(self)}
        return {name: value for name, value in told.items() if value}

    def check(self) -> None:
        """Raise SettingWrong for a value, or values together, that cannot be used."""
        if self.edition is Edition.SERVER:
            for name in ("database_url", "mqtt_url"):
                if not getattr(self, name):
                    raise wrong(name, "empty", "an address in the server edition")
        check_url("database_url", self.database_url, POSTGRES_SCHEMES)
        check_url("mqtt_url", self.mqtt_url, MQTT_SCHEMES)
        check_url("device_mqtt_url", self.device_mqtt_url, MQTT_SCHEMES)
        check_url("public_url", self.public_url, HTTP_SCHEMES)
        check_url("smtp_url", self.smtp_url, SMTP_SCHEMES)
        if self.smtp_url and "@" not in self.smtp_from:
            raise wrong("smtp_from", self.smtp_from or "empty", "an e-mail address when ESIK_SMTP_URL is set")
        check_sms_url(self.sms_url)
        check_sms_secret(self.sms_secret)
        check_recipients(self.backup_recipients)
        check_targets(self.apprise_targets)
        if self.mqtt_url.startswith("mqtts:") and self.mqtt_ca is None:
            raise wrong("mqtt_ca", "empty", "a file when ESIK_MQTT_URL begins with mqtts://")
        if self.security_contact and not is_contact(self.security_contact):
            raise wrong("security_contact", "not readable", "mailto: with an address, or https:// with a page")
        check_support(self.support_email, self.support_phone)
        check_networks("webhook_networks", self.webhook_networks)
        check_networks("push_networks", self.push_networks)
        check_telegram(self.telegram_bot, self.telegram_api)
        if self.mfa is Mfa.OPTIONAL and urlsplit(self.public_url).hostname not in OWN_MACHINE:
            raise wrong("mfa", self.mfa.value, "`required` where the pages are reached from other machines")
        check_networks("kaspi_sources", self.kaspi_sources, "addresses or networks as 192.0.2.7, 198.51.100.0/24")
        check_notice_days(self.notice_days)
        check_operators(self.operator_targets)
        check_one_of("operator_language", self.operator_language, LANGUAGES)
        check_url("syslog_url", self.syslog_url, SYSLOG_SCHEMES)
        check_url("traces_url", self.traces_url, HTTP_SCHEMES)
        check_percent("traces_percent", self.traces_percent)
        check_one_of("log_level", self.log_level, LOG_LEVELS)
        check_one_of("log_style", self.log_style, LOG_STYLES)


def shown(value: object) -> str:
    """Return a value as the environment and the table of settings write it."""
    return str(value.value if isinstance(value, Enum) else "" if value is None else value)


def _read(name: str, text: str) -> object:
    kind = get_type_hints(Settings)[name]
    readers: dict[object, Callable[[str, str], object]] = {
        int: _number,
        int | None: _number,
        Edition: _edition,
        Mfa: _mfa,
        Path: _path,
        Path | None: _path,
    }
    return readers[kind](name, text) if kind in readers else text


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise wrong(name, text, "a whole number above 0")
    return int(text)


def _edition(name: str, text: str) -> Edition:
    check_one_of(name, text, tuple(edition.value for edition in Edition))
    return Edition(text)


def _mfa(name: str, text: str) -> Mfa:
    check_one_of(name, text, tuple(each.value for each in Mfa))
    return Mfa(text)


def _path(_name: str, text: str) -> Path:
    return Path(text).expanduser()
