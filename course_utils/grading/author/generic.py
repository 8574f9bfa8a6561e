"""Wrong answers that need no imagination: the solution's functions, each spoilt in one way.

A wrapper calls the true function and spoils what came back, or calls it again with other arguments. Which ways
ever differ from the solution is seen in one run of the tests with the true functions (`watched`): one that never
does (a string has no dtype, an argument that cannot be changed) is the same as the solution and is left out.
"""

from __future__ import annotations

import functools
import inspect
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Number
from typing import Any

import numpy as np
import torch

_NOTHING = object()
_TOLERANCE = 1e-4  # relative; tests must tell more than this
_LETTERS, _ITEMS = 60, 8  # how much of a text and of a list an impatient answer reads


@dataclass(frozen=True)
class Outcome:
    """How a call ended: with a value or with an error."""

    value: Any = None
    error: Exception | None = None

    def again(self) -> Any:
        """The value, or the error raised once more."""
        if self.error is not None:
            raise self.error
        return self.value

    def differs(self, other: Outcome) -> bool:
        if self.error is None and other.error is None:
            return not same(self.value, other.value)
        return type(self.error) is not type(other.error)


class Call:
    """A call of the true function, which is made at once."""

    def __init__(self, function: Callable, own: int, args: tuple, kwargs: dict) -> None:
        """own: number of leading arguments that belong to the object (self)."""
        self.function, self.own, self.args, self.kwargs = function, own, args, kwargs
        self._state = _random_state()
        self.outcome = self._made(args, kwargs)

    def given(self) -> dict[str, Any]:
        """The arguments by the names of their parameters, without the object's own; {} if they do not fit."""
        try:
            bound = inspect.signature(self.function).bind(*self.args, **self.kwargs)
        except TypeError:
            return {}
        return dict(list(bound.arguments.items())[self.own :])

    def again(self, change: Callable[[Any], Any]) -> Outcome:
        """The outcome with changed arguments, from the same random numbers; that of the call itself if there is
        nothing to change, or if an argument is no plain data: who knows what a second call does to a model."""
        args, kwargs = self.args[self.own :], self.kwargs
        if not plain((args, kwargs)):
            return self.outcome
        other = change((args, kwargs))
        if same(other, (args, kwargs)):
            return self.outcome
        now = _random_state()
        _set_random_state(self._state)
        outcome = self._made((*self.args[: self.own], *other[0]), other[1])
        _set_random_state(now)
        return outcome

    def _made(self, args: tuple, kwargs: dict) -> Outcome:
        try:
            return Outcome(self.function(*args, **kwargs))
        except Exception as error:
            return Outcome(error=error)


@dataclass
class Watch:
    """What a wrapper saw. differed: some call gave or left something else than the true function would."""

    differed: bool = False
    first: Outcome | None = None
    last: Any = None
    known: dict[Any, Outcome] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)  # objects are known by their ids, which others take over


@dataclass(frozen=True)
class Generic:
    """One way to spoil one function: `function` is a name of the solution, "f" or "Class.method".

    wrong: what comes instead of a call's outcome. touches: the parameter that is changed in place, if any.
    """

    function: str
    how: str
    wrong: Callable[[Watch, Call], Outcome] = lambda watch, call: call.outcome
    touches: str = ""

    @property
    def name(self) -> str:
        return f"{self.function} {self.how}"

    def look(self, watch: Watch, call: Call) -> Outcome:
        """What comes back instead of the call's outcome. Nothing is changed in place."""
        wrong = self.wrong(watch, call)
        differs = wrong.differs(call.outcome)
        watch.differed |= differs or touchable(call.given().get(self.touches))
        return wrong if differs else call.outcome

    def install(self, namespace: dict[str, Any]) -> Watch:
        """Put the spoilt function into the namespace in which the solution was just run."""
        watch = Watch()

        def spoilt(call: Call) -> Any:
            outcome = self.look(watch, call)
            touch(call.given().get(self.touches))
            return outcome.again()

        _replace(self.function, namespace, spoilt)
        return watch


