"""Only plain data cross, and nothing that comes from the student's side can harm the other."""

from __future__ import annotations

import math
import os
import random
import socket
import struct
import threading
import time
from collections import OrderedDict

import numpy as np
import pytest
import torch

from course_utils.grading.sandbox import channel as ch

PLAIN = [
    None,
    True,
    0,
    -(2**70),
    1.5,
    -0.0,
    math.inf,
    "text with \udc80 and 😀",
    [1, [2.0, "x"]],
    (1, (2,)),
    {1, 2},
    {"a": [1], 2: (None,), (3, 4): {"b": 5}},
    np.arange(6, dtype=np.int16).reshape(2, 3),
    np.array(7.5),
    np.float32(0.1),
    np.array(["ab", "c"]),
    np.zeros((0, 3)),
    torch.arange(6).reshape(2, 3),
    torch.tensor(True),
    torch.tensor([1.0, math.nan]),
    torch.zeros(2, 0),
    torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).T,
    torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    torch.tensor([1.5, -2.0]).to(torch.float8_e4m3fn),
    torch.tensor([1 + 2j]),
]


def unpack(frame: bytes):
    mark, text, blob = ch._HEAD.unpack(frame[: ch._HEAD.size])
    body = frame[ch._HEAD.size :]
    assert mark == b"crs1"
    assert len(body) == text + blob
    return ch.unpack(body[:text], body[text:])


def same(one, other) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        exact = repr(one.tolist()) == repr(other.tolist())
        return one.dtype == other.dtype and one.shape == other.shape and exact
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one, other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)
    return one == other


@pytest.mark.parametrize("value", PLAIN, ids=lambda v: f"{type(v).__name__}-{v!s:.20}")
def test_plain_data_come_back_as_they_went(value):
    back = unpack(ch.pack(value))
    assert same(back, value), f"{back!r} is not {value!r}"


def test_a_tensor_arrives_as_a_tensor_of_its_own():
    weights = torch.nn.Parameter(torch.ones(3))
    back = unpack(ch.pack(weights))
    assert type(back) is torch.Tensor
    assert not back.requires_grad
    back[0] = 5.0
    assert weights[0] == 1.0


def test_what_is_built_on_plain_data_arrives_as_plain_data():
    class Everything(list):
        def __eq__(self, other):
            return True

        __hash__ = None

    assert type(unpack(ch.pack(OrderedDict(a=1)))) is dict
    assert type(unpack(ch.pack(Everything([1])))) is list
    assert type(unpack(ch.pack(np.float64(0.5)))) is np.float64


@pytest.mark.parametrize(
    "value",
    [
        object(),
        len,
        {1: object()},
        torch.nn.Linear(1, 1),
        np.array([object()]),
        torch.eye(2).to_sparse(),
        b"x",
    ],
    ids=lambda v: type(v).__name__,
)
def test_other_data_do_not_cross(value):
    with pytest.raises(ch.NotPlainData):
        ch.pack(value)


def test_deep_and_large_data_do_not_cross():
    deep: list = []
    for _ in range(100):
        deep = [deep]
    endless: list = []
    endless.append(endless)
    for value in (
        deep,
        endless,
        torch.zeros(ch.MOST_BYTES + 1, dtype=torch.uint8),
        "x" * (ch.MOST_BYTES + 1),
        1 << 9999,
        [0] * (ch.MOST_VALUES + 1),
    ):
        with pytest.raises(ch.NotPlainData):
            ch.pack(value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nonsense",
        b"[1]",
        b'{"list": 5}',
        b'{"evil": [1]}',
        b'{"float": "1e5"}',
        b'{"list": [], "dict": []}',
        b'{"set": [{"list": []}]}',
        b'{"array": ["O", [1], [0, 8]]}',
        b'{"array": ["<f8", [1000000000000], [0, 8]]}',
        b'{"array": ["<f8", [-1], [0, 8]]}',
        b'{"array": ["<f8,<f8", [1], [0, 16]]}',
        b'{"array": [{"names": ["a"], "formats": ["O"]}, [1], [0, 8]]}',
        b'{"tensor": ["float64", [3], [0, 8]]}',
        b'{"tensor": ["load", [1], [0, 8]]}',
        b'{"tensor": ["float64", [1], [99, 8]]}',
        b'{"tensor": ["float64", [true], [0, 8]]}',
        b'{"tensor": ["float32", [67108864, 67108864, 67108864, 0], [0, 0]]}',
        b'{"array": ["<f8", [67108864, 67108864, 67108864, 0], [0, 0]]}',
        b'{"array": ["<U4", [1], [0, 16]]}',
        b'{"array": ["' + b"<f8," * 100_000 + b'<f8", [1], [0, 8]]}',
        b'{"list": [' + b"[]," * 3_000_000 + b"0]}",
        b'{"set": [' + b",".join(b"%d" % (n * (2**61 - 1)) for n in range(20_000)) + b"]}",
        b'{"dict": [' + b",".join(b"[%d, 0]" % (n * (2**61 - 1)) for n in range(20_000)) + b"]}",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"list": [' * 200 + b"1" + b"]}" * 200,
    ],
)
def test_a_malformed_frame_is_a_value_error(text):
    with pytest.raises(ValueError, match="not a proper frame"):
        ch.unpack(text, b"\xff" * 16)


