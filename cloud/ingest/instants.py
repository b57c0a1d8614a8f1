"""The corrected time of a record: its own where that can be, else by its boot's exchange with the cloud.

Rule: the original stays in the record's bytes; the correction is a function of the record, its boot's offset and the
instant it was received, and never lies after that instant.
"""

CLOCKS_BELIEVED = frozenset({"rtc", "ntp", "hub"})
DOUBTED = frozenset({"floor", "none"})  # clocks that did not know the time
TOLERANCE_MS = 5 * 60_000


def corrected_ms(
    *, wall_ms: int, clock: str, monotonic_ms: int, offset_ms: int | None, received_ms: int
) -> tuple[int, bool]:
    """Return the corrected time, and whether a clock that is believed told a time that cannot be.

    `offset_ms` is by how much the cloud's wall time is ahead of the boot's monotonic time; None is not known. A time
    cannot be when it lies after the record was received, or before the device booted.
    """
    by_boot_ms = None if offset_ms is None else max(0, min(monotonic_ms + offset_ms, received_ms))
    if clock in CLOCKS_BELIEVED:
        is_early = offset_ms is not None and wall_ms < offset_ms - TOLERANCE_MS
        if wall_ms <= received_ms + TOLERANCE_MS and not is_early:
            return wall_ms, False
        return (received_ms if by_boot_ms is None else by_boot_ms), True
    return (min(wall_ms, received_ms) if by_boot_ms is None else by_boot_ms), False
