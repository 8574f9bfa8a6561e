"""Whether an answer was written by hand or calls a library that holds the same idea.

Where a lab asks for something that the course's own package can do, its tests look at which functions of the
package run while the student's function does.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType, FunctionType
from typing import Any

_LONG = 60  # bytes of code: shorter functions may be the same by chance


@contextmanager
def library_calls(*packages: str) -> Iterator[set[str]]:
    """Collects the names of functions of `packages` that run inside the block, in this thread and in new ones.

    packages: dotted names, such as "course_utils.scaling"; all their modules count. The set holds
    "module.function". However a function was imported, it is seen, and a try around it hides nothing; so is a copy
    of one that was made from its source.
    """
    called: set[str] = set()
    sources: dict[tuple, str] = {}
    looked_at: dict[int, tuple[CodeType, str]] = {}
    for name, module in list(sys.modules.items()):
        if _is_in(name, packages):
            for key, value in list(vars(module).items()):
                if (
                    isinstance(value, FunctionType)
                    and value.__module__ == name
                    and len(value.__code__.co_code) > _LONG
                ):
                    sources[_text(value.__code__)] = f"{name}.{key}"

    def note(frame: FrameType, event: str, _: Any) -> None:
        # <listcomp> and the like belong to a function that is seen itself
        if event != "call" or frame.f_code.co_name.startswith("<"):
            return
        module = frame.f_globals.get("__name__") or ""
        if module != __name__ and _is_in(module, packages):
            called.add(f"{module}.{frame.f_code.co_name}")
            return
        code = frame.f_code
        if id(code) not in looked_at:
            looked_at[id(code)] = (code, sources.get(_text(code), ""))
        if copied := looked_at[id(code)][1]:
            called.add(copied)

    before, of_threads = sys.getprofile(), threading.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(before)
        threading.setprofile(of_threads)


def _text(code: CodeType) -> tuple:
    """What two functions of the same source have in common, wherever they stand."""
    constants = [constant for constant in code.co_consts if not isinstance(constant, CodeType)]
    return code.co_code, code.co_names, code.co_varnames, repr(constants)


def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
