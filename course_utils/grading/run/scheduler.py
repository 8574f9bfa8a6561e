"""Handing submissions to a Dask cluster, for classes that outgrow a machine.

The machine with the gradebook keeps one small process for each submission that is under way; its notebook goes
to a worker of the cluster and comes back run (`remote.py`). Dask gives a worker's submissions to the others when
it is lost. The cluster needs this package and its libraries in the same versions (`alike.py`), a sandbox on every
machine, and a network that only trusted people reach: whoever reaches a Dask scheduler can run code on it.
"""

from __future__ import annotations

import contextlib
import gc
import time
from multiprocessing.connection import Connection
from typing import Any

from course_utils.errors import CourseError
from course_utils.grading.run import alike, remote

_PATIENCE = 10.0  # seconds for the scheduler to answer
_WORKERS_PATIENCE = 60.0  # seconds without any worker until the run is given up
_MOST_AT_A_TIME = 64  # processes here that wait for the cluster


class Cluster:
    """A connection to a Dask scheduler. Raises CourseError when nobody answers there, or workers cannot grade."""

    def __init__(
        self, address: str, unsafe: bool = False, workers_patience: float = _WORKERS_PATIENCE
    ) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise CourseError(
                "--scheduler needs dask.distributed: install it with pip install 'adapting-llms[cluster]'."
            ) from None
        reason = ""
        try:
            self._client = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        if reason:
            # What is left of the client is ended now: later, while another one starts, Dask would wait for itself.
            gc.collect()
            raise CourseError(
                f"No Dask scheduler answers at {address!r} ({reason}): start one with `dask scheduler` and give "
                "the address that it prints, for example tcp://10.0.0.1:8786."
            )
        self._address = address
        self._patience = workers_patience
        self._last_seen = time.monotonic()
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
            self._examine(unsafe)
        except TimeoutError:
            self.close()
            raise CourseError(
                f"The Dask scheduler at {address} has no workers: start some with `dask worker {address}`."
            ) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)

    def slots(self) -> int:
        """How many submissions can be under way. Raises CourseError when all workers have been gone for long."""
        count = sum(self._client.nthreads().values())
        now = time.monotonic()
        if count:
            self._last_seen = now
        elif now - self._last_seen > self._patience:
            raise CourseError(
                f"The cluster at {self._address} has had no workers for {self._patience:.0f} seconds. Start some and "
                "run the command again: what is graded is kept."
            )
        return min(_MOST_AT_A_TIME, max(1, count))

    def submit(self, question: bytes, answer_to: Connection) -> None:
        """Have a worker answer, and send the answer on as soon as it is there."""
        future = self._client.submit(remote.run_alike, question, alike.version(), pure=False)

        def deliver(done: Any) -> None:
            try:
                answer = done.result()
            except BaseException as error:
                answer = remote.problem(error)
            with contextlib.suppress(OSError):  # the process that asked has been given up
                answer_to.send_bytes(answer)

        future.add_done_callback(deliver)

    def _examine(self, unsafe: bool) -> None:
        """Every worker must grade as this machine would."""
        for worker, found in self._client.run(alike.examine, on_error="return").items():
            if isinstance(found, Exception):
                # Dask may hand on what cannot be unpickled as a plain Exception with the other's text.
                said = str(found) if type(found) is Exception else f"{type(found).__name__}: {found}"
                raise CourseError(
                    f"The worker {worker} cannot grade ({said[:200]}): install this version of the course there."
                )
            facts, mode, reason = found
            if said := alike.differences(alike.facts(), facts):
                raise CourseError(
                    f"The worker {worker} has another version of the course or of its libraries: {said}. Install "
                    "this course's there, with its constraints.txt."
                )
            if mode == "none" and not unsafe:
                raise CourseError(f"The worker {worker} has no sandbox. {reason}")