def watched(ways: Iterable[Generic], namespace: dict[str, Any]) -> list[tuple[Generic, Watch]]:
    """Let the true functions in a namespace be watched: which of the ways would have made a difference?"""
    watches = [(way, Watch()) for way in ways]
    for name in sorted({way.function for way, _ in watches}):
        mine = [(way, watch) for way, watch in watches if way.function == name]

        def true(call: Call, mine: list[tuple[Generic, Watch]] = mine) -> Any:
            for way, watch in mine:
                if not watch.differed:
                    way.look(watch, call)
            return call.outcome.again()

        _replace(name, namespace, true)
    return watches


def examples(names: Iterable[str], namespace: dict[str, Any]) -> dict[str, dict[Any, Outcome]]:
    """Let the true functions be watched: for each, how its calls ended, by their arguments."""
    tables: dict[str, dict[Any, Outcome]] = {}
    for name, _, _ in _functions(names, namespace):
        table = tables[name] = {}

        def true(call: Call, table: dict[Any, Outcome] = table) -> Any:
            table[_key(call.given())] = call.outcome
            return call.outcome.again()

        _replace(name, namespace, true)
    return tables


def generics(
    names: Iterable[str], namespace: dict[str, Any], seen: Mapping[str, Mapping[Any, Outcome]] | None = None
) -> Iterator[Generic]:
    """Every way to spoil the functions, and the public methods of the classes, among `names`.

    seen: the `examples` of the visible tests.
    """
    for name, function, own in _functions(names, namespace):
        yield from _spoils(
            name, list(inspect.signature(function).parameters)[own:], (seen or {}).get(name, {})
        )


def _functions(names: Iterable[str], namespace: dict[str, Any]) -> Iterator[tuple[str, Callable, int]]:
    """(name, function, number of leading parameters that belong to the object)."""
    for name in sorted(names):
        value = namespace[name]
        if inspect.isfunction(value):
            yield name, value, 0
        elif inspect.isclass(value):
            for key, method in sorted(vars(value).items()):
                if inspect.isfunction(method) and (key == "__call__" or not key.startswith("_")):
                    yield f"{name}.{key}", method, 1


def _replace(name: str, namespace: dict[str, Any], instead: Callable[[Call], Any]) -> None:
    """Put a wrapper in the place of a function or of a method."""
    owner, _, method = name.partition(".")
    true = inspect.getattr_static(namespace[owner], method) if method else namespace[owner]

    @functools.wraps(true)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return instead(Call(true, 1 if method else 0, args, kwargs))

    if method:
        setattr(namespace[owner], method, wrapper)
    else:
        namespace[owner] = wrapper


def _spoils(name: str, parameters: list[str], seen: Mapping[Any, Outcome]) -> Iterator[Generic]:
    for how, change in {
        "returns None": lambda value: None,
        "returns zeros": zeros,
        "returns another dtype": other_dtype,
        "returns one dimension more": deeper,
        "rounds to two digits": rounded,
        "gives nothing below 0": clipped,
        "strips its text": stripped,
        "drops what it returns twice": distinct,
    }.items():
        yield Generic(name, how, _result(change))
    yield Generic(name, "returns its first argument", _first_argument)
    yield Generic(name, "gives its first answer for ever", _constant)
    yield Generic(name, "remembers by its first argument", _remembering(lambda given: given[:1]))
    yield Generic(name, "remembers by the lengths of its arguments", _remembering(lengths))
    yield Generic(name, "raises nothing", _silent)
    for how, change in {
        "reads only the beginning of its arguments": beginning,
        "strips its arguments": stripped,
        "reads only once what it is given twice": distinct,
    }.items():
        yield Generic(name, how, _argument(change))
    if seen:
        yield Generic(name, "knows the visible examples", _knowing(seen))
    for parameter in parameters:
        yield Generic(name, f"changes its argument {parameter}", touches=parameter)


def _result(change: Callable[[Any], Any]) -> Callable[[Watch, Call], Outcome]:
    def wrong(watch: Watch, call: Call) -> Outcome:
        return call.outcome if call.outcome.error else Outcome(change(call.outcome.value))

    return wrong


