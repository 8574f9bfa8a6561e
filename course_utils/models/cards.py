"""What the cards of the embedded models share: the command that measures and writes, and where the numbers go."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_utils import results
from course_utils.models.embedded import WEIGHTS


def command(description: str | None, name: str) -> argparse.ArgumentParser:
    """The options that every card's command has. name: of the embedded model."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--weights", type=Path, default=WEIGHTS / name, help="folder of the model that is shipped"
    )
    parser.add_argument("--render", action="store_true", help="write the card again without measuring")
    return parser


def publish(
    name: str, folder: Path, render: Callable[[dict[str, Any]], str], measured: dict[str, Any] | None
) -> dict[str, Any]:
    """Record what was measured, if anything was, and write the card from what is recorded. Returns the latter."""
    if measured is not None:
        results.save(name, measured)
    data = results.load(name)
    (folder / "README.md").write_text(render(data), encoding="utf-8")
    return data
