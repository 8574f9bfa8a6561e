"""A student's kernel seen from the grader: a real ipykernel in a sandbox, spoken to in Jupyter's protocol.

The kernel is not trusted. Whatever it sends is checked for shape, counted and cut; it may be silent, die,
or talk without end, and `run` still comes back in time with a reason.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.session import Session

from course_utils.grading.sandbox.channel import marks
from course_utils.grading.sandbox.confinement import Interpreter, Limits, Sandbox
from course_utils.grading.sandbox.launch import DEEPEST, Jail, Warm, start

_CHANNELS = {"shell": zmq.DEALER, "iopub": zmq.SUB, "control": zmq.DEALER}
_PORTS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
_LARGEST_MESSAGE = 16 * 2**20
_LARGEST_HEADER = 20_000
_MOST_MARKS = 500_000  # values in a message, about; what is shown of a cell has fewer letters than that
_MOST_WAITING = 16  # messages that this process holds before they are read; the kernel holds more
_AT_ONCE = 2**20  # bytes that are read before they are looked at, but for the last message
_GRACE = 2.0  # seconds for an interrupted cell to answer, and for the last output to arrive
# Output types that a notebook may keep; what browsers would run is dropped (and HTML cleaned later).
_KINDS = frozenset({"stream", "display_data", "execute_result", "error"})


class KernelDied(Exception):
    """The kernel is gone; the text says why as far as one can tell."""


@dataclass
class CellRun:
    """What came of running one cell.

    outputs: nbformat outputs, cut at the limit. status: "ok", "error" (the cell raised), "timeout" (it was
    interrupted) or "flood" (interrupted because it printed without end). cut: some output was dropped.
    """

    outputs: list[dict[str, Any]] = field(default_factory=list)
    status: str = "ok"
    error: str = ""
    cut: bool = False
    seconds: float = 0.0


class StudentKernel:
    """A kernel in a sandbox. Use it as a context manager: leaving ends every process in it.

    sandbox: from `machine.choose`. files: folder of the submission, or None. warm: a process to fork it from.
    Raises KernelDied when it does not come up within `patience` seconds.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        files: Path | None = None,
        limits: Limits | None = None,
        interpreter: Interpreter | None = None,
        warm: Warm | None = None,
        patience: float = 60.0,
    ) -> None:
        interpreter = interpreter or Interpreter.current()
        key = secrets.token_hex(16)
        connection = {
            "transport": "ipc",
            "ip": "{run}/k",
            "key": key,
            "signature_scheme": "hmac-sha256",
            **{f"{name}_port": number for name, number in _PORTS.items()},
        }
        argv = [interpreter.executable, "-c", _BOOT, "{run}", json.dumps(connection)]
        self.jail: Jail = start(sandbox, argv, files=files, limits=limits, interpreter=interpreter, warm=warm)
        self._session = Session(key=key.encode(), signature_scheme="hmac-sha256")
        # The context of the process, which is never ended: ending one waits for peers that do not answer.
        self._context: zmq.Context[Any] = zmq.Context.instance()
        self._sockets = {name: self._socket(kind) for name, kind in _CHANNELS.items()}
        self._places: dict[str, int] = {}
        self._poller = zmq.Poller()
        for name in ("shell", "iopub"):
            self._poller.register(self._sockets[name], zmq.POLLIN)
        self._poller.register(self.jail.fileno(), zmq.POLLIN)
        self._ended: dict[str, int | None] | None = None
        try:
            self._wait_until_ready(patience)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> StudentKernel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        return self._ended is None and self.jail.alive()

    def run(self, source: str, seconds: float, most_output: int = 500_000, history: bool = True) -> CellRun:
        """Run one cell and wait for it, at most `seconds` (of Jail.clock) and a short grace.

        most_output: bytes of output that are kept. Twenty times as much interrupts the cell. Raises KernelDied,
        also when the kernel had to be ended because an interrupt did not stop the cell.
        """
        request = self._ask(source, history)
        result = CellRun()
        began = self.jail.clock()
        deadline = began + seconds
        replied = idle = False
        kept = seen = 0
        while not (replied and idle):
            now = self.jail.clock()
            if now >= deadline:
                if replied:  # the last outputs were lost on the way, the cell itself is done
                    result.cut = True
                    break
                if result.status in ("timeout", "flood"):
                    raise self._gone(f"{self._describe(result.status, seconds)} and could not be interrupted")
                result.status = "timeout"
                self.interrupt()
                deadline = now + _GRACE
            for channel, message in self._receive(deadline - now):
                if message["parent"] != request:
                    continue
                kind, content = message["kind"], message["content"]
                if channel == "shell" and kind == "execute_reply":
                    replied = True
                    deadline = min(deadline, self.jail.clock() + _GRACE)
                    if result.status == "ok" and content.get("status") != "ok":
                        result.status = "error"
                        result.error = _text(content.get("ename"), 200)
                elif kind == "status":
                    idle = idle or content.get("execution_state") == "idle"
                elif channel == "iopub" and kind in _KINDS:
                    output, size = (None, message["size"]) if message["heavy"] else _output(kind, content)
                    seen += size
                    if output is not None and kept + size <= most_output and len(result.outputs) < 1000:
                        kept += size
                        _append(result.outputs, output)
                    else:
                        result.cut = True
                    if seen > 20 * most_output and result.status == "ok" and not replied:
                        result.status = "flood"
                        self.interrupt()
                        deadline = self.jail.clock() + _GRACE
        result.seconds = self.jail.clock() - began
        if result.cut:
            note = f"[output cut: a cell may show {most_output:,} bytes]\n"
            _append(result.outputs, {"output_type": "stream", "name": "stdout", "text": note})
        return result

    def begin(self, source: str) -> str:
        """Start a cell without waiting for it, and return the id to give to `finish`."""
        return self._ask(source, history=False)

    def finish(self, request: str, seconds: float) -> bool:
        """Whether the cell started with `begin` ended within so many seconds. Its output is thrown away."""
        deadline = self.jail.clock() + seconds
        while (left := deadline - self.jail.clock()) > 0:
            for channel, message in self._receive(left):
                if channel == "shell" and message["parent"] == request:
                    return True
        return False

    def interrupt(self) -> None:
        """Ask the kernel to raise KeyboardInterrupt in the running cell. It need not listen."""
        with contextlib.suppress(zmq.Again):
            self._session.send(self._sockets["control"], "interrupt_request", {})

    def check(self) -> None:
        """Raise KernelDied if it is gone."""
        if not self.alive:
            raise self._gone()

    def close(self) -> dict[str, int | None]:
        """End everything in the sandbox. Returns how it ended: {"exit": code, "signal": number}."""
        if self._ended is None:
            for sock in self._sockets.values():
                sock.close(linger=0)
            self._ended = self.jail.close()
            for place in self._places.values():
                os.close(place)
        return self._ended

    def _socket(self, kind: int) -> zmq.Socket:
        sock = self._context.socket(kind)
        sock.linger = 0
        sock.sndtimeo = 1000  # a socket whose other end was closed would wait for ever
        sock.setsockopt(zmq.MAXMSGSIZE, _LARGEST_MESSAGE)
        sock.setsockopt(zmq.RCVHWM, _MOST_WAITING)
        sock.setsockopt(zmq.RECONNECT_IVL, 10)
        if kind == zmq.SUB:
            sock.setsockopt(zmq.SUBSCRIBE, b"")
        return sock

    def _connect(self) -> bool:
        """Connect to the kernel's sockets as far as they are there; whether all are. Raises KernelDied.

        A name there may lead elsewhere, now or when the connection is made anew. So each is opened once, not
        followed if it is a link, and what was opened is connected to.
        """
        for name in _CHANNELS.keys() - self._places.keys():
            path = self.jail.run_folder / f"k-{_PORTS[name]}"
            try:
                place = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
            except OSError:
                continue
            self._places[name] = place
            if not stat.S_ISSOCK(os.fstat(place).st_mode):
                raise self._gone("something else was in the place of the kernel's sockets")
            self._sockets[name].connect(f"ipc:///proc/self/fd/{place}")
        return self._places.keys() == _CHANNELS.keys()

    def _ask(self, source: str, history: bool) -> str:
        self.check()
        content = {
            "code": source,
            "silent": False,
            "store_history": history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        try:
            message = self._session.send(self._sockets["shell"], "execute_request", content)
        except zmq.Again:
            raise self._gone("the kernel closed its connections") from None
        assert message is not None  # as it would be in a fork of this process
        return message["header"]["msg_id"]

    def _wait_until_ready(self, patience: float) -> None:
        """Until an answer came on shell and something on iopub, so that no output is missed."""
        deadline = self.jail.clock() + patience
        late = f"the kernel did not start within {patience:g} seconds"
        while not self._connect():
            self.check()
            if self.jail.clock() > deadline:
                raise self._gone(late)
            time.sleep(0.005)
        replied = heard = False
        while not (replied and heard):
            if self.jail.clock() > deadline:
                raise self._gone(late)
            self._session.send(self._sockets["shell"], "kernel_info_request", {})
            pause = self.jail.clock() + 1.0
            while (left := pause - self.jail.clock()) > 0 and not (replied and heard):
                for channel, _ in self._receive(left):
                    replied = replied or channel == "shell"
                    heard = heard or channel == "iopub"

    def _receive(self, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        """Messages that arrive within so many seconds, at least one unless the time is over."""
        ready = dict(self._poller.poll(int(max(0.0, seconds) * 1000)))
        messages = []
        size = 0
        for name in ("shell", "iopub"):
            sock = self._sockets[name]
            while sock in ready and size < _AT_ONCE:
                try:
                    parts = sock.recv_multipart(zmq.NOBLOCK)
                except zmq.Again:
                    break
                size += sum(map(len, parts)) + 1000
                # The kernel is hostile until shown otherwise: a message that does not parse is no message.
                with contextlib.suppress(Exception):
                    messages.append((name, self._parse(parts)))
        if not messages and self.jail.fileno() in ready:
            raise self._gone()
        return messages

    def _parse(self, parts: list[Any]) -> dict[str, Any]:
        """kind, parent, content and size of a message. What would fill the memory when it is read has no content."""
        # Signatures are not looked at: whoever could send here has the key.
        framed: list[Any] = self._session.feed_identities(parts)[1]
        _, header, parent, _, content, *_ = framed
        if len(header) + len(parent) > _LARGEST_HEADER:
            raise ValueError("a message has too long a header")
        kind, request = json.loads(header)["msg_type"], json.loads(parent)
        heavy = marks(content) > _MOST_MARKS
        said = {} if heavy else json.loads(content)
        if not (isinstance(kind, str) and isinstance(request, dict) and isinstance(said, dict)):
            raise ValueError("a message has the wrong shape")
        size = len(content)
        return {"kind": kind, "parent": request.get("msg_id"), "content": said, "heavy": heavy, "size": size}

    def _gone(self, reason: str = "") -> KernelDied:
        """End what is left and return the error that tells why."""
        ended = self.close()
        if self.jail.reason == "memory":
            reason = f"it used more than {self.jail.limits.memory_mb:,} MB of memory and was stopped"
        elif self.jail.reason == "disk":
            reason = f"it wrote more than {self.jail.limits.disk_mb:,} MB and was stopped"
        elif self.jail.reason == "messages":
            reason = "it sent more than can be kept and was stopped"
        elif self.jail.reason == "depth":
            reason = f"it put folders into each other, more than {DEEPEST} deep, and was stopped"
        elif not reason and ended["signal"] is not None:
            reason = f"the kernel was ended by signal {ended['signal']}"
        elif not reason and ended["exit"] is not None:
            reason = f"the kernel ended itself with exit code {ended['exit']}"
        return KernelDied(reason or "the kernel died")

    def _describe(self, status: str, seconds: float) -> str:
        return (
            "the cell printed without end" if status == "flood" else f"the cell ran for {seconds:g} seconds"
        )


# Runs in the sandbox. The connection file is written there, because only there its path is known. A cell that
# prints without end is stopped at the source, before its text fills the memory of both processes; code that
# gets round this meets the limits of StudentKernel.run. Where the sandbox refuses to change modes and times, nobody
# misses those of the program's own files, and where it has no TCP, children that print cannot be heard.
_BOOT = """
import functools, os, socket, sys
run, connection = sys.argv[1], sys.argv[2].replace("{run}", sys.argv[1])
with open(run + "/kernel.json", "w") as file:
    file.write(connection)
sys.path[:] = [path for path in sys.path if path]
def gently(change):
    @functools.wraps(change)
    def attempt(path, *more, **options):
        try:
            return change(path, *more, **options)
        except PermissionError:
            if isinstance(path, int) or not os.path.realpath(os.fsdecode(path)).startswith(run + "/"):
                raise
    return attempt
os.chmod, os.utime = gently(os.chmod), gently(os.utime)
from ipykernel.iostream import IOPubThread, OutStream
try:
    socket.socket().close()
except PermissionError:
    def no_pipe(thread):
        thread._pipe_uuid, thread._pipe_port = os.urandom(16), 1
    IOPubThread._setup_pipe_in = no_pipe
from ipykernel.kernelapp import launch_new_instance
import course_utils.grading.sandbox.channel, ipykernel.ipkernel
sys.path.insert(0, "")  # only now, so that a file beside the notebook shadows nothing that the kernel needs
plain_write, printed = OutStream.write, {}
def write(stream, text):
    cell = stream.parent_header.get("msg_id")
    printed[cell] = printed.get(cell, 0) + len(text)
    if printed[cell] > 10_000_000:
        raise RuntimeError("this cell printed more than 10 MB")
    return plain_write(stream, text)
OutStream.write = write
sys.argv = ["ipykernel_launcher", "-f", run + "/kernel.json", "--HistoryManager.hist_file=:memory:"]
launch_new_instance()
"""


def _output(kind: str, content: dict[str, Any]) -> tuple[dict[str, Any] | None, int]:
    """(nbformat output or None, its size in bytes) of one message."""
    if kind == "stream":
        text = _text(content.get("text"))
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": text}, len(text)
    if kind == "error":
        lines = content.get("traceback")
        lines = [_text(line, 20_000) for line in lines[:200]] if isinstance(lines, list) else []
        said = {"ename": _text(content.get("ename"), 200), "evalue": _text(content.get("evalue"), 20_000)}
        return {"output_type": "error", **said, "traceback": lines}, sum(map(len, lines)) + 100
    data = content.get("data")
    if not isinstance(data, dict):
        return None, 0
    clean = {str(key): value for key, value in data.items() if isinstance(value, str)}
    metadata = content.get("metadata")
    metadata = metadata if isinstance(metadata, dict) and len(json.dumps(metadata)) < 10_000 else {}
    output: dict[str, Any] = {"output_type": kind, "data": clean, "metadata": metadata}
    if kind == "execute_result":
        output["execution_count"] = None
    return output, sum(len(key) + len(value) for key, value in clean.items())


def _append(outputs: list[dict[str, Any]], output: dict[str, Any]) -> None:
    """Add an output; text that continues the last stream joins it."""
    last = outputs[-1] if outputs else {}
    if output["output_type"] == "stream" and last.get("name") == output["name"]:
        last["text"] += output["text"]
    else:
        outputs.append(output)


def _text(value: Any, most: int = sys.maxsize) -> str:
    """`value` as text that any encoder takes: no lone surrogates."""
    return str(value if value is not None else "")[:most].encode("utf-8", "replace").decode("utf-8")