def _argument(change: Callable[[Any], Any]) -> Callable[[Watch, Call], Outcome]:
    return lambda watch, call: call.again(change)


def _first_argument(watch: Watch, call: Call) -> Outcome:
    given = list(call.given().values())
    return Outcome(given[0]) if given and call.outcome.error is None else call.outcome


def _constant(watch: Watch, call: Call) -> Outcome:
    if watch.first is None and call.outcome.error is None:
        watch.first = call.outcome
    return watch.first or call.outcome


def _silent(watch: Watch, call: Call) -> Outcome:
    if call.outcome.error is None:
        watch.last = call.outcome.value
    return Outcome(watch.last)


def _remembering(part: Callable[[tuple], Any]) -> Callable[[Watch, Call], Outcome]:
    """It looks an answer up by a part of the arguments. Errors are not kept."""

    def wrong(watch: Watch, call: Call) -> Outcome:
        if call.outcome.error:
            return call.outcome
        looked_up = part(tuple(call.given().values()))
        if not plain(looked_up):
            watch.kept.append(looked_up)
        return watch.known.setdefault(_key(looked_up), call.outcome)

    return wrong


def _knowing(seen: Mapping[Any, Outcome]) -> Callable[[Watch, Call], Outcome]:
    """It knows the answers of the visible tests, and gives the last of them to everything else."""
    answers = [outcome for outcome in seen.values() if outcome.error is None]

    def wrong(watch: Watch, call: Call) -> Outcome:
        return call.outcome if _key(call.given()) in seen or not answers else answers[-1]

    return wrong


def zeros(value: Any) -> Any:
    """The same types and shapes with zeros, empty texts and False in them; other objects as they are."""
    if isinstance(value, torch.Tensor):
        return torch.zeros_like(value)
    if isinstance(value, np.ndarray):
        return np.zeros_like(value)
    if type(value) in (bool, int, float, str):
        return type(value)()
    return _within(value, zeros)


def other_dtype(value: Any) -> Any:
    """Tensors and arrays with integers as float32 and floats as int64, at any depth. Python numbers have none."""
    if isinstance(value, torch.Tensor):
        return value.long() if value.dtype.is_floating_point else value.float()
    if isinstance(value, np.ndarray):
        return value.astype(np.int64 if value.dtype.kind == "f" else np.float32)
    return _within(value, other_dtype)


def deeper(value: Any) -> Any:
    """Tensors and arrays with a leading dimension of 1; anything else alone in a list."""
    if isinstance(value, torch.Tensor):
        return value.unsqueeze(0)
    if isinstance(value, np.ndarray):
        return value[None]
    inside = _within(
        value, lambda item: deeper(item) if isinstance(item, torch.Tensor | np.ndarray) else item
    )
    return [value] if same(inside, value) else inside


