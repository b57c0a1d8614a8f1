"""Code that runs on a microcontroller.

Rule: memory is collected early and often from the first import on. What modules leave behind while they are loaded
would otherwise lie between them for good: 90 kB free, and no 2 kB of it in one piece.
"""

import gc

VERSION = "0.1.0"  # of the release that it belongs to
COLLECT_BYTES = 16_384  # allocated between two collections; more on a board with much memory, where each takes longer

if hasattr(gc, "threshold"):  # MicroPython's
    gc.threshold(max(COLLECT_BYTES, gc.mem_free() // 8))  # type: ignore[attr-defined]
