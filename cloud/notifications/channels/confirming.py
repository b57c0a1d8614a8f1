"""Confirmations: a message came to where its reader sees it.

Rule: the reference that a message carries proves itself, so that a phone whose session has ended still confirms; it
opens nothing and names nobody.
"""

import re
from hmac import compare_digest

from cloud.core.services import Services
from cloud.core.vault import Vault

CONTEXT = "delivery.reference"  # at the vault
PROOF = 22  # letters of the proof: 88 bits
_REFERENCE = re.compile(r"([1-9][0-9]{0,18})-([0-9a-f]{22})", re.ASCII)
_CONFIRM = """
UPDATE delivery SET state = 'confirmed', why = '', confirmed_at = $2, sent_at = coalesce(sent_at, $2), next_at = NULL,
  claimed_at = NULL
WHERE id = $1 AND state <> 'confirmed' AND tries > 0 RETURNING true
"""


def reference_of(vault: Vault, delivery_id: int) -> str:
    """Return what a message carries to be confirmed by."""
    return f"{delivery_id}-{vault.digest(str(delivery_id), CONTEXT)[:PROOF]}"


async def confirm(services: Services, reference: str) -> bool:
    """Note that a message arrived; tell whether that is new. What is not a reference of ours confirms nothing."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return False
    delivery_id = int(found[1])
    if delivery_id >= 2**63 or not compare_digest(reference, reference_of(services.vault, delivery_id)):
        return False
    return bool(await services.database.pool.fetchval(_CONFIRM, delivery_id, services.clock.now()))
