"""Grade the same submissions with stock `nbgrader autograde` and with ours, sandbox and trusted tests on.

Stock takes long, so it gets the first few submissions and its time for all is worked out: what one costs, times
the others. --all gives it every one. Ours grades them all, and the import of its libraries counts. CPU time is of
all processes together, so that a busy machine changes it little.

    python tests/bench/bench_grading.py [--students 100] [--stock 8 | --all] [--jobs N] [--lab 01_sft_masking] [--save]

Exits with 1 if a score is wrong, or a target of the small lab is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import small_class
from cpu_time import account, timed

from course_utils import results
from course_utils.grading.book.records import load_records
from course_utils.grading.paths import CoursePaths

THROUGHPUT, OVERHEAD = 10.0, 1.0  # times stock's; seconds a submission over the student's own cells

STOCK_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "bench"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
c.ExecutePreprocessor.timeout = 300
"""

OURS = """\
import json, sys, time
from pathlib import Path
from course_utils.grading.paths import CoursePaths
from course_utils.grading.run.grade_class import grade_class

if __name__ == "__main__":
    root, lab, jobs, counter = sys.argv[1:]
    marks = []

    def mark(done, count, result):
        used = None
        if counter:
            sys.path.insert(0, {here!r})
            from cpu_time import Account
            used = Account(Path(counter)).seconds()
        marks.append((time.perf_counter() - began, used))

    began = time.perf_counter()
    grade_class(lab, CoursePaths(root=root), jobs=int(jobs), progress=mark)
    print(json.dumps(marks))
"""

# The student's own cells, run one after the other in a process that has the libraries already.
OWN = """\
import importlib, json, os, resource, sys, time
from course_utils.grading import notebook as nbk
from course_utils.grading.sandbox import warm

root, lab, *students = sys.argv[1:]
for name in warm.imports_of(nbk.read(root + "/solutions/" + lab + "/" + lab + ".ipynb")):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
os.environ["COURSE_GRADING"] = "1"
os.environ["MPLBACKEND"] = "agg"
wall = 0.0
for student in students:
    nb = nbk.read("/".join((root, "submitted", student, lab, lab + ".ipynb")))
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        names = {"__name__": "__main__"}
        for cell in nb.cells:
            if cell.cell_type == "code" and not nbk.is_test(cell):
                lines = [line for line in cell.source.split(chr(10)) if not line.startswith(("%", "!"))]
                try:
                    exec(compile(chr(10).join(lines), "<cell>", "exec"), names)
                except Exception:
                    pass
        os._exit(0)
    os.waitpid(child, 0)
    wall += time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([wall / len(students), (used.ru_utime + used.ru_stime) / len(students)]))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--stock", type=int, default=8, help="submissions that stock nbgrader grades")
    parser.add_argument("--all", action="store_true", help="stock nbgrader grades every one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--lab", help="a lab of the course instead of the small one made for this")
    parser.add_argument("--save", action="store_true", help="write results/grading.json")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ.pop("JPY_PARENT_PID", None)
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        root = Path(folder)
        if options.lab:
            lab, expected = options.lab, {}
            hand_in_solutions(root / "course", lab, options.students)
        else:
            lab = small_class.LAB
            small_class.make_class(root / "course", options.students)
            expected = {f"student{n:04}": small_class.expected_score(n) for n in range(options.students)}
        row = measure(root, lab, options, expected)
    show(row)
    if options.save:
        save(row)
    if options.lab:
        return 0
    return int(row["throughput_ratio"] < THROUGHPUT or (row["overhead_cpu_seconds"] or 0.0) > OVERHEAD)


def hand_in_solutions(root: Path, lab: str, students: int) -> None:
    """A class that hands in a lab's solution."""
    source = Path(__file__).resolve().parents[2] / "solutions" / lab
    shutil.copytree(source, root / "solutions" / lab)
    for number in range(students):
        shutil.copytree(source, root / "submitted" / f"student{number:04}" / lab)


def measure(root: Path, lab: str, options: argparse.Namespace, expected: dict[str, float]) -> dict:
    course = root / "course"
    students = sorted(path.name for path in (course / "submitted").iterdir())
    few = options.students if options.all else min(options.stock, options.students)
    print(f"{lab}: {len(students)} submissions, {options.jobs} at a time; stock gets {few}", flush=True)
    once = stock(root / "stock1", course, lab, students[:1])
    many = stock(root / "stock", course, lab, students[:few])
    each = [(b - a) / (few - 1) if None not in (a, b) else None for a, b in zip(once, many, strict=True)]
    whole = [
        a + each_one * (len(students) - 1) if each_one else None
        for a, each_one in zip(once, each, strict=True)
    ]
    marks, wall, cpu = ours(course, lab, options.jobs)
    check(course, lab, expected)
    argv = [sys.executable, "-c", OWN, str(course), lab, *students[:8]]
    own_wall, own_cpu = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    # What a submission costs is taken from the first finished one to the last: before is the warm-up.
    (first_wall, first_cpu), (last_wall, last_cpu) = marks[0], marks[-1]
    count = len(students) - 1
    per_wall = (last_wall - first_wall) / count
    per_cpu = (last_cpu - first_cpu) / count if last_cpu is not None else None
    return {
        "lab": lab,
        "students": len(students),
        "jobs": options.jobs,
        "stock_students": few,
        "stock_seconds_each": each[0],
        "stock_cpu_seconds_each": each[1],
        "stock_seconds": whole[0],
        "stock_cpu_seconds": whole[1],
        "seconds": wall,
        "cpu_seconds": cpu,
        "warm_up_seconds": first_wall,
        "warm_up_cpu_seconds": first_cpu,
        "seconds_each": per_wall,
        "cpu_seconds_each": per_cpu,
        "own_cells_seconds": own_wall,
        "own_cells_cpu_seconds": own_cpu,
        "overhead_seconds": per_wall * options.jobs - own_wall,
        "overhead_cpu_seconds": per_cpu - own_cpu if per_cpu is not None else None,
        "throughput_ratio": whole[0] / wall,
        "cpu_ratio": whole[1] / cpu if cpu else None,
    }