def rounded(value: Any) -> Any:
    """Floats to two digits behind the point, at any depth, where this is more than rounding error."""
    if isinstance(value, torch.Tensor) and value.dtype.is_floating_point:
        short = value.round(decimals=2)
        return torch.where((short - value).abs() > _TOLERANCE * value.abs(), short, value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        shortened = value.round(2)
        return np.where(np.abs(shortened - value) > _TOLERANCE * np.abs(value), shortened, value)
    if type(value) is float:
        return round(value, 2) if abs(round(value, 2) - value) > _TOLERANCE * abs(value) else value
    return _within(value, rounded)


def clipped(value: Any) -> Any:
    """Numbers below 0 as 0, at any depth."""
    if isinstance(value, torch.Tensor) and not value.dtype.is_complex and value.dtype is not torch.bool:
        return value.clamp(min=0)
    if isinstance(value, np.ndarray) and value.dtype.kind in "if":
        return value.clip(min=0)
    return max(value, type(value)(0)) if type(value) in (int, float) else _within(value, clipped)


def stripped(value: Any) -> Any:
    """Texts without the white space around them, at any depth."""
    return value.strip() if type(value) is str else _within(value, stripped)


def distinct(value: Any) -> Any:
    """Lists without what already stood in them, at any depth."""
    value = _within(value, distinct)
    if type(value) is not list:
        return value
    return [item for i, item in enumerate(value) if not any(same(item, other) for other in value[:i])]


def beginning(value: Any) -> Any:
    """Texts and lists cut after some letters and items, at any depth."""
    if type(value) is str:
        return value[:_LETTERS]
    value = _within(value, beginning)
    return value[:_ITEMS] if type(value) is list else value


def lengths(given: tuple) -> tuple:
    """The shape of each tensor and array, the length of each text and container, anything else as it is."""
    return tuple(
        tuple(value.shape)
        if isinstance(value, torch.Tensor | np.ndarray)
        else len(value)
        if type(value) in (str, list, tuple, dict)
        else value
        for value in given
    )


def plain(value: Any) -> bool:
    """Whether a value is made of nothing but data: numbers, texts, None, tensors, arrays, containers of these."""
    if type(value) in (list, tuple, set):
        return all(map(plain, value))
    if type(value) is dict:
        return all(map(plain, value.values()))
    return value is None or isinstance(value, bool | int | float | str | torch.Tensor | np.ndarray)


def touchable(value: Any) -> bool:
    """Whether `touch` changes a value."""
    if isinstance(value, torch.Tensor):
        return value.numel() > 0
    if isinstance(value, np.ndarray):
        return value.size > 0
    if type(value) is dict:
        return any(map(touchable, value.values()))
    return bool(value) if type(value) is list else type(value) is tuple and any(map(touchable, value))


def touch(value: Any) -> bool:
    """Change a value in place where it can be: the first element of each tensor, lists of plain values longer.

    Returns whether anything was changed.
    """
    if isinstance(value, torch.Tensor | np.ndarray):
        data = value.data if isinstance(value, torch.Tensor) else value
        if data.size == 0 if isinstance(data, np.ndarray) else data.numel() == 0:
            return False
        first = (0,) * data.ndim
        is_bool = data.dtype in (torch.bool, np.bool_)
        data[first] = not data[first] if is_bool else data[first] + 1
        return True
    if type(value) is dict:
        changed = [touch(item) for item in value.values()]  # every one, not only the first
        return any(changed)
    if type(value) in (list, tuple):
        changed = [touch(item) for item in value]
        if any(changed) or type(value) is tuple or not value:
            return any(changed)
        value.append(value[-1])
        return True
    return False


def same(a: Any, b: Any) -> bool:
    """Equal in type, dtype, shape and every element; objects that are not plain data must be the same one."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a.detach(), b.detach())
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, Number):
        return bool(a == b or (a != a and b != b))  # nan is the same as nan
    return type(a) in (str, set, bytes) and a == b


def _within(value: Any, change: Callable[[Any], Any]) -> Any:
    """A list, tuple or dict with every element changed; anything else as it is."""
    if type(value) in (list, tuple):
        return type(value)(change(item) for item in value)
    if type(value) is dict:
        return {key: change(item) for key, item in value.items()}
    return value


def _key(value: Any) -> Any:
    """Something that can be looked up and is equal for equal data; objects are known by what they are."""
    if isinstance(value, torch.Tensor):
        return ("tensor", str(value.dtype), tuple(value.shape), repr(value.detach().tolist()))
    if isinstance(value, np.ndarray):
        return ("array", str(value.dtype), value.shape, repr(value.tolist()))
    if type(value) in (list, tuple):
        return (type(value).__name__, tuple(map(_key, value)))
    if type(value) is dict:
        return ("dict", tuple((name, _key(item)) for name, item in value.items()))
    if type(value) is set:
        return ("set", frozenset(value))
    return (type(value).__name__, repr(value) if plain(value) else id(value))


def _random_state() -> tuple:
    return random.getstate(), np.random.get_state(), torch.get_rng_state()


def _set_random_state(state: tuple) -> None:
    random.setstate(state[0])
    np.random.set_state(state[1])
    torch.set_rng_state(state[2])
