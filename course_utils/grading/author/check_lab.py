"""All that is asked of a lab, in one list: `course check-lab`.

Each rule has its home in a module beside this one; here they are put in order, the quick ones first. The tests in
tests/notebooks, tests/mutants and tests/unit call the same functions for every lab.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from course_utils import readme, slides
from course_utils.course import Lab
from course_utils.errors import CourseError
from course_utils.grading import notebook as nbk
from course_utils.grading.author import catalogue, setup_cell, verify
from course_utils.grading.author.agreement import agreement_complaints, last_run_complaints
from course_utils.grading.author.complaint import Complaint, unwritten
from course_utils.grading.author.decks import deck_complaints, page_complaints
from course_utils.grading.author.headings import heading_complaints
from course_utils.grading.author.lint import lint, lint_release, uncompiled
from course_utils.grading.author.release import FOR_ASSISTANTS, asked_of_assistants, generate
from course_utils.grading.author.released import has_work
from course_utils.grading.author.seeds import run_seeds
from course_utils.grading.author.untouched import run_untouched
from course_utils.grading.paths import CoursePaths


@dataclass(frozen=True)
class CheckedLab:
    """A lab and the folder of the course that it lies in."""

    lab: Lab
    root: Path

    @property
    def paths(self) -> CoursePaths:
        return CoursePaths(self.root)

    @property
    def source(self) -> Path:
        return self.paths.lab(self.lab.name).source

    @property
    def released(self) -> Path:
        return self.paths.lab(self.lab.name).released

    @cached_property
    def deck(self) -> slides.Composed:
        """The lab's deck, drawn once. Raises CourseError."""
        return slides.compose(self.lab.name)


Look = Callable[[CheckedLab], Iterable[Complaint]]


# The quick ones


def look_at_source(files: CheckedLab) -> list[Complaint]:
    """The rules of lint, headings that say the facts, nothing left to write."""
    nb = nbk.read(files.source)
    found = lint(nb, files.lab)
    for cell in nb.cells:
        found += unwritten(nbk.label(nb, cell), cell.source)
    return found + list(heading_complaints(nb, files.lab))


def look_at_last_run(files: CheckedLab) -> list[Complaint]:
    return last_run_complaints(nbk.read(files.source), files.lab)


def look_at_catalogues(files: CheckedLab) -> list[Complaint]:
    """A catalogue for each exercise, long enough, nothing left to write."""
    lacking = verify.lacking(nbk.read(files.source), files.root, files.lab.name)
    found = [_complaint(item) for item in lacking]
    for path in sorted((files.root / catalogue.FOLDER / files.lab.name).glob("*.py")):
        found += unwritten(str(path.relative_to(files.root)), path.read_text(encoding="utf-8"))
    return found


def look_at_deck(files: CheckedLab) -> list[Complaint]:
    return deck_complaints(files.lab, nbk.read(files.source), lambda name: files.deck)


def look_at_readme(files: CheckedLab) -> list[Complaint]:
    """The tables of labs in README and docs/ are made from course.toml, the notebooks and the recorded results."""
    found = []
    for page in readme.pages(files.root):
        text = page.read_text(encoding="utf-8")
        if text != readme.render(text, page.name):
            place = str(page.relative_to(files.root))
            found.append(
                Complaint(place, "has numbers that are out of date.", "Write them anew: `make readme`.")
            )
    return found


def look_at_release(files: CheckedLab) -> list[Complaint]:
    """What a release makes: the source's setup cell, and labs/, which gives nothing away."""
    number = files.lab.number
    if not files.released.is_file():
        place = str(files.released.relative_to(files.root))
        return [Complaint(place, "is missing.", f"Make it: `course release {number}`.")]
    source = nbk.read(files.source)
    found = lint_release(source, nbk.read(files.released))
    if setup_cell.fill(source):
        what = (
            "has another text than every lab outside its imports and what follows `profile = get_profile()`."
        )
        cure = f"`course release {number}` writes it anew; author/setup_cell.py holds it."
        found.append(Complaint("The setup cell", what, cure))
    if has_work(files.released):
        what = "holds work that is not of the release."
        found.append(Complaint(str(files.released.relative_to(files.root)), what, "Move it elsewhere."))
    files.paths.private.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=files.paths.private) as folder:
        made = generate(files.lab.name, files.paths, Path(folder))
        for name in differences(made.parent, files.released.parent):
            place = str((files.released.parent / name).relative_to(files.root))
            cure = f"Release the lab again: `course release {number}`."
            found.append(Complaint(place, "is not what its source makes.", cure))
    asked = files.paths.labs / FOR_ASSISTANTS
    if not asked.is_file() or asked.read_text(encoding="utf-8") != asked_of_assistants():
        cure = f"`course release {number}` writes it anew; author/assistants.md holds it."
        found.append(
            Complaint(str(asked.relative_to(files.root)), "is not what coding assistants are asked.", cure)
        )
    return found


