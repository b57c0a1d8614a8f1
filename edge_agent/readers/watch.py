"""What changed at readers since it was last asked: which were lost or are back, and what they warned of."""

from collections.abc import Sequence

from edge_agent.readers.tap import Guarded, Health, Reader


class ReaderWatch:
    """Watches the readers of one place."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = readers
        self._reported: dict[str, Health] = {}

    def changed(self) -> list[tuple[str, bool]]:
        """Return readers lost or back since the last call: (name, is lost)."""
        changed = []
        for reader in self._readers:
            before, now = self._reported.get(reader.name, Health.STARTING), reader.health
            if now is Health.STARTING:
                continue
            if (now is Health.LOST) is not (before is Health.LOST):
                changed.append((reader.name, now is Health.LOST))
            self._reported[reader.name] = now
        return changed

    def warnings(self) -> list[str]:
        """Return what readers told of themselves since the last call: an opened housing, failing power."""
        return [told for reader in self._readers if isinstance(reader, Guarded) for told in reader.take_warnings()]
