"""What nbgrader says while it works: kept from the terminal, written to the course's log, its cause remembered."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from pathlib import Path


class Log(logging.Handler):
    """Give `logger` to one of nbgrader's programs; afterwards `cause` is the error that stopped it, or "".

    error: the same as an exception: nbgrader reports what it catches, and raises another one.

    file: where errors are written, each with the time and `who` it was about; None: nowhere.
    """

    def __init__(self, file: Path | None = None, who: str = "") -> None:
        super().__init__(level=logging.ERROR)
        self.cause = ""
        self.error: BaseException | None = None
        self._file = file
        self._who = who
        self.logger = logging.Logger("course")
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        self.error = sys.exception() or self.error
        lines = text.strip().splitlines()
        if len(lines) > 1 and any(line.startswith("Traceback") for line in lines):
            self.cause = lines[-1]  # the rest only says that something went wrong
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            with open(self._file, "a", encoding="utf-8", errors="backslashreplace") as file:
                stamp = time.strftime("%Y-%m-%d %H:%M:%S")
                file.write(f"{stamp} {self._who} {record.levelname}: {text}\n")
