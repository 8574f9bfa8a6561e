"""The only way between the trusted process and the student's: questions and answers made of plain data.

A frame is a length, a JSON text and the raw bytes of arrays. Nothing that is read can run: there is no
pickle, types are named from a fixed list, and size, depth and time are limited. multiprocessing's Connection
frames as well, but knows no deadline within a message: a student who stalls there would stall the grader.
The same module runs on both sides: `Channel` and `StudentFunction` where the tests are, `serve` beside the
student's code. Plain data: None, bool, int, float, str, list, tuple, set, dict, numpy arrays and scalars,
torch tensors.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import json
import math
import secrets
import socket
import struct
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from typing import Any

from course_utils.grading.sandbox import watch
from course_utils.grading.sandbox.usual import same_random_numbers, usual_state

Clock = Callable[[], float]

PROBE = "<probe>"  # the file that a probe's lines are in, for tracebacks
MOST_BYTES = 64 * 2**20
MOST_DEPTH = 40
MOST_VALUES = 2_000_000
_MOST_TEXT = 20_000  # characters of an error's message
_HEAD = struct.Struct("<4sII")  # mark, bytes of JSON, bytes of arrays
_MARK = b"crs1"
_ARRAY_KINDS = "biufcUS"
_INTEGERS = ("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64")
_FLOATS = ("float16", "float32", "float64", "bfloat16", "float8_e4m3fn", "float8_e5m2")
_BUILT_ON: tuple[tuple[Any, str], ...] = ((list, "list"), (tuple, "tuple"), (set, "set"), (frozenset, "set"))
_TENSOR_TYPES = (*_INTEGERS, *_FLOATS, "complex64", "complex128")


class NotPlainData(TypeError):
    """A value that cannot cross; the text says what it was."""


class StudentError(Exception):
    """The student's code raised something that is no builtin exception, or gave back no plain data."""


class StudentTimeout(StudentError):
    """The student's code did not answer in time."""


class StudentGone(StudentError):
    """The student's process is dead or talks nonsense: no more questions can be asked."""


# Values to bytes and back


def pack(value: Any) -> bytes:
    """One frame with `value`. Raises NotPlainData for other data, too deep or too large ones."""
    arrays: list[bytes] = []
    text = json.dumps(_encode(value, arrays, 0), allow_nan=False, check_circular=False).encode("ascii")
    blob = b"".join(arrays)
    if len(text) + len(blob) > MOST_BYTES:
        raise NotPlainData(f"more than {MOST_BYTES // 2**20} MB of data")
    if marks(text) > MOST_VALUES:
        raise NotPlainData(f"more than {MOST_VALUES:,} values")
    return _HEAD.pack(_MARK, len(text), len(blob)) + text + blob


def unpack(text: bytes, blob: bytes) -> Any:
    """The value in a frame's two parts. Raises ValueError for anything that `pack` would not have made."""
    if marks(text) > MOST_VALUES:
        raise ValueError("not a proper frame (too many values)")
    try:
        wire = json.loads(text)
        return _decode(wire, memoryview(blob), [0], 0)
    except Exception as error:  # json's, numpy's and torch's own among them
        raise ValueError(f"not a proper frame ({type(error).__name__})") from None


