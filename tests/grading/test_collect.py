"""Archives that reach out of their folder, and the command of nbgrader that collects them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_utils.errors import CourseError
from course_utils.grading.run.collect import is_folder_name, unpack

LAB = "07_tiny"
EVIL = (
    "../escaped.txt",
    "/tmp/course-test-escaped.txt",
    "a/../../escaped.txt",
    "..\\escaped.txt",
    "C:\\escaped.txt",
)


def zipped(path: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, 0o120777 << 16
            bundle.writestr(info, target)
    return path


def tarred(path: Path, files: dict[str, bytes], *special: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as bundle:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
        for info in special:
            bundle.addfile(info)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def there(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
@pytest.mark.parametrize("name", EVIL)
def test_names_that_lead_elsewhere_are_refused_and_the_rest_is_kept(tmp_path, make, name):
    archive = make(tmp_path / "in.archive", {name: b"evil", "data/good.txt": b"good"})
    folder = tmp_path / "out" / "here"
    assert len(unpack(archive, folder, 10**6, 100)) == 1
    assert there(tmp_path / "out") == ["here/data/good.txt"]
    assert not Path("/tmp/course-test-escaped.txt").exists()


def test_links_and_devices_are_refused(tmp_path):
    archive = tarred(
        tmp_path / "in.tar.gz",
        {"good.txt": b"good"},
        special("link", tarfile.SYMTYPE, "/etc"),
        special("hard", tarfile.LNKTYPE, "/etc/passwd"),
        special("pipe", tarfile.FIFOTYPE),
        special("device", tarfile.CHRTYPE),
    )
    assert unpack(archive, tmp_path / "a", 10**6, 100) == ["'link'", "'hard'", "'pipe'", "'device'"]
    assert there(tmp_path / "a") == ["good.txt"]
    archive = zipped(tmp_path / "in.zip", {"good.txt": b"good", "link/passwd": b"x"}, {"link": "/etc"})
    assert unpack(archive, tmp_path / "b", 10**6, 100) == ["'link'"]
    assert there(tmp_path / "b") == ["good.txt", "link/passwd"]


def test_a_file_is_not_written_twice_or_through_another(tmp_path):
    archive = tarred(tmp_path / "in.tar.gz", {"a": b"1", "a/b": b"2"})
    assert unpack(archive, tmp_path / "out", 10**6, 100) == ["'a/b'"]


def test_bombs_are_refused_whole(tmp_path):
    large = zipped(tmp_path / "large.zip", {"zeros": bytes(50 * 2**20)})
    assert large.stat().st_size < 100_000
    with pytest.raises(CourseError, match=r"large\.zip unpacks to more than 10 MB"):
        unpack(large, tmp_path / "a", 10 * 2**20, 100)
    many = zipped(tmp_path / "many.zip", {f"{number}": b"" for number in range(300)})
    with pytest.raises(CourseError, match="more than 200 files"):
        unpack(many, tmp_path / "b", 10**6, 200)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(large.read_bytes()[:500])
    with pytest.raises(CourseError, match="cannot be unpacked"):
        unpack(broken, tmp_path / "c", 10**6, 100)
    assert there(tmp_path / "a") + there(tmp_path / "b") + there(tmp_path / "c") == []


def test_what_can_name_a_student():
    assert all(map(is_folder_name, ["anna", "Ünï cödé", "a.b-c_1"]))
    assert not any(map(is_folder_name, ["", ".", "..", ".hidden", "a/b", "a\\b", "a\nb", "C:x", "x" * 300]))


def test_nbgraders_zip_collect_takes_the_class_and_leaves_the_attacks(make_classroom):
    """nbgrader's own command with the course's configuration: four archives, one of them sound."""
    room = make_classroom()
    root = room.paths.root
    (root / "nbgrader_config.py").write_bytes((Path(__file__).parents[2] / "nbgrader_config.py").read_bytes())
    released = room.paths.labs / LAB / f"{LAB}.ipynb"
    released.parent.mkdir(parents=True)
    nbformat.write(room.released, released)
    archives = root / "downloaded" / LAB / "archive"
    archives.mkdir(parents=True)
    notebook = nbformat.writes(room.notebook()).encode()
    zipped(archives / f"anna_{LAB}.zip", {f"{LAB}.ipynb": notebook})
    inner = zipped(root / "inner.zip", {f"../../../../submitted/anna/{LAB}/{LAB}.ipynb": b"evil"})
    evil = {
        f"../../../../submitted/anna/{LAB}/{LAB}.ipynb": b"evil",
        "../../../../nbgrader_config.py": b"evil",
    }
    zipped(
        archives / f"mallory_{LAB}.zip", {**evil, "inner.zip": inner.read_bytes(), f"{LAB}.ipynb": notebook}
    )
    zipped(archives / f"oscar_{LAB}.zip", {"bomb": bytes(400 * 2**20)})
    (archives / f"peggy_{LAB}.zip").write_bytes(b"no archive")
    (archives / f"trudy_{LAB}.ipynb").symlink_to(room.paths.solutions / LAB / f"{LAB}.ipynb")
    before = (root / "nbgrader_config.py").read_bytes()
    pattern = r".*/extracted/(?P<student_id>\w+?)_07_tiny/(?P<file_id>.*)"
    argv = [
        sys.executable,
        "-m",
        "nbgrader",
        "zip_collect",
        LAB,
        f"--FileNameCollectorPlugin.named_regexp={pattern}",
    ]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, env={**os.environ}, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert there(room.paths.submitted) == [f"anna/{LAB}/{LAB}.ipynb", f"mallory/{LAB}/{LAB}.ipynb"]
    assert (room.paths.submitted / "anna" / LAB / f"{LAB}.ipynb").read_bytes() == notebook
    assert (root / "nbgrader_config.py").read_bytes() == before
    for said in ("oscar_07_tiny.zip unpacks to more than", "peggy_07_tiny.zip cannot be unpacked", "trudy"):
        assert said in done.stderr


def test_an_id_that_leads_elsewhere_is_left_out(make_classroom, caplog):
    from course_utils.grading.run.collect import SafeCollector

    collector = SafeCollector(named_regexp=r"(?P<student_id>.*)__(?P<file_id>.*)")
    assert collector.collect("anna__07_tiny.ipynb") == {"student_id": "anna", "file_id": "07_tiny.ipynb"}
    assert collector.collect("../../anna__07_tiny.ipynb") is None
    assert collector.collect("anna__../bert/07_tiny.ipynb") is None
