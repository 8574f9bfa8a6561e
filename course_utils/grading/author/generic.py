"""Wrong answers that need no imagination: the solution's functions, each spoilt in one way.

A wrapper calls the true function and spoils what comes back, or what went in. It watches whether it ever
changed anything: one that did not (a string has no dtype, an argument that cannot be changed) is the same as
the solution and is left out.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

_NOTHING = object()


@dataclass
class Watch:
    """What a wrapper saw. differed: some call gave or left something else than the true function would."""

    differed: bool = False
    first: Any = _NOTHING
    last: Any = None


@dataclass(frozen=True)
class Generic:
    """One way to spoil one function: `function` is a name of the solution, "f" or "Class.method"."""

    function: str
    how: str
    spoil: Callable[[Watch, Callable, tuple, dict], Any]

    @property
    def name(self) -> str:
        return f"{self.function} {self.how}"

    def install(self, namespace: dict[str, Any]) -> Watch:
        """Put the spoilt function into the namespace in which the solution was just run."""
        watch = Watch()
        owner, _, method = self.function.partition(".")
        true = inspect.getattr_static(namespace[owner], method) if method else namespace[owner]

        @functools.wraps(true)
        def spoilt(*args: Any, **kwargs: Any) -> Any:
            return self.spoil(watch, true, args, kwargs)

        if method:
            setattr(namespace[owner], method, spoilt)
        else:
            namespace[owner] = spoilt
        return watch


def generics(names: Iterable[str], namespace: dict[str, Any]) -> Iterator[Generic]:
    """Every way to spoil the functions, and the public methods of the classes, among `names`."""
    for name in sorted(names):
        value = namespace[name]
        if inspect.isfunction(value):
            yield from _spoils(name, value, own=0)
        elif inspect.isclass(value):
            for key, method in sorted(vars(value).items()):
                if inspect.isfunction(method) and (key == "__call__" or not key.startswith("_")):
                    yield from _spoils(f"{name}.{key}", method, own=1)


def _spoils(name: str, function: Callable, own: int) -> Iterator[Generic]:
    """`own`: number of leading parameters that belong to the object (self)."""
    parameters = list(inspect.signature(function).parameters)[own:]

    def argument(args: tuple, kwargs: dict) -> Any:
        if len(args) > own:
            return args[own]
        return kwargs.get(parameters[0], _NOTHING) if parameters else _NOTHING

    yield Generic(name, "returns None", _result(lambda result, args, kwargs: None))
    yield Generic(
        name, "returns its first argument", _result(lambda result, args, kwargs: argument(args, kwargs))
    )
    yield Generic(name, "returns zeros", _result(lambda result, args, kwargs: zeros(result)))
    yield Generic(name, "returns another dtype", _result(lambda result, args, kwargs: other_dtype(result)))
    yield Generic(name, "returns one dimension more", _result(lambda result, args, kwargs: deeper(result)))
    yield Generic(name, "gives its first answer for ever", _constant)
    yield Generic(name, "raises nothing", _silent)
    for parameter in parameters:
        yield Generic(name, f"changes its argument {parameter}", _touching(parameter))


def _result(change: Callable[[Any, tuple, dict], Any]) -> Callable[[Watch, Callable, tuple, dict], Any]:
    def spoil(watch: Watch, function: Callable, args: tuple, kwargs: dict) -> Any:
        result = function(*args, **kwargs)
        wrong = change(result, args, kwargs)
        if wrong is _NOTHING or same(result, wrong):
            return result
        watch.differed = True
        return wrong

    return spoil


def _constant(watch: Watch, function: Callable, args: tuple, kwargs: dict) -> Any:
    result = function(*args, **kwargs)
    if watch.first is _NOTHING:
        watch.first = result
    watch.differed |= not same(result, watch.first)
    return watch.first


def _silent(watch: Watch, function: Callable, args: tuple, kwargs: dict) -> Any:
    try:
        watch.last = function(*args, **kwargs)
    except Exception:
        watch.differed = True
    return watch.last


def _touching(parameter: str) -> Callable[[Watch, Callable, tuple, dict], Any]:
    def spoil(watch: Watch, function: Callable, args: tuple, kwargs: dict) -> Any:
        result = function(*args, **kwargs)
        given = inspect.signature(function).bind(*args, **kwargs).arguments
        watch.differed |= parameter in given and touch(given[parameter])
        return result

    return spoil


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
    return type(a) in (bool, int, float, str, set) and a == b


def _within(value: Any, change: Callable[[Any], Any]) -> Any:
    """A list, tuple or dict with every element changed; anything else as it is."""
    if type(value) in (list, tuple):
        return type(value)(change(item) for item in value)
    if type(value) is dict:
        return {key: change(item) for key, item in value.items()}
    return value