def marks(text: bytes) -> int:
    """At least the number of values in a JSON text: reading it may take a hundred times its size in memory."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _encode(value: Any, arrays: list[bytes], depth: int) -> Any:
    if depth > MOST_DEPTH:
        raise NotPlainData(f"data nested deeper than {MOST_DEPTH}")
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        if value.bit_length() > 4096:
            raise NotPlainData("an int of more than 4096 bits")
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    # dict subclasses (OrderedDict, defaultdict) and the like count as what they are built on.
    for plain, name in _BUILT_ON:
        if isinstance(value, plain):
            return {name: [_encode(item, arrays, depth + 1) for item in plain.__iter__(value)]}
    if isinstance(value, dict):
        pairs = list(dict.items(value))
        return {"dict": [[_encode(k, arrays, depth + 1), _encode(v, arrays, depth + 1)] for k, v in pairs]}
    module = kind.__mro__[-2].__module__.partition(".")[0] if len(kind.__mro__) > 1 else ""
    numpy, torch = _loaded("numpy"), _loaded("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _encode_tensor(value, arrays, torch)
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        name = "array" if isinstance(value, numpy.ndarray) else "scalar"
        array = numpy.asarray(value)
        if array.dtype.kind not in _ARRAY_KINDS:
            raise NotPlainData(f"a numpy array of dtype {array.dtype}")
        return {name: [array.dtype.str, list(array.shape), _add(arrays, array.tobytes())]}
    if isinstance(value, bool | int | float | str) and module != "numpy":
        base = next(plain for plain in (bool, int, float, str) if isinstance(value, plain))
        return _encode(base(value), arrays, depth)
    article = "an" if kind.__name__[:1].lower() in "aeiou" else "a"
    raise NotPlainData(f"{article} {kind.__name__}")


def _encode_tensor(value: Any, arrays: list[bytes], torch: Any) -> Any:
    name = str(value.dtype).removeprefix("torch.")
    if value.layout != torch.strided or value.is_quantized or name not in _TENSOR_TYPES:
        raise NotPlainData(f"a {value.layout} tensor of {value.dtype}")
    if value.is_meta:
        raise NotPlainData("a tensor on the meta device")
    tensor = value.detach().as_subclass(torch.Tensor)
    flat = tensor.cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    content = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    return {"tensor": [name, list(tensor.shape), _add(arrays, content)]}


def _add(arrays: list[bytes], content: bytes) -> list[int]:
    start = sum(map(len, arrays))
    if start + len(content) > MOST_BYTES:
        raise NotPlainData(f"more than {MOST_BYTES // 2**20} MB of data")
    arrays.append(content)
    return [start, len(content)]


def _decode(wire: Any, blob: memoryview, count: list[int], depth: int) -> Any:
    count[0] += 1
    if depth > MOST_DEPTH + 1 or count[0] > MOST_VALUES:
        raise ValueError("too deep or too many values")
    if wire is None or type(wire) in (bool, int, float, str):
        return wire
    ((kind, content),) = wire.items()
    if kind == "float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]
    if kind in ("list", "tuple", "set"):
        plain: Any = {"list": list, "tuple": tuple, "set": _spread}[kind]
        return plain([_decode(item, blob, count, depth + 1) for item in content])
    if kind == "dict":
        keys = [_decode(key, blob, count, depth + 1) for key, _ in content]
        _spread(keys)
        return dict(zip(keys, (_decode(value, blob, count, depth + 1) for _, value in content), strict=True))
    dtype, shape, (start, length) = content
    if not all(type(n) is int and 0 <= n <= MOST_BYTES for n in (*shape, start, length)) or len(shape) > 32:
        raise ValueError("bad shape")
    part = blob[start : start + length]
    if len(part) != length:
        raise ValueError("bad length")
    if kind == "tensor":
        return _decode_tensor(dtype, shape, part)
    import numpy

    known = numpy.dtype(dtype if isinstance(dtype, str) and len(dtype) < 20 else "V")
    if kind not in ("array", "scalar") or known.kind not in _ARRAY_KINDS:
        raise ValueError("bad array")
    if math.prod(shape) * known.itemsize != length:
        raise ValueError("bad array size")
    array = numpy.frombuffer(part, known).reshape(shape).copy()
    if known.kind == "b":
        array = numpy.asarray(array.view("uint8") != 0)  # a byte may be neither 0 nor 1
    if known.kind == "U" and length and numpy.frombuffer(part, f"{known.str[0]}u4").max() > sys.maxunicode:
        raise ValueError("no letters")
    return array[()] if kind == "scalar" else array


def _spread(items: list[Any]) -> set[Any]:
    """A set of these. Raises ValueError for many with one hash: putting them together takes hours."""
    if len(set(map(hash, items))) * 100 < len(items):
        raise ValueError("too many values of one hash")
    return set(items)


def _decode_tensor(name: str, shape: list[int], part: memoryview) -> Any:
    import torch

    if name not in _TENSOR_TYPES:
        raise ValueError("bad dtype")
    dtype = getattr(torch, name)
    if math.prod(shape) * dtype.itemsize != len(part):
        raise ValueError("bad tensor size")
    if not len(part):
        return torch.empty(shape, dtype=dtype)
    if dtype is torch.bool:  # a byte may be neither 0 nor 1
        return torch.frombuffer(bytearray(part), dtype=torch.uint8).reshape(shape) != 0
    return torch.frombuffer(bytearray(part), dtype=dtype).reshape(shape)


def _loaded(name: str) -> Any:
    """A library only if it is in use: plain Python values must not wait for torch to import."""
    return sys.modules.get(name)


# Frames over a socket


def send(sock: socket.socket, frame: bytes, deadline: float, clock: Clock = time.monotonic) -> None:
    """Send a frame before `deadline` (of `clock`). Raises TimeoutError, OSError."""
    rest = memoryview(frame)
    while rest:
        sock.settimeout(_left(deadline, clock))
        with contextlib.suppress(TimeoutError):
            rest = rest[sock.send(rest) :]


def receive(sock: socket.socket, deadline: float, clock: Clock = time.monotonic) -> Any:
    """The value of the next frame. Raises TimeoutError, EOFError at the end, ValueError for nonsense."""
    mark, text, blob = _HEAD.unpack(_exactly(sock, _HEAD.size, deadline, clock))
    if mark != _MARK or text + blob > MOST_BYTES:
        raise ValueError("not a frame")
    return unpack(_exactly(sock, text, deadline, clock), _exactly(sock, blob, deadline, clock))


def _exactly(sock: socket.socket, size: int, deadline: float, clock: Clock) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        sock.settimeout(_left(deadline, clock))
        try:
            part = sock.recv(min(2**20, size - len(parts)))
        except TimeoutError:
            continue  # `clock` may have stood still meanwhile
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _left(deadline: float, clock: Clock) -> float | None:
    """Seconds until `deadline` as settimeout wants them. Raises TimeoutError when it is over."""
    left = deadline - clock()
    if left <= 0:
        raise TimeoutError
    return None if math.isinf(left) else left


# The trusted side


class Channel:
    """Asks the student's process. One question at a time; `deadline` (of `clock`) bounds them all, and
    moves on by the time that passes between an answer and the next question: that is the tests' own.

    unwritten: whether a question since `reset` met NotImplementedError, the sign of an untouched exercise.
    asked: the function that the last question was for.
    """

    def __init__(self, sock: socket.socket, clock: Clock = time.monotonic) -> None:
        self._sock = sock
        self._clock = clock
        # Where the count begins nobody can guess: answers that were sent before the question are noticed.
        self._number = secrets.randbits(48)
        self.deadline = math.inf
        self._answered = self._clock()
        self.broken = ""
        self.unwritten = False
        self.asked = ""

    def reset(self, deadline: float) -> None:
        self.deadline = deadline
        self._answered = self._clock()
        self.unwritten = False

    def recover(self, seconds: float) -> bool:
        """After a StudentTimeout: wait for the late answer, throw it away, and say whether it came."""
        try:
            answer = receive(self._sock, self._clock() + seconds, self._clock)
        except (EOFError, OSError, ValueError):
            return False
        if type(answer) is not dict or answer.get("id") != self._number:
            return False
        self.broken = ""
        return True

    def names(self, names: Iterable[str]) -> dict[str, Any]:
        """What these names are over there: plain values as they are, all else as StudentFunction."""
        found = self._ask({"op": "names", "names": sorted(names)}, "the student's names")
        if type(found) is not dict:
            raise self._nonsense()
        return {
            name: StudentFunction(self, name) if found[name] is None else found[name][0]
            for name in names
            if name in found
            and (found[name] is None or (type(found[name]) is tuple and len(found[name]) == 1))
        }

    def call(self, name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
        """name(*args, **kwargs) in the student's process. Raises what it raises, as a builtin exception or
        StudentError; NotPlainData if an argument cannot cross."""
        self.asked = name
        return self._ask({"op": "call", "name": name, "args": args, "kwargs": kwargs}, name)

    def probe(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A stand-in for a function of the test cell that runs in the student's namespace."""
        source = probe_source(function)

        def run(*args: Any, **kwargs: Any) -> Any:
            question = {"op": "probe", "source": source, "name": function.__name__}
            return self._ask({**question, "args": args, "kwargs": kwargs}, f"probe {function.__name__}")

        return run

    def watched(self) -> list[tuple[str, str]]:
        """What `watch` noted over there: (reason, detail). Raises StudentGone."""
        notes = self._ask({"op": "watch"}, "the student's kernel")
        texts = [pair for pair in notes if type(pair) is tuple] if type(notes) is list else None
        if texts is None or len(texts) != len(notes) or len(notes) > watch.MOST_NOTES:
            raise self._nonsense()
        if not all(len(pair) == 2 and all(type(text) is str for text in pair) for pair in texts):
            raise self._nonsense()
        return [(_letters(reason)[:60], _letters(detail)[:300]) for reason, detail in texts]

    def stop(self) -> None:
        """Tell `serve` to return. Raises StudentGone."""
        self._ask({"op": "stop"}, "the student's kernel")

    def _ask(self, question: dict[str, Any], who: str) -> Any:
        if self.broken:
            raise StudentGone(self.broken)
        self._number += 1
        frame = pack({**question, "id": self._number})
        self.deadline += self._clock() - self._answered
        try:
            send(self._sock, frame, self.deadline, self._clock)
            answer = receive(self._sock, self.deadline, self._clock)
        except TimeoutError:
            # The answer may still come; nobody would know to which question it belongs.
            self.broken = f"{who} did not answer in time"
            raise StudentTimeout(f"{who} did not answer in time: does a loop never end?") from None
        except (EOFError, OSError):
            self.broken = "the student's process has ended"
            raise StudentGone(self.broken) from None
        except ValueError:
            raise self._nonsense() from None
        finally:
            self._answered = self._clock()
        if type(answer) is not dict or answer.get("id") != self._number:
            raise self._nonsense()
        if "error" in answer:
            error: Any = self._error(answer["error"], who)
            error.raised_by_student = True
            raise error
        if "value" not in answer:
            raise self._nonsense()
        return answer["value"]

    def _error(self, error: Any, who: str) -> Exception:
        """The exception that the student's code raised, as a builtin one if it is one."""
        if type(error) is not dict or type(error.get("kinds")) is not list:
            return self._nonsense()
        said = error.get("message")
        message = _letters(said)[:_MOST_TEXT] if type(said) is str else ""
        kinds = [_letters(kind)[:200] for kind in error["kinds"][:20] if type(kind) is str]
        if kinds[:1] == ["NotPlainData"]:
            return StudentError(
                f"{who} gave back {message}. A test can look at numbers, strings, lists, tuples, sets, dicts, "
                "arrays and tensors."
            )
        for kind in kinds:
            builtin: Any = getattr(builtins, kind, None)
            plain = isinstance(builtin, type) and issubclass(builtin, Exception) and builtin is not Exception
            if plain and not issubclass(builtin, StopIteration | StopAsyncIteration):
                self.unwritten = self.unwritten or builtin is NotImplementedError
                try:
                    return builtin(message)
                except TypeError:  # UnicodeDecodeError needs more than a text; ValueError, its base, does not
                    continue
        return StudentError(f"{kinds[0] if kinds else 'an error'}: {message}")

    def _nonsense(self) -> StudentGone:
        self.broken = "the student's process sent something that is no answer"
        return StudentGone(self.broken)


