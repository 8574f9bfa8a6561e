"""Notebooks as they really come: what other programs leave out, break or write otherwise is put right while reading.

Works on the parsed JSON, before nbformat sees it. No text that somebody wrote is lost.
"""

from __future__ import annotations

import json
import re
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")  # half of a character above U+FFFF: no file can hold it
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MAPPINGS = ("nbgrader", "course", "jupyter")  # metadata of a cell that are read as mappings
_DEEPEST = 100  # lists and objects in each other; many more would end whoever copies them


def parse(data: bytes) -> tuple[dict[str, Any], list[str]]:
    """(a notebook's JSON as nbformat may read it, what was put right: a sentence each).

    Raises ValueError for what is no notebook, RecursionError for JSON that nobody can parse.
    """
    mender = _Mender()
    return mender.read(data), list(mender.said)


class _Mender:
    def __init__(self) -> None:
        self.said: dict[str, None] = {}

    def _say(self, sentence: str) -> None:
        self.said[sentence] = None

    def read(self, data: bytes) -> dict[str, Any]:
        encoding = json.detect_encoding(data)
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            text = data.decode(encoding, "replace")
            self._say(f"some bytes are no {encoding.upper()}: each became \ufffd")
        raw = self._cleaned(json.loads(text), 0)
        if not isinstance(raw, dict):
            raise ValueError("it is a list or a value, not a notebook")
        self._mend_notebook(raw)
        return raw

    def _cleaned(self, value: Any, depth: int) -> Any:
        """The same without halves of characters, and no deeper than can be copied."""
        if isinstance(value, str):
            if _HALF.search(value):
                self._say("half of a character (of an emoji?) became \ufffd")
                return whole(value)
            return value
        if isinstance(value, list | dict) and depth > _DEEPEST:
            self._say(f"what lies more than {_DEEPEST} levels deep was left out")
            return None
        if isinstance(value, list):
            return [self._cleaned(one, depth + 1) for one in value]
        if isinstance(value, dict):
            return {self._cleaned(key, 0): self._cleaned(one, depth + 1) for key, one in value.items()}
        return value

    def _mend_notebook(self, nb: dict[str, Any]) -> None:
        if not isinstance(nb.get("metadata"), dict):
            nb["metadata"] = {}
        for name in ("kernelspec", "language_info"):
            if not isinstance(nb["metadata"].get(name, {}), dict):
                del nb["metadata"][name]
        sheets = nb.get("worksheets")
        if isinstance(nb.get("cells"), list):
            # A later format than nbformat knows still has its cells where they were.
            nb["nbformat"], minor = 4, nb.get("nbformat_minor")
            nb["nbformat_minor"] = minor if type(minor) is int and 0 <= minor <= 5 else 5
            nb.pop("worksheets", None)
            nb["cells"] = self._mended_cells(nb["cells"])
        elif isinstance(sheets, list) and all(
            isinstance(sheet, dict) and isinstance(sheet.get("cells"), list) for sheet in sheets
        ):
            for sheet in sheets:
                sheet["cells"] = self._mended_cells(sheet["cells"], old=True)
        else:
            raise ValueError("it has no list of cells")

    def _mended_cells(self, cells: list[Any], old: bool = False) -> list[dict[str, Any]]:
        good = [cell for cell in cells if isinstance(cell, dict)]
        if len(good) < len(cells):
            self._say("what is no cell was left out")
        ids: set[str] = set()
        for number, cell in enumerate(good, 1):
            self._mend_cell(cell, number, old)
            given = cell.get("id")
            if not isinstance(given, str) or not _ID.fullmatch(given) or given in ids:
                cell.pop("id", None)  # nbformat makes a new one
            else:
                ids.add(given)
        return good

    def _mend_cell(self, cell: dict[str, Any], number: int, old: bool) -> None:
        """One cell. old: as before format 4, in which code stands under another name and headings are cells."""
        source = "input" if old and cell.get("cell_type") == "code" else "source"
        text = cell.get(source)
        if isinstance(text, list):
            text = "".join(part for part in text if isinstance(part, str))
        elif not isinstance(text, str):
            self._say(f"cell {number} has no text, but {json.dumps(text)[:40]}")
            text = "" if text is None else json.dumps(text)
        cell[source] = text
        kind = cell.get("cell_type")
        if kind == "heading":
            level = cell.pop("level", 1)
            cell["source"] = "#" * (level if type(level) is int and 1 <= level <= 6 else 1) + f" {text}"
            cell["cell_type"] = "markdown"
            self._say(f"cell {number} is a heading of an old format: it became Markdown")
        elif kind not in ("code", "markdown", "raw") and not (old and kind == "html"):
            cell["cell_type"] = "raw"
            self._say(f"cell {number} is of the unknown kind {str(kind)[:40]!r}: it counts as raw text")
        self._mend_metadata(cell, number)
        if cell["cell_type"] == "code":
            outputs = cell.get("outputs")
            cell["outputs"] = (
                [one for one in outputs if _is_output(one, old)] if isinstance(outputs, list) else []
            )
            count = "prompt_number" if old else "execution_count"
            if type(cell.get(count)) is not int:
                cell[count] = None
        else:
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
        if not isinstance(cell.get("attachments", {}), dict):
            del cell["attachments"]

    def _mend_metadata(self, cell: dict[str, Any], number: int) -> None:
        facts = cell.get("metadata")
        if not isinstance(facts, dict):
            facts = cell["metadata"] = {}
        for name in _MAPPINGS:
            if name in facts and not isinstance(facts[name], dict):
                del facts[name]
        if "tags" in facts:
            tags = facts["tags"] if isinstance(facts["tags"], list) else []
            facts["tags"] = [tag for tag in tags if isinstance(tag, str)]
            if facts["tags"] != tags:
                self._say(f"cell {number} has tags that are no words: they were left out")


def whole(text: str) -> str:
    """`text` with each half of a character replaced by U+FFFD: so it can be written to files and databases."""
    return _HALF.sub("\ufffd", text)


def whole_json(value: Any) -> Any:
    """The same for all texts in lists and mappings."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [whole_json(one) for one in value]
    if isinstance(value, dict):
        return type(value)({whole(key): whole_json(one) for key, one in value.items()})
    return value


def pack(message: Any) -> bytes:
    """A kernel's message as it is sent: Jupyter's own packer fails on half of a character, and the message is lost."""
    from jupyter_client.session import json_packer

    try:
        return json_packer(message)
    except UnicodeEncodeError:
        return json_packer(whole_json(message))


def _is_output(output: Any, old: bool) -> bool:
    """Whether an output has what readers of outputs rely on; one without is not shown."""
    if not isinstance(output, dict):
        return False
    kind = output.get("output_type")
    if old:
        return kind in ("stream", "display_data", "pyout", "pyerr")
    if kind == "stream":
        if not isinstance(output.get("name"), str):
            output["name"] = "stdout"
        return _is_text(output.get("text"))
    if kind == "error":
        output.setdefault("traceback", [])
        return _is_text(output["traceback"]) and all(_is_text(output.get(key)) for key in ("ename", "evalue"))
    if kind not in ("display_data", "execute_result"):
        return False
    if not isinstance(output.get("metadata"), dict):
        output["metadata"] = {}
    if kind == "execute_result":
        output.setdefault("execution_count", None)
    data = output.get("data")
    if isinstance(data, dict):
        output["data"] = {kind: one for kind, one in data.items() if _is_text(one) or kind.endswith("json")}
    return isinstance(data, dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
