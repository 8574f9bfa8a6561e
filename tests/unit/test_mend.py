"""Notebooks that other programs broke are read, and what was put right is said."""

from __future__ import annotations

import json

import nbformat
import pytest

from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk

HALF = "\ud83d"
TEXT = "x = 1"


def cell(**facts) -> dict:
    whole = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": TEXT,
        "outputs": [],
        "execution_count": None,
    }
    return whole | facts


def notebook(*cells: dict, **facts) -> dict:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)} | facts


def old(*cells: dict) -> dict:
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": list(cells)}]}


def read(tmp_path, content: dict | bytes, encoding: str = "utf-8"):
    path = tmp_path / "lab.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode(encoding))
    return nbk.read(path)


def stream(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(tmp_path, encoding):
    nb = read(tmp_path, json.dumps(notebook(cell(source="é 😀")), ensure_ascii=False).encode(encoding))
    assert nb.cells[0].source == "é 😀"
    assert nbk.mended(nb) == []


MENDED = {
    "half in a source": (notebook(cell(source=f"{TEXT} # {HALF}")), "half of a character"),
    "half in an output": (notebook(cell(outputs=[stream(HALF)])), "half of a character"),
    "half in a tag": (notebook(cell(metadata={"tags": [HALF], HALF: {HALF: HALF}})), "half of a character"),
    "half in an id": (notebook(cell(id=HALF)), "half of a character"),
    "half in the metadata": (notebook(cell(), metadata={HALF: HALF}), "half of a character"),
    "no UTF-8": (
        json.dumps(notebook(cell(source=TEXT + " # é")), ensure_ascii=False).encode("latin-1"),
        "no UTF-8",
    ),
    "source null": (notebook(cell(), cell(source=None)), "cell 2 has no text, but null"),
    "source a number": (notebook(cell(), cell(source=3)), "cell 2 has no text, but 3"),
    "heading": (notebook(cell(), {"cell_type": "heading", "level": 2, "source": "H"}), "cell 2 is a heading"),
    "heading without level": (
        old(cell(input=TEXT), {"cell_type": "heading", "level": None}),
        "cell 2 is a heading",
    ),
    "unknown kind": (notebook(cell(), {"cell_type": "sql", "source": "select"}), "unknown kind 'sql'"),
    "no cell": (notebook(cell(), None, 3), "what is no cell was left out"),
    "tags of numbers": (notebook(cell(metadata={"tags": [1, "a"]})), "tags that are no words"),
    "endless metadata": (
        notebook(cell(), metadata=json.loads('{"a":' * 150 + "1" + "}" * 150)),
        "100 levels deep",
    ),
}
SILENT = {
    "metadata null": notebook(cell(metadata=None), metadata=None),
    "tags null": notebook(cell(metadata={"tags": None, "nbgrader": None, "course": 3, "jupyter": []})),
    "no outputs": notebook({"cell_type": "code", "source": TEXT}),
    "outputs null": notebook(cell(outputs=None, execution_count="3")),
    "odd outputs": notebook(
        cell(
            outputs=[
                None,
                {"output_type": "stream"},
                {"output_type": "error", "ename": "E", "evalue": None},
                {"output_type": "error", "ename": "E", "evalue": "e"},
                {"output_type": "execute_result", "data": {"text/plain": None}},
                {"output_type": "unknown"},
            ]
        )
    ),
    "ids": notebook(
        cell(id="a b"), cell(id=3), cell(id="x" * 99), cell(id=""), cell(id=None), cell(), cell()
    ),
    "attachments null": notebook(
        cell(), {"cell_type": "markdown", "source": "x", "attachments": None, "outputs": []}
    ),
    "a later format": notebook(cell(), nbformat=5),
    "format as text": notebook(cell(), nbformat="4", nbformat_minor=None),
    "no format": {"cells": [cell()]},
    "no kernel": notebook(cell(), metadata={"kernelspec": None, "language_info": 3}),
    "format 3": old(
        {"cell_type": "code", "input": ["x =", " 1"], "outputs": [{"output_type": "pyout", "text": "1"}]}
    ),
    "format 3, odd outputs": old(
        {"cell_type": "code", "input": TEXT, "outputs": [{}, {"output_type": "x"}, None]}
    ),
    "format 2": {
        "nbformat": 2,
        "worksheets": [{"cells": [{"cell_type": "code", "input": TEXT, "outputs": []}]}],
    },
}


@pytest.mark.parametrize(("content", "says"), MENDED.values(), ids=MENDED)
def test_what_is_put_right_is_said(tmp_path, content, says):
    nb = read(tmp_path, content)
    assert nb.cells[0].source.startswith(TEXT)
    assert says in "; ".join(nbk.mended(nb))
    assert_can_be_written(nb)


@pytest.mark.parametrize("content", SILENT.values(), ids=SILENT)
def test_gaps_are_filled(tmp_path, content):
    nb = read(tmp_path, content)
    assert nb.cells[0].source == TEXT
    assert nbk.mended(nb) == []
    assert_can_be_written(nb)


def assert_can_be_written(nb) -> None:
    nbformat.validate(nb)
    nbformat.writes(nb).encode()
    assert not any(nbk.is_marked(each) or nbk.is_setup(each) or nbk.is_folded(each) for each in nb.cells)


def test_a_student_cannot_say_what_was_put_right(tmp_path):
    assert nbk.mended(read(tmp_path, notebook(cell(), metadata={"course_mended": ["all is well"]}))) == []


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"[" * 9999, b"[]", b"null", b'{"cells": 3}', b'{"worksheets": [3]}']
)
def test_what_is_no_notebook_is_a_sentence(tmp_path, content):
    with pytest.raises(CourseError, match=r"lab\.ipynb is not a notebook .* Save it again"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "source", ["a\0b", "x = " + "-" * 50_000 + "1", "x = " + "(" * 3_000, "a" + ".c" * 50_000]
)
def test_code_that_python_cannot_read_has_no_names(source):
    assert (
        nbk.names_or_none(nbk.exported_names, source)
        == nbk.names_or_none(nbk.free_names, source)
        == frozenset()
    )
