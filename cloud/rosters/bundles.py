"""Bundles: what a device is given when it is added, its secrets, addresses and certificate in one file.

Rule: a bundle is made once and kept nowhere; who lost it revokes the device and adds it again.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.cards.keys import card_key_within
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.core.settings import EVERYWHERE, Edition, Settings
from cloud.devices import actions
from cloud.devices.actions import NewDevice
from cloud.devices.ca import Authority, Issued
from cloud.rosters.actions import publish
from cloud.rosters.keys import public_half, roster_key
from cloud.schools.queries import SchoolRow, school_of_code

VERSION = 1
PLAIN_PORT, TLS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True)
class HubAddress:
    """Where the school's own broker listens, and which device runs it."""

    device: str
    host: str
    port: int = TLS_PORT
    is_tls: bool = True


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """Where devices find the cloud's broker."""

    host: str
    port: int
    is_tls: bool


@dataclass(frozen=True, slots=True)
class Papers:
    """What a device shows and trusts: the authority and what it issued; None where nothing uses TLS."""

    authority: Authority | None
    issued: Issued | None


async def add_device(
    services: Services, actor: Actor, school: str, new: NewDevice, hub: HubAddress | None = None
) -> bytes:
    """Enter a device into the registry and return its bundle, bytes for a file of mode 0600.

    The form is schemas/documents/bundle.schema.json. Raises SchoolUnknown, CaMissing, and what `register` raises.
    """
    row = await school_of_code(services, school)
    needs_tls = broker_place(services.settings).is_tls or (hub is not None and hub.is_tls)
    authority = Authority.load(services.settings.data / "ca", services.vault) if needs_tls else None
    issued = authority.for_device(new.name, services.clock.now()) if authority else None
    async with services.database.transaction() as connection:
        bundle = await enter(services, connection, actor, row, new, hub, Papers(authority, issued))
    await publish(services, Actor.system("a device was added"), row.id)
    return json.dumps(bundle, indent=1, ensure_ascii=False).encode() + b"\n"


async def enter(
    services: Services,
    connection: BaseDBAsyncClient,
    actor: Actor,
    school: SchoolRow,
    new: NewDevice,
    hub: HubAddress | None,
    papers: Papers,
) -> dict[str, object]:
    """Enter a device with its certificate, in a transaction of the caller's, and return its bundle."""
    secret = await actions.register_within(services, connection, actor, school.id, new)
    await note_papers(services, connection, new.name, papers)
    return await bundle_of(services, connection, school, new.name, secret, hub, papers)


async def note_papers(services: Services, connection: BaseDBAsyncClient, name: str, papers: Papers) -> None:
    """Note which certificate a device was issued, if it was."""
    if (issued := papers.issued) is not None:
        noted = issued.serial, issued.until, issued.key_digest
        await actions.put_certificate(raw(connection), name, *noted, services.clock.now())


async def bundle_of(
    services: Services,
    connection: BaseDBAsyncClient,
    school: SchoolRow,
    name: str,
    secret: bytes,
    hub: HubAddress | None,
    papers: Papers,
) -> dict[str, object]:
    """Return the bundle of a device that is in the registry."""
    place = broker_place(services.settings)
    return {
        "version": VERSION,
        "device": name,
        "school": school.code,
        "shard": school.shard,
        "secret": secret.hex(),
        "roster_public_key": public_half(await roster_key(services, raw(connection), school.id)).hex(),
        "card_key": (await card_key_within(services, raw(connection), school.id)).hex(),
        "cloud": {**_broker(place.host, place.port, is_tls=place.is_tls), "http_url": _http(services.settings)},
        "hub": {"device": hub.device, **_broker(hub.host, hub.port, is_tls=hub.is_tls)} if hub else None,
        **_certificates(papers),
    }


def broker_place(settings: Settings) -> BrokerPlace:
    """Return where devices find the broker: as set for them, else as this service finds it, else where it runs it."""
    url = settings.device_mqtt_url or (settings.mqtt_url if settings.edition is Edition.SERVER else "")
    if not url:
        return BrokerPlace(_public_host(settings), settings.broker_port, is_tls=True)
    parts = urlsplit(url)
    is_tls = parts.scheme == "mqtts"
    return BrokerPlace(parts.hostname or "127.0.0.1", parts.port or (TLS_PORT if is_tls else PLAIN_PORT), is_tls)


def _public_host(settings: Settings) -> str:
    if settings.broker_host not in EVERYWHERE:
        return settings.broker_host
    return urlsplit(settings.public_url).hostname or "127.0.0.1"


def _http(settings: Settings) -> str:
    parts = urlsplit(settings.public_url)
    return f"{parts.scheme}://{parts.netloc}"


def _broker(host: str, port: int, *, is_tls: bool) -> dict[str, object]:
    return {"mqtt_host": host, "mqtt_port": port, "mqtt_tls": is_tls}


def _certificates(papers: Papers) -> dict[str, str | None]:
    authority, issued = papers.authority, papers.issued
    return {
        "ca_pem": authority.root_pem if authority else None,
        "certificate_pem": issued.certificate_pem if issued else None,
        "key_pem": (issued.key_pem or None) if issued else None,  # a key that others made stays with them
    }
