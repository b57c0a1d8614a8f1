"""An authenticator's secret, sealed in the vault for its column."""

from cloud.core.vault import Vault

SECRET = "authenticator.secret"  # noqa: S105 (the name of the vault's context)


def sealed(vault: Vault, secret: bytes, account_id: int) -> bytes:
    """Return a secret as it is kept, bound to its account."""
    return vault.encrypt_bytes(secret, SECRET, str(account_id))


def opened(vault: Vault, kept: bytes, account_id: int) -> bytes:
    """Return a secret. Raises VaultLocked, also for one of another account."""
    return vault.decrypt_bytes(kept, SECRET, str(account_id))