def _letters(text: str) -> str:
    """The text as any file can hold it: half a letter becomes "?"."""
    return text.encode("utf-8", "replace").decode()


class StudentFunction:
    """A function of the student's, seen from a test: it can be called with plain data, and nothing else."""

    __slots__ = ("__name__", "_channel")

    def __init__(self, channel: Channel, name: str) -> None:
        self._channel = channel
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._channel.call(self.__name__, args, kwargs)

    def __repr__(self) -> str:
        return f"<the student's {self.__name__}>"


def probe_source(function: Callable[..., Any]) -> str:
    """Source of a probe without its decorators."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"a probe is a function made with def, not {function!r}")
    definition.decorator_list = []
    return ast.unparse(tree)


# The student's side


def serve(fd: int, namespace: dict[str, Any]) -> None:
    """Answer questions about `namespace` over the inherited socket `fd` until told to stop.

    Runs in the student's process, in its main thread; nothing here is a secret or decides about points.
    """
    sock = socket.socket(fileno=fd)
    try:
        # The usual state also for what crosses: an empty tensor is made on the default device.
        with same_random_numbers(), usual_state():
            while True:
                try:
                    question = receive(sock, math.inf)
                except EOFError:
                    return
                send(sock, _frame(question, namespace), math.inf)
                if question["op"] == "stop":
                    return
    finally:
        sock.detach()


def _frame(question: dict[str, Any], namespace: dict[str, Any]) -> bytes:
    """The answer to a question, whatever the student's code makes of it."""
    reply = {"id": question["id"]}
    try:
        value = answer(question, namespace)
    except BaseException as error:
        return pack({**reply, "error": as_data(error)})
    try:
        return pack({**reply, "value": value})
    except Exception as error:  # not plain data, or an object that lies about what it is
        said = str(error) if isinstance(error, NotPlainData) else "an object that cannot be read"
        return pack({**reply, "error": {"kinds": ["NotPlainData"], "message": said}})