@pytest.mark.parametrize("kind", [b'{"array": ["|b1", [2], [0, 2]]}', b'{"tensor": ["bool", [2], [0, 2]]}'])
def test_what_is_neither_true_nor_false_is_true(kind):
    found = ch.unpack(kind, b"\x00\x07")
    assert found.tolist() == [False, True]
    assert int(found.sum()) == 1


def test_random_bytes_never_do_more_than_fail():
    """Frames with some bytes changed: either some plain value or ValueError, nothing else."""
    source = random.Random(3)
    frame = ch.pack({"a": [1, 2.5, "x"], "t": torch.arange(4), "n": np.eye(2)})
    body = bytearray(frame[ch._HEAD.size :])
    text = struct.unpack("<4sII", frame[: ch._HEAD.size])[1]
    failed = 0
    for _ in range(2000):
        broken = bytearray(body)
        for _ in range(source.randint(1, 4)):
            broken[source.randrange(text)] = source.randrange(256)
        try:
            ch.unpack(bytes(broken[:text]), bytes(broken[text:]))
        except ValueError:
            failed += 1
    assert 1000 < failed < 2000


@pytest.fixture
def student():
    """A function that serves a namespace in a thread and returns the channel to it."""
    open_ends = []

    def start(namespace: dict) -> ch.Channel:
        here, there = socket.socketpair()
        open_ends.append(here)
        threading.Thread(target=ch.serve, args=(there.detach(), namespace), daemon=True).start()
        channel = ch.Channel(here)
        channel.reset(time.monotonic() + 5)
        return channel

    yield start
    for end in open_ends:
        end.close()


def define(source: str) -> dict:
    namespace: dict = {}
    exec(source, namespace)
    return namespace


def test_a_function_can_be_called_and_nothing_else(student):
    channel = student(
        define("def half(x, *, twice=False):\n    return x if twice else x / 2\nhalf.secret = 1")
    )
    half = channel.names({"half"})["half"]
    assert half(3) == 1.5
    assert half(torch.ones(2), twice=True).tolist() == [1.0, 1.0]
    with pytest.raises(AttributeError):
        half.secret  # noqa: B018
    with pytest.raises(ch.NotPlainData):
        half(object())
    assert half(4) == 2.0, "a refused argument must not break the channel"


def test_names_are_values_functions_or_absent(student):
    found = student({"limit": 3, "nothing": None, "call": len, "odd": object()}).names(
        {"limit", "nothing", "call", "odd", "no"}
    )
    assert (found["limit"], found["nothing"]) == (3, None)
    assert isinstance(found["call"], ch.StudentFunction)
    assert isinstance(found["odd"], ch.StudentFunction)
    assert "no" not in found


def test_an_object_that_lies_about_itself_is_no_answer(student):
    class Sly(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return True

    channel = student({"sly": lambda: torch.ones(2).as_subclass(Sly), "fine": lambda: 1})
    with pytest.raises(ch.StudentError, match="gave back"):
        channel.call("sly", (), {})
    assert channel.call("fine", (), {}) == 1


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("raise ValueError('too small')", ValueError, "too small"),
        ("raise KeyError('name')", KeyError, "name"),
        ("{}['gone']", KeyError, "gone"),
        ("import json; json.loads('x')", ValueError, "Expecting"),
        ("raise type('Mine', (Exception,), {})('own')", ch.StudentError, "Mine: own"),
        ("raise SystemExit(3)", ch.StudentError, "SystemExit"),
        ("raise KeyboardInterrupt", ch.StudentError, "KeyboardInterrupt"),
        ("raise StopIteration('s')", ch.StudentError, "StopIteration"),
        ("b'\\xff'.decode()", ValueError, "decode"),
        ("return object()", ch.StudentError, "gave back an object"),
        ("return [lambda: 1]", ch.StudentError, "gave back a function"),
    ],
)
def test_exceptions_come_back_as_builtin_ones(student, code, kind, says):
    f = student(define(f"def f():\n    {code}")).names({"f"})["f"]
    with pytest.raises(kind, match=says):
        f()


