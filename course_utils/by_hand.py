"""Whether an answer was written by hand or calls a library that holds the same idea.

Where a lab asks for something that the course's own package can do, its tests look at which functions of the
package run while the student's function does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def library_calls(*packages: str) -> Iterator[set[str]]:
    """Collects the names of functions of `packages` that run inside the block, in this thread.

    packages: dotted names, such as "course_utils.scaling"; all their modules count. The set holds
    "module.function". However a function was imported, it is seen, and a try around it hides nothing.
    """
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        # <listcomp> and the like belong to a function that is seen itself
        if event != "call" or frame.f_code.co_name.startswith("<"):
            return
        module = frame.f_globals.get("__name__") or ""
        if module != __name__ and any(
            module == package or module.startswith(f"{package}.") for package in packages
        ):
            called.add(f"{module}.{frame.f_code.co_name}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(before)
