"""What this device was given when it was added: its name, its secrets, its addresses and its certificate.

Rule: the file holds secrets, so that nobody but the agent's own user may read it; nothing of it is ever logged. Its
form is `schemas/documents/bundle.schema.json`; test vectors keep the two in step.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from typing_extensions import override

from edge_agent.sync.mqtt import Broker
from schemas.seal import DOWNLINK, HTTP, UPLINK, derive

BUNDLE_BYTES_MAX = 256 * 1024
REST = "rest"  # label of the key for files at rest: no word of the contract
SALE = "sale"  # label of the key that names sales: no word of the contract either
_OTHERS = 0o077
Key = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{3,24}\Z")]
Host = Annotated[str, Meta(min_length=1, max_length=253)]
Port = Annotated[int, Meta(ge=1, le=65_535)]
GateKey = Annotated[str, Meta(min_length=1, max_length=16)]
Pem = Annotated[str, Meta(min_length=27, max_length=16_384)]


class BundleRefused(ValueError):
    """The bundle cannot be used; the text says which file, what is wrong with it, and what to do."""


class CloudPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the cloud is."""

    mqtt_host: Host
    mqtt_port: Port
    mqtt_tls: bool
    http_url: Annotated[str, Meta(pattern=r"^https?://[^/]+\Z", min_length=8, max_length=300)]


class HubPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the school's own broker is, and which agent runs it."""

    device: Name
    mqtt_host: Host
    mqtt_port: Port
    mqtt_tls: bool


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    device: Name
    school: Annotated[str, Meta(pattern=r"^[a-z0-9]{4,12}\Z")]
    shard: Annotated[int, Meta(ge=0, le=63)]
    secret: Key
    roster_public_key: Key
    card_key: Key
    cloud: CloudPlace
    hub: HubPlace | None
    ca_pem: Pem | None
    certificate_pem: Pem | None
    key_pem: Pem | None
    gates: Annotated[tuple[GateKey, ...], Meta(max_length=8)] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Bundle:
    """A bundle that may be gone by. It shows nothing of itself in a log."""

    device: str
    school: str
    shard: int
    secret: bytes
    roster_public_key: bytes
    card_key: bytes
    cloud: CloudPlace
    hub: HubPlace | None
    ca_pem: str | None
    certificate_pem: str | None
    key_pem: str | None
    gates: tuple[str, ...] = ()  # it was enrolled for, if by a code

    @override
    def __repr__(self) -> str:
        return f"Bundle({self.device} of {self.school})"

    @property
    def uplink_key(self) -> bytes:
        return derive(self.secret, UPLINK)

    @property
    def downlink_key(self) -> bytes:
        return derive(self.secret, DOWNLINK)

    @property
    def http_key(self) -> bytes:
        return derive(self.secret, HTTP)

    @property
    def rest_key(self) -> bytes:
        """Return the key that this device seals files on its own disk with; nobody else has a use for it."""
        return derive(self.secret, REST)

    @property
    def sale_key(self) -> bytes:
        """Return the key that this till names its sales with, so that nobody else can guess one."""
        return derive(self.secret, SALE)

    @property
    def cloud_broker(self) -> Broker:
        """Return the cloud's broker."""
        return Broker(self.cloud.mqtt_host, self.cloud.mqtt_port, self.cloud.mqtt_tls)

    @property
    def hub_broker(self) -> Broker | None:
        """Return the school's own broker, or None."""
        return Broker(self.hub.mqtt_host, self.hub.mqtt_port, self.hub.mqtt_tls) if self.hub else None

    @property
    def is_hub(self) -> bool:
        """Tell whether this device is its school's hub, by the bundle."""
        return self.hub is not None and self.hub.device == self.device


def read_bundle(path: Path) -> Bundle:
    """Return the bundle in a file. Raises BundleRefused."""
    file = _decoded(path, _content(path))
    if (file.cloud.mqtt_tls or (file.hub and file.hub.mqtt_tls)) and not (
        file.ca_pem and file.certificate_pem and file.key_pem
    ):
        raise BundleRefused(f"{path}: TLS is wanted, but ca_pem, certificate_pem or key_pem is null; {_ANEW}")
    return Bundle(
        device=file.device,
        school=file.school,
        shard=file.shard,
        secret=bytes.fromhex(file.secret),
        roster_public_key=bytes.fromhex(file.roster_public_key),
        card_key=bytes.fromhex(file.card_key),
        cloud=file.cloud,
        hub=file.hub,
        ca_pem=file.ca_pem,
        certificate_pem=file.certificate_pem,
        key_pem=file.key_pem,
        gates=file.gates,
    )


_ANEW = "write the bundle anew with `esik cloud device add`"


def _content(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise BundleRefused(f"{path}: the bundle cannot be read ({error.strerror}); {_ANEW}") from error
    if mode & _OTHERS:
        raise BundleRefused(f"{path}: others may read this device's secrets: run `chmod 600 {path}`")
    if len(content) > BUNDLE_BYTES_MAX:
        raise BundleRefused(f"{path}: is longer than {BUNDLE_BYTES_MAX} bytes, so it is no bundle; {_ANEW}")
    return content


def _decoded(path: Path, content: bytes) -> _File:
    try:
        return msgspec.json.decode(content, type=_File)
    except msgspec.MsgspecError as error:
        raise BundleRefused(f"{path}: is not a bundle: {error}; {_ANEW}") from error
