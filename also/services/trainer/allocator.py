"""The C library's allocator, told to keep freed memory.

Each update takes and frees the same tensors. By default glibc gives large ones back to the kernel at once, and the
next update touches every page of them anew: some 1,500 page faults an update of the default learner's size, a
twentieth of its time.
"""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Numbers of the options in glibc's malloc.h, see mallopt(3)."""

_KEPT_BYTES = 1 << 30
"""Free memory at the top of the heap, and size of a piece, above which memory is given back."""

_LARGEST_PIECE_BYTES = 1 << 25
"""The largest size of a piece that older versions take."""


def keep_freed_memory() -> None:
    """Set the allocator of this process up, where it is glibc's; elsewhere nothing happens."""
    if not sys.platform.startswith("linux"):
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return
    if set_option(_M_MMAP_THRESHOLD, _KEPT_BYTES) or set_option(_M_MMAP_THRESHOLD, _LARGEST_PIECE_BYTES):
        set_option(_M_TRIM_THRESHOLD, _KEPT_BYTES)
