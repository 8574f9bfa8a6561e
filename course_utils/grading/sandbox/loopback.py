"""The channel between tests and student code without a second process: same data, same rules, much faster.

What a test cell sees of the student's functions is what it sees when grading: values cross as bytes and come
back as copies, probes run from their source beside the student's code, other objects cannot cross.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from course_utils.grading import notebook as nbk
from course_utils.grading.cells import Ending, copied, new_namespace, run_test
from course_utils.grading.sandbox import channel
from course_utils.grading.sandbox.usual import same_random_numbers, usual_state


class Loopback(channel.Channel):
    """A Channel whose other side is a namespace of this process.

    own_errors: what the student's code raises comes as it is, with its traceback, and not as when grading,
    where only its name and text cross.
    """

    def __init__(self, namespace: dict[str, Any], own_errors: bool = False) -> None:
        self._namespace = namespace
        self._own_errors = own_errors
        self.broken = ""
        self.unwritten = False
        self.asked = ""

    def _ask(self, question: dict[str, Any], who: str) -> Any:
        question = _over_the_wire(question)
        try:
            value = channel.answer(question, self._namespace)
        except BaseException as error:
            if self._own_errors:
                self.unwritten = self.unwritten or isinstance(error, NotImplementedError)
                raise
            raise self._error(_over_the_wire(channel.as_data(error)), who) from None
        try:
            return _over_the_wire(value)
        except channel.NotPlainData as error:
            raise self._error({"kinds": ["NotPlainData"], "message": str(error)}, who) from None


def run_beside(name: str, source: str, namespace: dict[str, Any], students: Iterable[str]) -> Ending:
    """Run a test cell, called `name` in tracebacks, beside a student's namespace, which stays as it is.

    students: what the lab's exercises define; it is reached through the channel. Anything else that the cell uses
    is a copy (cells.copied).
    """
    memo: dict[int, Any] = {}
    students = frozenset(students)
    given = nbk.names_or_none(nbk.free_names, source) - students
    names = {key: copied(namespace[key], memo) for key in given if key in namespace}
    with usual_state(), same_random_numbers():
        return run_test(
            name, source, {**new_namespace(), **names}, students, Loopback(namespace, own_errors=True)
        )


def _over_the_wire(value: Any) -> Any:
    """The value as it arrives on the other side. Raises NotPlainData."""
    frame = channel.pack(value)
    _, text, _ = channel._HEAD.unpack_from(frame)
    start = channel._HEAD.size
    return channel.unpack(frame[start : start + text], frame[start + text :])