def test_an_exercise_that_was_not_written_is_remembered(student):
    channel = student(define("def f():\n    raise NotImplementedError('write your code here')"))
    with pytest.raises(NotImplementedError, match="write your code"):
        channel.names({"f"})["f"]()
    assert channel.unwritten
    channel.reset(time.monotonic() + 5)
    assert not channel.unwritten


def looks_at_scale(values):
    weights = values.clone().requires_grad_()
    scale(weights).sum().backward()  # noqa: F821
    return weights.grad


def test_a_probe_runs_in_the_students_namespace_and_leaves_no_trace(student):
    namespace = define("def scale(x):\n    return 4 * x")
    probe = student(namespace).probe(looks_at_scale)
    assert probe(torch.zeros(2)).tolist() == [4.0, 4.0]
    assert "looks_at_scale" not in namespace


def test_no_answer_in_time_is_noticed_and_the_late_one_thrown_away(student):
    channel = student({"slow": time.sleep, "add": lambda x: x + 1})
    functions = channel.names({"slow", "add"})
    channel.reset(time.monotonic() + 0.2)
    with pytest.raises(ch.StudentTimeout, match="slow did not answer in time"):
        functions["slow"](0.5)
    with pytest.raises(ch.StudentGone):
        functions["add"](1)
    assert channel.recover(20.0)
    channel.reset(time.monotonic() + 20)
    assert functions["add"](1) == 2


def test_what_the_tests_do_between_two_questions_is_not_the_students_time(student):
    channel = student({"add": lambda x: x + 1})
    add = channel.names({"add"})["add"]
    channel.reset(time.monotonic() + 1.5)
    time.sleep(2)
    assert add(1) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"x" * 100,
        ch._HEAD.pack(b"crs1", 2**31, 2**31),
        ch.pack([1]),
        ch.pack({"id": 99, "value": {}}),
        ch.pack({"id": 1}),
        ch.pack({"id": 1, "error": "no"}),
        ch.pack({"id": 1, "error": {"kinds": "ValueError"}}),
        ch.pack({"id": 1, "value": [1]}),
    ],
)
def test_a_strange_answer_ends_the_channel(answer):
    here, there = socket.socketpair()
    with here, there:
        there.sendall(answer)
        channel = ch.Channel(here)
        channel.reset(time.monotonic() + 1)
        with pytest.raises(ch.StudentGone):
            channel.names({"f"})
        with pytest.raises(ch.StudentGone):
            channel.call("f", (), {})


def test_an_answer_without_end_stops_at_the_deadline():
    here, there = socket.socketpair()

    def drip() -> None:
        try:
            there.sendall(ch._HEAD.pack(b"crs1", 10_000, 0))
            while True:
                there.sendall(b" ")
                time.sleep(0.01)
        except OSError:
            pass

    threading.Thread(target=drip, daemon=True).start()
    channel = ch.Channel(here)
    channel.reset(time.monotonic() + 0.3)
    began = time.monotonic()
    with pytest.raises(ch.StudentTimeout):
        channel.names({"f"})
    assert time.monotonic() - began < 20  # all of it would take 100 seconds
    here.close()


def test_a_dead_process_is_noticed():
    here, there = socket.socketpair()
    there.close()
    channel = ch.Channel(here)
    channel.reset(time.monotonic() + 5)
    with here, pytest.raises(ch.StudentGone, match="has ended"):
        channel.call("f", (), {})


def test_nothing_in_a_frame_is_pickled():
    """An object whose pickle would run code is refused on the way out, and its bytes on the way in."""

    class Bomb:
        def __reduce__(self):
            return (os.system, ("touch /tmp/never",))

    with pytest.raises(ch.NotPlainData):
        ch.pack(np.array([Bomb()], dtype=object))
