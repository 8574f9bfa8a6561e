"""Collecting what was handed in as files and archives: nbgrader's zip_collect, with archives that cannot reach out.

Its two plug-ins are replaced through the configuration. An archive is unpacked file by file: only plain files
below the folder meant for them, within limits; no links, devices, absolute names or steps up. A student's id
must be a folder's name. What is refused is logged, and the rest goes on.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import Integer
from traitlets.config import Config

from course_utils.errors import CourseError
from course_utils.grading.run.handed_in import DEEPEST, everything_below

_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".gz")
_DEEPEST = 3  # archives in archives


def configure(config: Config) -> None:
    """Set the plug-ins in an nbgrader configuration; `autograde.configure` calls this."""
    config.ZipCollectApp.extractor_plugin = SafeExtractor
    config.ZipCollectApp.collector_plugin = SafeCollector


class SafeExtractor(ExtractorPlugin):
    """Unpacks the archives of a class. One that is broken or hostile costs nobody else."""

    most_mb = Integer(300, help="Size of one archive's content, in MiB.").tag(config=True)
    most_files = Integer(2000, help="Files in one archive.").tag(config=True)

    def extract(self, archive_path: str, extracted_path: str) -> None:
        source, target = Path(archive_path), Path(extracted_path)
        for path in everything_below(source):
            place = target / path.relative_to(source)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                self.log.warning("Left out %s: it is a link or a special file.", path)
            elif path.is_file() and ending(path):
                self._unpack(path, place.with_name(path.name.removesuffix(ending(path))), _DEEPEST)
            elif path.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)

    def _unpack(self, archive: Path, folder: Path, deepest: int) -> None:
        try:
            refused = unpack(archive, folder, self.most_mb * 2**20, self.most_files)
        except CourseError as error:
            self.log.error("%s", error)
            return
        if refused:
            self.log.warning("Left out of %s: %s", archive.name, ", ".join(refused[:10]))
        for inner in everything_below(folder):
            if inner.is_file() and ending(inner):
                if deepest > 1:
                    self._unpack(inner, inner.with_name(inner.name.removesuffix(ending(inner))), deepest - 1)
                else:
                    self.log.warning("Left %s packed: too many archives in each other.", inner)


class SafeCollector(FileNameCollectorPlugin):
    """Takes student and file from a file's name, and only names that stay where they belong."""

    def collect(self, submitted_file: str) -> dict | None:
        found = super().collect(submitted_file)
        if not found:
            return found
        student, name = str(found.get("student_id")), str(found.get("file_id"))
        if not is_folder_name(student):
            self.log.error("Left out %r: %r cannot be a student's id.", submitted_file, student)
            return None
        if not all(is_folder_name(part) for part in name.split("/")):
            self.log.error("Left out %r: %r leads out of the submission.", submitted_file, name)
            return None
        return found


def unpack(archive: Path, folder: Path, most_bytes: int, most_files: int) -> list[str]:
    """Unpack the plain files of an archive into `folder`. Returns the names that were refused.

    Raises CourseError for what is no archive, or holds more than is allowed; then nothing of it is left.
    """
    refused: list[str] = []
    room, count = most_bytes, 0
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, content, changed in _members(archive):
            count += 1
            if count > most_files:
                raise CourseError(f"{archive.name} holds more than {most_files:,} files: ask for it again.")
            parts = PurePosixPath(name.replace("\\", "/")).parts
            if content is None or not 0 < len(parts) <= DEEPEST or not all(map(is_folder_name, parts)):
                refused.append(repr(name)[:100])
                continue
            place = folder.joinpath(*parts)
            if any(parent.is_file() for parent in place.parents) or place.exists():
                refused.append(repr(name)[:100])
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file:
                # An archive may say that a file is small: only what comes out counts.
                while piece := content.read(min(2**20, room + 1)):
                    room -= len(piece)
                    if room < 0:
                        said = f"{archive.name} unpacks to more than {most_bytes / 2**20:,.0f} MB: ask for it again."
                        raise CourseError(said)
                    file.write(piece)
            if changed > 0:
                os.utime(place, (changed, changed))
    except CourseError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except Exception as error:  # each format breaks in its own ways
        shutil.rmtree(folder, ignore_errors=True)
        raise CourseError(
            f"{archive.name} cannot be unpacked ({type(error).__name__}): ask for it again."
        ) from None
    return refused


def is_folder_name(name: str) -> bool:
    """Whether `name` names one folder or file, here and not elsewhere."""
    hidden = name.startswith(".")
    return (
        bool(name)
        and not hidden
        and len(os.fsencode(name)) < 250
        and not re.search(r"[/\\\x00-\x1f\x7f:]", name)
    )


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None, float]]:
    """(name, content, time) of all but folders; content is None for what is no plain file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as bundle:
            for info in bundle.infolist():
                kind = info.external_attr >> 28  # the file type as Unix has it, 8 for a plain file
                if info.is_dir():
                    continue
                if kind not in (0, 8):
                    yield info.filename, None, 0.0
                    continue
                with bundle.open(info) as content:
                    yield info.filename, content, _seconds(info)
        return
    with contextlib.closing(tarfile.open(archive)) as bundle:
        for member in bundle:
            if not member.isdir():
                yield member.name, bundle.extractfile(member) if member.isreg() else None, float(member.mtime)


def _seconds(info: zipfile.ZipInfo) -> float:
    """When a file in a zip was changed, by this machine's clock: a zip knows no time zones. 0 if it does not say."""
    try:
        return datetime(*info.date_time).timestamp() if info.date_time[0] > 1980 else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0


def ending(path: Path) -> str:
    """How the name of an archive ends, or "" if it is none."""
    return next(
        (end for end in sorted(_ENDINGS, key=len, reverse=True) if path.name.lower().endswith(end)), ""
    )