def stock(root: Path, course: Path, lab: str, students: list[str]) -> tuple[float, float | None]:
    """(wall, CPU seconds) of `nbgrader autograde` on these, its gradebook made beforehand."""
    shutil.copytree(course / "solutions", root / "solutions")
    for student in students:
        shutil.copytree(course / "submitted" / student, root / "submitted" / student)
    (root / "nbgrader_config.py").write_text(STOCK_CONFIG)
    nbgrader = [sys.executable, "-m", "nbgrader"]
    timed([*nbgrader, "generate_assignment", lab, "--create"], cwd=root)
    used = timed([*nbgrader, "autograde", lab], cwd=root)
    graded = len(list((root / "autograded").glob(f"*/{lab}/{lab}.ipynb")))
    if graded != len(students):
        raise RuntimeError(f"stock nbgrader graded {graded} of {len(students)}")
    return used


def ours(course: Path, lab: str, jobs: int) -> tuple[list[tuple[float, float | None]], float, float | None]:
    """((time, CPU) when each was done, wall, CPU) of grading the class."""
    script = course / "grade.py"
    script.write_text(OURS.replace("{here!r}", repr(str(Path(__file__).parent))))
    with account() as used:
        argv = [sys.executable, str(script), str(course), lab, str(jobs), str(used.folder or "")]
        began = time.perf_counter()
        done = subprocess.run(used.command(argv), capture_output=True, text=True)
        wall = time.perf_counter() - began
        if done.returncode:
            raise RuntimeError(done.stderr[-4000:])
        return json.loads(done.stdout.splitlines()[-1]), wall, used.seconds()


def check(course: Path, lab: str, expected: dict[str, float]) -> None:
    found = {one.student: one for one in load_records(lab, CoursePaths(root=course))}
    for student, one in found.items():
        tests = sum(cell.max_points for cell in one.cells if cell.state != "manual")
        if one.score != expected.get(student, tests):
            raise RuntimeError(f"{student} has {one.score}, not {expected.get(student, tests)}: {one.flags}")
    missing = set(expected) - set(found)
    if missing:
        raise RuntimeError(f"not graded: {sorted(missing)}")


def show(row: dict) -> None:
    def line(what: str, wall: float, cpu: float | None) -> None:
        print(f"  {what:<44} {wall:8.2f} s  {f'{cpu:8.2f} s CPU' if cpu is not None else ''}")

    worked_out = (
        "" if row["stock_students"] == row["students"] else f", worked out from {row['stock_students']}"
    )
    line(f"stock nbgrader, {row['students']}{worked_out}", row["stock_seconds"], row["stock_cpu_seconds"])
    line("  each after the first", row["stock_seconds_each"], row["stock_cpu_seconds_each"])
    line(f"ours, {row['students']}, warm-up counted", row["seconds"], row["cpu_seconds"])
    line("  until the first is done", row["warm_up_seconds"], row["warm_up_cpu_seconds"])
    line("  each after the first", row["seconds_each"], row["cpu_seconds_each"])
    line("  of that the student's own cells", row["own_cells_seconds"], row["own_cells_cpu_seconds"])
    line(f"  over that, {row['jobs']} at a time", row["overhead_seconds"], row["overhead_cpu_seconds"])
    ratio = f"{row['cpu_ratio']:.1f} times less CPU time" if row["cpu_ratio"] else ""
    print(f"  throughput {row['throughput_ratio']:.1f} times stock's (target {THROUGHPUT:g}); {ratio}")


def save(row: dict) -> None:
    """Add the row to results/grading.json, in the place of an older one of this lab."""
    try:
        kept = results.load("grading")
    except results.CourseError:
        kept = {}
    rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}
    rows = [one for one in kept.get("labs", []) if one["lab"] != row["lab"]]
    results.save("grading", {**kept, "labs": [*rows, rounded], "machine": machine()})


def machine() -> str:
    """The machine in one line."""
    model = platform.processor() or platform.machine()
    for text in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if text.startswith("model name"):
            model = text.partition(": ")[2]
            break
    system = f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores of {model}, {system}"


if __name__ == "__main__":
    sys.exit(main())
