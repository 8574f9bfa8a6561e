"""`course demo`, for real: release, eight submissions, the sandbox, feedback and report.

The demo itself knows which points each sample must get and fails when grading disagrees.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COURSE = [sys.executable, "-m", "course_utils.cli", "demo"]


def demo(folder: Path) -> str:
    done = subprocess.run(
        COURSE,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1800,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_sample_class_gets_its_points_and_a_second_run_grades_nothing_again(tmp_path):
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions")
    shutil.copytree(ROOT / "tests" / "mutants", tmp_path / "tests" / "mutants")

    said = demo(tmp_path)
    records = sorted((tmp_path / "demo" / "autograded").glob("*/*/result.json"))
    assert len(records) >= 8
    assert all(record.parts[-3] in said for record in records)
    before = {record: json.loads(record.read_text()) for record in records}
    scores = sorted(result["score"] for result in before.values())
    assert scores[0] == 0
    first = before[records[0]]
    written = sum(cell["max_points"] for cell in first["cells"] if cell["state"] == "manual")
    assert scores[-1] == first["max_score"] - written, "all but what a person grades"
    for record in records:
        student, lab = record.parts[-3:-1]
        assert (tmp_path / "demo" / "feedback" / student / lab / f"{lab}.html").is_file()
    assert (tmp_path / "demo" / "reports" / "01_sft_masking.html").is_file()

    assert demo(tmp_path).splitlines()[-5:] == said.splitlines()[-5:]
    assert {record: json.loads(record.read_text()) for record in records} == before
