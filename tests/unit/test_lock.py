"""constraints.txt pins what is ours directly, constraints.lock everything: they agree, and nothing is left out."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK, CONSTRAINTS = ROOT / "constraints.lock", ROOT / "constraints.txt"
AGAIN = "run `make lock` and commit constraints.lock"
NAME = "adapting-llms"


def pins(text: str) -> dict[str, set[str]]:
    """name -> its pinned versions: several where systems or Pythons differ. Raises ValueError for a loose line."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line := line.split("#")[0].strip():
            one = Requirement(line)
            (pin,) = one.specifier
            if pin.operator != "==" or one.url or one.extras:
                raise ValueError(line)
            found.setdefault(canonicalize_name(one.name), set()).add(pin.version)
    return found


def direct() -> set[str]:
    """What pyproject.toml asks for itself, with the extra `test` and the extras in it; not vLLM, which has its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    asked = ["test"]
    for extra in asked:  # it grows on the way
        more = [Requirement(line) for line in extras[extra]]
        asked += {name for one in more if one.name == NAME for name in one.extras} - set(asked)
        wanted += more
    return {canonicalize_name(one.name) for one in wanted} - {NAME}


def installed_for(name: str, extras: set[str], seen: dict[tuple[str, str], None]) -> None:
    """Fill `seen` with (name, extra) of everything that `name` brings into this environment."""
    for line in importlib.metadata.requires(name) or ():
        one = Requirement(line)
        if one.marker and not any(one.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        fresh = {(canonicalize_name(one.name), extra) for extra in one.extras | {""}} - seen.keys()
        seen.update(dict.fromkeys(fresh))
        if fresh:
            installed_for(one.name, set(one.extras), seen)


def test_lock_and_constraints_agree() -> None:
    lock, constraints = pins(LOCK.read_text()), pins(CONSTRAINTS.read_text())
    other = {name: lock.get(name) for name, version in constraints.items() if lock.get(name) != version}
    assert not other, f"constraints.txt and the lock differ in {other}: {AGAIN}"


def test_every_direct_dependency_is_in_both() -> None:
    names = direct()
    assert {"torch", "nbgrader", "pytest", "distributed", "psycopg"} <= names
    assert names - pins(CONSTRAINTS.read_text()).keys() == set(), "pin it in constraints.txt"
    assert names - pins(LOCK.read_text()).keys() == set(), AGAIN


def test_all_that_comes_along_is_locked() -> None:
    seen: dict[tuple[str, str], None] = {}
    installed_for(NAME, {"test"}, seen)
    names = {name for name, _ in seen} - {NAME}
    assert {"jupyterlab", "pyzmq", "fsspec"} <= names
    assert names - pins(LOCK.read_text()).keys() == set(), AGAIN


def test_the_lock_names_no_host_and_no_folder() -> None:
    assert re.findall(r"\S*(?:/|://|--|@)\S*", LOCK.read_text()) == []


@pytest.mark.parametrize(
    "line", ["torch>=2", "torch", "torch==2.1,!=2.2", "torch @ file:///torch.whl", "psycopg[binary]==3"]
)
def test_a_loose_line_is_noticed(line: str) -> None:
    with pytest.raises(ValueError, match=r"torch|psycopg|unpack"):
        pins(f"numpy==2.0\n{line}  # via nobody\n")
