"""The rooms of the package: who may import whom. A circle, or an import upwards, fails here with its path."""

from __future__ import annotations

import grimp
import pytest

# From top to bottom: a room imports from those below it. Rooms in one line do not know each other.
GRADING = [
    {"configure"},
    {"demo"},
    {"author"},
    {"run"},
    {"pages"},
    {"book", "sandbox"},
    {"config"},
    {"causes", "cells"},
    {"log", "notebook", "paths"},
    {"mend"},
]
# The package around it: commands and what Jupyter calls, then grading, then what README and decks are made with.
PACKAGE = [
    {"cli", "jupyter"},
    {"doctor"},
    {"grading"},
    {"readme"},
    {"slides"},
]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("course_utils", cache_dir=None)


def upward(graph: grimp.ImportGraph, layers: list[set[str]], container: str) -> list[str]:
    """Imports that go against `layers`, a sentence each."""
    wrong = graph.find_illegal_dependencies_for_layers(layers=layers, containers={container})
    return sorted(f"{one.importer} imports {one.imported} ({one})" for one in wrong)


def circles(graph: grimp.ImportGraph) -> list[set[str]]:
    """Groups of modules that import each other, directly or not."""
    below = {module: graph.find_upstream_modules(module) for module in graph.modules}
    found: list[set[str]] = []
    for module in sorted(graph.modules):
        group = {other for other in below[module] if module in below[other]} | {module}
        if len(group) > 1 and group not in found:
            found.append(group)
    return found


def test_no_module_imports_itself_by_a_detour(graph):
    assert circles(graph) == []


def test_rooms_of_grading_import_downwards(graph):
    assert upward(graph, GRADING, "course_utils.grading") == []


def test_every_room_of_grading_has_its_place(graph):
    known = {f"course_utils.grading.{name}" for layer in GRADING for name in layer}
    assert graph.find_children("course_utils.grading") == known


def test_labs_parts_of_the_package_know_nothing_of_grading(graph):
    """What a lab imports (data, models, checks, …) must not drag in the grader, nor hand it to a student."""
    assert upward(graph, PACKAGE, "course_utils") == []
    above = {f"course_utils.{name}" for layer in PACKAGE for name in layer}
    for child in graph.find_children("course_utils") - above:
        for module in {child, *graph.find_descendants(child)}:
            assert not {one for one in graph.find_upstream_modules(module) if "grading" in one}, module


def test_a_circle_and_an_import_upwards_are_found(graph):
    """The checks themselves, on the same graph with two imports that must not be."""
    spoilt = grimp.build_graph("course_utils", cache_dir=None)
    spoilt.add_import(importer="course_utils.grading.paths", imported="course_utils.grading.run.grade_class")
    assert any("course_utils.grading.paths" in group for group in circles(spoilt))
    assert any(
        "course_utils.grading.paths" in sentence
        for sentence in upward(spoilt, GRADING, "course_utils.grading")
    )
