"""An authenticator's secret, sealed in the vault for its column."""

from cloud.core.vault import Vault

SECRET = "authenticator.secret"  # noqa: S105 (the name of the vault's context)


def sealed(vault: Vault, secret: bytes, account_id: int) -> bytes:
    """Return a secret as it is kept, bound to its account."""
    return vault.encrypt_bytes(secret, SECRET, str(account_id))


def pending(vault: Vault, secret: bytes, account_id: int, session: str) -> bytes:
    """Return a secret that waits for its first code as it is kept, bound to its account and to a session's digest."""
    return sealed(vault, secret + bytes.fromhex(session), account_id)


def opened_pending(vault: Vault, kept: bytes, account_id: int, session: str) -> bytes | None:
    """Return a secret that waits, or None for one that another session shows."""
    plain, mark = opened(vault, kept, account_id), bytes.fromhex(session)
    secret, shown_to = plain[: -len(mark)], plain[-len(mark) :]
    return secret if secret and shown_to == mark else None


def opened(vault: Vault, kept: bytes, account_id: int) -> bytes:
    """Return a secret. Raises VaultLocked, also for one of another account."""
    return vault.decrypt_bytes(kept, SECRET, str(account_id))
