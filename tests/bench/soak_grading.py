"""Grade a long class of a tiny lab and watch the grader: time by submission, memory, and what is left behind.

    python tests/bench/soak_grading.py [--students 1000] [--jobs N] [--save]

Exits with 1 if the later submissions cost more than the first, memory grows, or a process or file is left.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import small_class
from cpu_time import Account, account

from course_utils import results

# Later submissions may cost so many times the first ones; memory of a process may grow by so many MiB.
SLOWER, GROWTH_MB = 1.3, 40.0

GRADE = """\
import sys
sys.path.insert(0, {here!r})
import soak_grading

if __name__ == "__main__":
    soak_grading.grade(*sys.argv[1:])
"""


def soak(root: Path, students: int, jobs: int) -> dict:
    """Grade a class in a process of its own and return what was seen.

    marks: after each submission [wall, CPU seconds or None, resident MiB and open files of the grader's lasting
    processes]. wrong: students with another score than expected. left_files, left_processes: what is there
    afterwards and was not before.
    """
    paths = small_class.make_class(root / "course", students, heavy=False)
    temporary = root / "tmp"
    temporary.mkdir()
    script = root / "grade.py"
    script.write_text(GRADE.replace("{here!r}", repr(str(Path(__file__).parent))))
    with account() as used:
        argv = [sys.executable, str(script), str(paths.root), str(jobs), str(used.folder or "")]
        environment = {
            **os.environ,
            "TMPDIR": str(temporary),
            "OMP_NUM_THREADS": "1",
            "COURSE_SOAK": str(root),
        }
        done = subprocess.run(used.command(argv), env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-4000:])
        ended = time.monotonic()
        while (left := _of_this_run(str(root))) and time.monotonic() < ended + 15:
            time.sleep(0.1)
    seen = json.loads(done.stdout.splitlines()[-1])
    wrong = [
        student
        for number, (student, score) in enumerate(sorted(seen["scores"].items()))
        if score != small_class.expected_score(number, heavy=False)
    ]
    files = [str(path.relative_to(temporary)) for path in temporary.rglob("*")]
    # Of the course's own folder the log and the lock stay.
    files += [path.name for path in (paths.root / ".course").iterdir() if path.is_dir()]
    graded = len(seen["scores"])
    return {
        "marks": seen["marks"],
        "graded": graded,
        "wrong": wrong,
        "left_files": files,
        "left_processes": left,
    }


def grade(root: str, jobs: str, counter: str) -> None:
    """In the process of its own: grade, and print the marks and scores as JSON."""
    from course_utils.grading.paths import CoursePaths
    from course_utils.grading.run.grade_class import grade_class

    marks, began, used = [], time.perf_counter(), Account(Path(counter) if counter else None)
    me = psutil.Process()
    lasting: dict[int, psutil.Process] = {}

    def mark(done: int, count: int, result: object) -> None:
        if not lasting:  # this one, the server of workers, the template
            lasting.update((p.pid, p) for p in [me, *me.children()])
        memory = files = 0.0
        for process in lasting.values():
            memory += process.memory_info().rss / 2**20
            files += process.num_fds()
        marks.append([round(time.perf_counter() - began, 3), used.seconds(), round(memory, 1), int(files)])

    found = grade_class(small_class.LAB, CoursePaths(root=root), jobs=int(jobs), progress=mark)
    print(json.dumps({"marks": marks, "scores": {one.student: one.score for one in found}}))


def facts(seen: dict, jobs: int) -> dict:
    """The numbers to keep: cost of a submission in the first and the last fifth, memory, what was left."""
    marks = seen["marks"]
    fifth = max(1, (len(marks) - 1) // 5)
    column = 0 if marks[0][1] is None else 1
    first = (marks[fifth][column] - marks[0][column]) / fifth
    last = (marks[-1][column] - marks[-1 - fifth][column]) / fifth
    return {
        "students": len(marks),
        "jobs": jobs,
        "seconds": marks[-1][0],
        "cpu_seconds": marks[-1][1],
        "counted": "CPU seconds" if column else "wall seconds",
        "seconds_each_in_the_first_fifth": round(first, 4),
        "seconds_each_in_the_last_fifth": round(last, 4),
        "memory_mb_after_a_fifth": marks[fifth][2],
        "memory_mb_at_the_end": marks[-1][2],
        "open_files_after_a_fifth": marks[fifth][3],
        "open_files_at_the_end": marks[-1][3],
        "left_processes": len(seen["left_processes"]),
        "left_files": len(seen["left_files"]),
    }


def problems(seen: dict, kept: dict) -> list[str]:
    """What is not as it should be, a sentence each."""
    found = []
    if seen["wrong"]:
        found.append(f"wrong scores: {seen['wrong'][:5]}")
    if seen["graded"] != len(seen["marks"]):
        found.append(f"{seen['graded']} graded, {len(seen['marks'])} told")
    if kept["memory_mb_at_the_end"] - kept["memory_mb_after_a_fifth"] > GROWTH_MB:
        found.append(
            f"memory grew from {kept['memory_mb_after_a_fifth']} to {kept['memory_mb_at_the_end']} MiB"
        )
    if kept["open_files_at_the_end"] - kept["open_files_after_a_fifth"] > 4 * kept["jobs"]:
        found.append("open files grew")
    if seen["left_files"] or seen["left_processes"]:
        found.append(f"left behind: {seen['left_files'][:5]} {seen['left_processes'][:5]}")
    return found


def _of_this_run(mark: str) -> list[str]:
    """Command lines of processes that have the run's mark in their environment or arguments."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if process.pid != os.getpid() and (
                process.environ().get("COURSE_SOAK") == mark
                or any(mark in one for one in process.info["cmdline"] or [])
            ):
                found.append(" ".join(process.info["cmdline"] or [])[:100])
        except psutil.Error:
            continue
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--save", action="store_true", help="write results/grading.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        seen = soak(Path(folder), options.students, options.jobs)
    kept = facts(seen, options.jobs)
    for name, value in kept.items():
        print(f"  {name.replace('_', ' '):<34} {value}")
    bad = problems(seen, kept)
    if kept["seconds_each_in_the_last_fifth"] > SLOWER * kept["seconds_each_in_the_first_fifth"]:
        bad.append("later submissions cost more than the first")
    for sentence in bad:
        print(f"  NOT GOOD: {sentence}")
    if options.save and not bad:
        from bench_grading import machine

        try:
            old = results.load("grading")
        except results.CourseError:
            old = {}
        results.save("grading", {**old, "soak": kept, "machine": machine()})
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
