"""The configuration of mosquitto: mutual TLS, names from certificates, and the access list with a line for each hub."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cloud.brokers.access import mosquitto_lines
from cloud.brokers.certificates import BrokerFiles, broker_files
from cloud.brokers.registered import read_access
from cloud.core.services import Services
from cloud.devices.ca import Authority, write_private

PACKET_BYTES_MAX = 131_072
REVOKED = "revoked.pem"


@dataclass(frozen=True, slots=True)
class MosquittoPlace:
    """Where mosquitto listens, under which names devices reach it, and the folder for its files."""

    folder: Path
    port: int
    names: tuple[str, ...]
    host: str = "0.0.0.0"  # noqa: S104 (devices come from outside)


def configuration(place: MosquittoPlace, files: BrokerFiles) -> str:
    """Return mosquitto.conf. The limits drop nothing: what bounds memory is that devices wait for acks."""
    lines = [
        "# Written by `esik cloud broker`; changes are lost.",
        "persistence false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "set_tcp_nodelay true",
        "max_inflight_messages 0",
        "max_queued_messages 0",
        f"max_packet_size {PACKET_BYTES_MAX}",
        "retain_available false",  # a device may write under its name in any number of schools: none of it is kept
        "persistent_client_expiration 1h",  # sessions are clean ones; others must not pile up
        "per_listener_settings false",
        "allow_anonymous false",
        f"acl_file {place.folder / 'acl'}",
        f"listener {place.port} {place.host}",
        f"cafile {files.ca}",
        f"crlfile {place.folder / REVOKED}",
        f"certfile {files.certificate}",
        f"keyfile {files.key}",
        "require_certificate true",
        "use_identity_as_username true",
        "tls_version tlsv1.2",
    ]
    return "\n".join(lines) + "\n"


async def write(services: Services, place: MosquittoPlace, now: datetime) -> BrokerFiles:
    """Write configuration, access list, revocations and certificates; mosquitto reads them at its next start or SIGHUP.

    Raises CaMissing.
    """
    authority = Authority.load(services.settings.data / "ca", services.vault)
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = broker_files(place.folder, authority, place.names, now)
    access = await read_access(services.database.pool, now)
    write_private(place.folder / "acl", mosquitto_lines(access.hubs).encode())
    write_private(place.folder / REVOKED, authority.revocations(access.revoked, now).encode())
    write_private(place.folder / "mosquitto.conf", configuration(place, files).encode())
    return files
