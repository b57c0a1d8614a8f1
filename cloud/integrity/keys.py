"""The key that signs anchors: Ed25519, in a file apart from the database, of the same form as the vault's key file.

Rule: the last line signs; the earlier ones go on being believed, so that old anchors can be compared.
"""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cloud.core.settings import Settings
from cloud.core.vault import make_key_file, read_keys


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """Return the key that signs now; it is made where there is none yet. Raises VaultLocked."""
    path = settings.anchor_key_file
    if not path.exists():
        make_key_file(path)
    return Ed25519PrivateKey.from_private_bytes(read_keys(path)[-1])


def trusted_keys(settings: Settings) -> Sequence[Ed25519PublicKey]:
    """Return the keys that anchors are believed by; none before the first anchor. Raises VaultLocked."""
    path = settings.anchor_key_file
    keys = read_keys(path) if path.exists() else ()
    return [Ed25519PrivateKey.from_private_bytes(key).public_key() for key in keys]