def answer(question: dict[str, Any], namespace: dict[str, Any]) -> Any:
    """What `namespace` has to say to a question. Raises what the student's code raises."""
    if question["op"] == "stop":
        return True
    if question["op"] == "watch":
        return watch.report()
    if question["op"] == "names":
        return {n: _name_value(namespace[n]) for n in question["names"] if n in namespace}
    with usual_state():
        if question["op"] == "probe":
            local: dict[str, Any] = {}
            # Out of the question: who looks through the frames above finds no text.
            exec(compile(question.pop("source"), PROBE, "exec"), _with_pythons_own(namespace), local)
            function = local[question["name"]]
        elif question["name"] in namespace:
            function = namespace[question["name"]]
        else:
            raise NameError(f"name {question['name']!r} is not defined")
        value = function(*question["args"], **question["kwargs"])
    watch.look_at(value)
    return value


def _with_pythons_own(namespace: dict[str, Any]) -> dict[str, Any]:
    """The names for a probe: the student's, but Python's own where a cell gave these another value.

    `list = [1, 2]` in a scratch cell is no fault of the answers that a probe tries.
    """
    return {
        name: value
        for name, value in namespace.items()
        if name.startswith("__") or not hasattr(builtins, name)
    }


def as_data(error: BaseException) -> dict[str, Any]:
    """An exception as it crosses: the names of its class and of those above, and its text."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    only = error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else str(error)
    return {"kinds": kinds, "message": only[:_MOST_TEXT]}


def _name_value(value: Any) -> tuple[Any] | None:
    """(value,) if it is plain data, None if it is something to call."""
    if callable(value):
        return None
    try:
        pack(value)
    except NotPlainData:
        return None
    return (value,)