def differences(made: Path, committed: Path) -> list[str]:
    """Names of files that are not the same in two folders; Jupyter's checkpoints do not count."""
    return sorted(
        str(name)
        for name in _files(made) | _files(committed)
        if not ((made / name).is_file() and (committed / name).is_file())
        or (made / name).read_bytes() != (committed / name).read_bytes()
    )


def _files(folder: Path) -> set[Path]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in found if ".ipynb_checkpoints" not in path.parts}


# Those that run something


def look_at_page(files: CheckedLab) -> list[Complaint]:
    return page_complaints(files.lab.name, lambda name: files.deck)


def look_at_tests(files: CheckedLab) -> list[Complaint]:
    """Wrong answers are refused with the right message, right ones accepted."""
    known = verify.lacking(nbk.read(files.source), files.root, files.lab.name)
    matrix = verify.verify_tests(files.lab, root=files.root, visible=False)
    return [_complaint(item) for item in matrix.problems if item not in known]


def look_at_seeds(files: CheckedLab) -> list[Complaint]:
    cure = "Seed what the cell draws, or widen what it accepts with a reason."
    return [Complaint(sentence, "", cure) for sentence in run_seeds(nbk.read(files.source))]


def look_at_untouched(files: CheckedLab) -> list[Complaint]:
    """The released lab waits for the student, and for nothing else."""
    if not files.released.is_file():
        return []  # look_at_release says so
    return [
        Complaint("The released lab:", sentence)
        for sentence in run_untouched(nbk.read(files.released), files.released.parent)
    ]


def look_at_outputs(files: CheckedLab) -> list[Complaint]:
    return agreement_complaints(files.source, files.root, 10 * files.lab.grading_seconds)


def _complaint(item: verify.Mismatch) -> Complaint:
    at = f" ({item.place})" if item.place else ""
    what = f"is not as intended: wanted {item.wanted}, came {item.came}."
    return Complaint(f"{item.exercise}, {item.what}{at}", what, "Mend the test, not the catalogue.")


# All together

SOURCES: dict[str, Look] = {
    "source notebook": look_at_source,
    "its last run": look_at_last_run,
    "catalogues": look_at_catalogues,
    "deck": look_at_deck,
    "README": look_at_readme,
}
QUICK: dict[str, Look] = {**SOURCES, "labs/": look_at_release}
SLOW: dict[str, Look] = {
    "built deck": look_at_page,
    "tests against known answers": look_at_tests,
    "twenty seeds": look_at_seeds,
    "untouched lab": look_at_untouched,
    "a new run": look_at_outputs,
}


def check_lab(
    lab: Lab, root: Path, quick: bool = False, begin: Callable[[str], None] = lambda step: None
) -> list[Complaint]:
    """Everything that is wrong with a lab, found by quick checks first; `quick` leaves it at those.

    begin: told each step's name before it starts. Where a cell does not compile, that is the only complaint:
    all other checks read or run the code. Raises CourseError if there is no source notebook.
    """
    files = CheckedLab(lab, root)
    if broken := uncompiled(nbk.read(files.source)):
        return broken
    steps = QUICK if quick else QUICK | SLOW
    found: list[Complaint] = []
    for name, look in steps.items():
        begin(name)
        found += _looked(name, look, files)
    return found


def refuse(lab: Lab, root: Path) -> None:
    """Raise CourseError with all that the quick checks find wrong, but for labs/ itself: a release makes that."""
    files = CheckedLab(lab, root)
    found = uncompiled(nbk.read(files.source)) or [
        complaint for name, look in SOURCES.items() for complaint in _looked(name, look, files)
    ]
    if found:
        listed = "".join(f"\n  - {complaint}" for complaint in found)
        raise CourseError(f"{lab.name} cannot be released until this is mended:{listed}")


def _looked(name: str, look: Look, files: CheckedLab) -> list[Complaint]:
    try:
        return list(look(files))
    except CourseError as error:
        return [Complaint(f"{name}:", str(error))]


def show_check(lab: Lab, root: Path, console: Console, quick: bool = False) -> bool:
    """Check a lab, show which step is running and then one list; whether nothing is wrong."""
    start = time.perf_counter()
    with console.status(f"{lab.name}: …") as status:
        found = check_lab(lab, root, quick, lambda step: status.update(f"{lab.name}: {step}"))
    for complaint in found:
        console.print(f"[bold red]{escape(complaint.place)}[/] {escape(complaint.what)}", highlight=False)
        if complaint.cure:
            console.print(f"  {escape(complaint.cure)}", highlight=False)
    verdict = f"[red]{len(found)} to mend[/]" if found else "[green]all in order[/]"
    console.print(f"{lab.name}: {verdict} in {time.perf_counter() - start:.0f} s")
    return not found
