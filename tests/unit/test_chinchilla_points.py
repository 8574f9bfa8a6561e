"""Where the published points come from, and that only the published file is taken for them."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest

from course_utils.data import chinchilla
from course_utils.errors import CourseError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty COURSE_DATA_DIR/chinchilla."""
    monkeypatch.setenv(chinchilla.DATA_VARIABLE, str(tmp_path))
    (tmp_path / "chinchilla").mkdir()
    return tmp_path / "chinchilla"


def test_the_published_points(real_data, monkeypatch) -> None:
    found = real_data("chinchilla", chinchilla.FILE)
    monkeypatch.setenv(chinchilla.DATA_VARIABLE, str(found.parent))
    points = chinchilla.load()
    assert sorted(points) == ["d", "loss", "n"]
    assert all(column.shape == (245,) for column in points.values())
    assert points["loss"].min() == pytest.approx(2.0773942)
    assert np.all(6 * points["n"] * points["d"] < 1.3e22)


def test_without_the_file_there_is_nothing(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(chinchilla, "urlopen", lambda *_, **__: pytest.fail("nobody asked for a download"))
    assert chinchilla.load() is None
    monkeypatch.delenv(chinchilla.DATA_VARIABLE)
    assert chinchilla.load() is None


def test_another_file_is_refused(folder: Path) -> None:
    (folder / chinchilla.FILE).write_text("Model Size,Training FLOP,loss\n1,2,3\n")
    with pytest.raises(CourseError, match="sha256"):
        chinchilla.load()


def test_a_download_is_verified(folder: Path, monkeypatch) -> None:
    asked = []

    def answer(url, timeout):
        asked.append(url)
        return io.BytesIO(b"something else")

    monkeypatch.setattr(chinchilla, "urlopen", answer)
    with pytest.raises(CourseError, match="sha256"):
        chinchilla.load(download=True)
    assert asked == [chinchilla.URL]


def test_no_connection_names_the_other_way(folder: Path, monkeypatch) -> None:
    def refuse(*_, **__):
        raise URLError("no route")

    monkeypatch.setattr(chinchilla, "urlopen", refuse)
    with pytest.raises(CourseError, match="COURSE_DATA_DIR"):
        chinchilla.load(download=True)
