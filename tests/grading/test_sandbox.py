"""What a program in the sandbox can reach: nothing that matters.

Run for every mode that the machine has, and for both ways to start a program: a fresh interpreter, and a fork of
a warm one.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from course_utils.errors import CourseError
from course_utils.grading.sandbox import confinement, landlock, launch, machine
from course_utils.grading.sandbox.confinement import FREE_USERS, Interpreter, Limits, Sandbox
from course_utils.grading.sandbox.escapes import bait
from course_utils.grading.sandbox.warm import WarmProcess

REPORT = """
import json, os, sys
def attempt(action):
    try:
        return repr(action())[:500]
    except BaseException as error:
        return "refused: " + type(error).__name__
def report(**found):
    with open(sys.argv[1] + "/report.tmp", "w") as file:
        json.dump(found, file)
    os.rename(sys.argv[1] + "/report.tmp", sys.argv[1] + "/report")
"""


@pytest.fixture(scope="module", params=["fresh", "warm"])
def warm(request, locked):
    """None, or a warm process to fork from."""
    if request.param == "fresh":
        yield None
        return
    where, interpreter = locked
    with WarmProcess(where, interpreter=interpreter) as process:
        assert process.ready(), process.problem
        assert process.facts["failed"] == {}
        yield process.warm


@pytest.fixture
def run(locked, warm, monkeypatch):
    """Start code in the sandbox; gives the jail. All jails are closed in the end."""
    where, interpreter = locked
    jails = []
    if warm:  # a fresh start in its place would prove nothing
        monkeypatch.setattr(launch, "_start_supervisor", None)

    def start(code: str, *arguments: str, files: Path | None = None, limits: Limits | None = None):
        argv = [interpreter.executable, "-c", REPORT + textwrap.dedent(code), "{run}", *arguments]
        jail = launch.start(where, argv, files=files, limits=limits, interpreter=interpreter, warm=warm)
        jails.append(jail)
        return jail

    yield start
    for jail in jails:
        jail.close()


def wait_for(path: Path, seconds: float = 60) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists():
            return json.loads(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"{path} did not appear")


def stays(code: str) -> str:
    """Code that keeps the program alive after its report, so that the report can be read."""
    return textwrap.dedent(code) + "\nimport time\ntime.sleep(60)\n"


def found(run, code: str, *arguments: str, **options) -> dict:
    jail = run(stays(code), *arguments, **options)
    report = wait_for(jail.run_folder / "report")
    jail.close()
    return report


def test_it_is_no_root_and_stays_so(run):
    jail = run(
        stays("""
        status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        report(uid=os.getuid(), caps=status, new=status["NoNewPrivs"], filter=status["Seccomp"],
               groups=os.getgroups(), back=attempt(lambda: os.setuid(0)), chroot=attempt(lambda: os.chroot("/tmp")))
        """)
    )
    report = wait_for(jail.run_folder / "report")
    assert report["uid"] != 0
    # As it is seen from here: in a user namespace the number inside says nothing.
    outside = outer_status(jail, report["caps"]["Pid"])["Uid"].split()
    assert len(set(outside)) == 1
    assert int(outside[0]) in ([*FREE_USERS] if os.getuid() == 0 else [os.getuid()])
    assert all(int(report["caps"][kind], 16) == 0 for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
    assert (report["new"], report["filter"]) == ("1", "2")
    assert report["back"].startswith("refused")
    assert report["chroot"].startswith("refused")


def outer_status(jail, pid: str) -> dict[str, str]:
    """/proc/…/status, as this process reads it, of the one that has the number `pid` for itself."""
    for process in psutil.Process(jail._started.pid).children(recursive=True):
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        status = dict(line.split(":\t") for line in lines if ":\t" in line)
        if status["NSpid"].split()[-1] == pid and status["Seccomp"] == "2":
            return status
    raise AssertionError(f"there is no process {pid} in the sandbox")


def test_the_network_is_out_of_reach(run):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("")  # the system gives it a name
        abstract.listen()
        report = found(
            run,
            """
            import socket
            udp = lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("8.8.8.8", 53))
            unix = lambda: socket.socket(socket.AF_UNIX).connect("\\0" + sys.argv[3])
            report(here=attempt(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2)),
                   there=attempt(lambda: socket.create_connection(("1.1.1.1", 443), 2)),
                   udp=attempt(udp), six=attempt(lambda: socket.create_connection(("::1", 80), 2)),
                   unix=attempt(unix))
            """,
            str(server.getsockname()[1]),
            abstract.getsockname().lstrip(b"\0").decode(),
        )
    if landlock.landlock_abi() < 6:
        report.pop("unix")
    assert all(value.startswith("refused") for value in report.values()), report


def test_secrets_are_not_readable(run, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_TEST_SECRET", "open-sesame")
    secret = tmp_path / "solutions.ipynb"
    secret.write_text("answer")
    tmp_path.chmod(0o755)
    sleeper = subprocess.Popen(["sleep", "60"])  # has the secret in its environment
    try:
        report = found(
            run,
            """
            import glob
            def environments():
                texts = []
                for path in glob.glob("/proc/[0-9]*/environ"):
                    try:
                        texts.append(open(path).read())
                    except OSError:
                        pass
                return "open-sesame" in "".join(texts)
            report(file=attempt(lambda: open(sys.argv[2]).read()),
                   listed=attempt(lambda: os.listdir(os.path.dirname(sys.argv[2]))),
                   repository=attempt(lambda: open(sys.argv[3]).read()),
                   shadow=attempt(lambda: open("/etc/shadow").read()),
                   environment="open-sesame" in str(os.environ), others=environments(),
                   memory=attempt(lambda: open("/proc/%d/mem" % os.getppid(), "rb").read(1)),
                   package=attempt(lambda: __import__("course_utils.grading.sandbox.channel").__name__))
            """,
            str(secret),
            str(Path(__file__).resolve()),
        )
    finally:
        sleeper.kill()
        sleeper.wait()
    assert report.pop("package") == "'course_utils'"
    assert report.pop("environment") is False
    assert report.pop("others") is False
    assert all(value.startswith("refused") for value in report.values()), report


def test_no_open_file_is_inherited(run):
    jail = run(
        stays("""
        fds = {fd: os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd")
               if os.path.lexists("/proc/self/fd/" + fd)}
        report(fds=fds)
        """)
    )
    fds = wait_for(jail.run_folder / "report")["fds"]
    assert set(fds) == {"0", "1", "2", str(jail.wire_fd)}
    assert {fds[number] for number in "012"} == {"/dev/null"}


def test_nothing_outside_can_be_written(run, tmp_path):
    tmp_path.chmod(0o777)
    place = tmp_path / "written"
    report = found(
        run,
        """
        import course_utils
        def write(path):
            with open(path, "w") as file:
                return file.write("x")
        report(outside=attempt(lambda: write(sys.argv[2])), system=attempt(lambda: write("/usr/x")),
               package=attempt(lambda: write(os.path.dirname(course_utils.__file__) + "/x.py")),
               root=attempt(lambda: write("/x")), library=attempt(lambda: write(sys.prefix + "/x")),
               own=attempt(lambda: write("mine.txt")), temporary=attempt(lambda: write(os.environ["TMPDIR"] + "/x")))
        """,
        str(place),
    )
    assert report.pop("own") == "1"
    assert report.pop("temporary") == "1"
    assert all(value.startswith("refused") for value in report.values()), report
    assert not place.exists()


def test_the_work_folder_holds_the_submissions_plain_files(run, tmp_path):
    handed_in = tmp_path / "handed_in"
    (handed_in / "data").mkdir(parents=True)
    (handed_in / "data" / "a.txt").write_text("hello")
    (handed_in / "lab.ipynb").write_text("{}")
    (tmp_path / "secret").write_text("no")
    (handed_in / "link").symlink_to(tmp_path / "secret")
    (handed_in / "all").symlink_to(tmp_path)
    os.mkfifo(handed_in / "pipe")
    report = found(
        run,
        """
        files = sorted(os.path.join(f, n) for f, _, names in os.walk(".") for n in names)
        report(files=files, text=open("data/a.txt").read(), append=attempt(lambda: open("data/a.txt", "a").write("x")))
        """,
        files=handed_in,
    )
    assert report["files"] == ["./data/a.txt"]
    assert report["text"] == "hello"
    assert report["append"] == "1"
    assert (handed_in / "data" / "a.txt").read_text() == "hello"


def test_too_many_and_too_large_files_are_left_out(tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    target.mkdir()
    (source / "a_large").write_bytes(b"x" * 2**20)
    (source / "b_small").write_text("x")
    left_out = launch.stage_files(source, target, Limits(disk_mb=1))
    assert left_out == ["a_large"]
    assert [path.name for path in target.iterdir()] == ["b_small"]


def test_dangerous_system_calls_are_refused(run):
    report = found(
        run,
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def call(function, *arguments):
            ctypes.set_errno(0)
            result = getattr(libc, function)(*arguments)
            return "refused: %d" % ctypes.get_errno() if result < 0 else "done"
        report(namespace=call("unshare", 0x10000000), trace=call("ptrace", 16, os.getppid(), 0, 0),
               mount=call("mount", b"none", b"/tmp", b"tmpfs", 0, None), keys=call("syscall", 250, 0, 0, 0))
        """,
    )
    assert all(value.startswith("refused") for value in report.values()), report


def test_other_processes_cannot_be_signalled(run):
    victim = subprocess.Popen(["sleep", "60"], start_new_session=True)
    if os.getuid() == 0:  # make it a process that file permissions and user ids do not protect
        victim.kill()
        victim.wait()
        user = FREE_USERS[os.getpid() % len(FREE_USERS)]
        victim = subprocess.Popen(["sleep", "60"], start_new_session=True, user=user, group=user)
    try:
        jail = run(
            stays("""
            parent = os.getppid() or 1  # 0: it is outside of the namespace, and nobody's number here
            report(victim=attempt(lambda: os.kill(int(sys.argv[2]), 9)),
                   parent=attempt(lambda: os.kill(parent, 9)), first=parent == 1)
            """),
            str(victim.pid),
        )
        report = wait_for(jail.run_folder / "report")
        assert report["victim"].startswith("refused"), report
        # A namespace's first process has the student's own user, unless root grades; no signal from inside ends it.
        assert report["parent"].startswith("refused") or (os.getuid() and report["first"]), report
        assert not jail.wait(0.3)
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


def test_nothing_is_left_behind(run):
    marker = f"left-behind-{os.getpid()}-{time.monotonic_ns()}"
    jail = run(
        stays("""
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", sys.argv[2]])
            os._exit(0)
        os.wait()
        attempt(lambda: open("/dev/shm/left", "w").close())
        report(done=1)
        """),
        marker,
    )
    wait_for(jail.run_folder / "report")

    def alive() -> list[int]:
        # The sandbox's own processes carry the marker among their arguments too.
        return [p.pid for p in psutil.process_iter(["cmdline"]) if marker in (p.info["cmdline"] or [])]

    deadline = time.monotonic() + 20
    while not alive():  # the orphan may take a moment to become the program with the marker
        assert time.monotonic() < deadline
        time.sleep(0.02)
    jail.close()
    assert not alive()
    assert not jail.folder.exists()
    assert not Path("/dev/shm/left").exists()


@pytest.mark.parametrize("start", ["fresh", "warm"])
def test_it_ends_when_the_grader_is_killed(locked, start):
    where, interpreter = locked
    marker = f"orphan-{os.getpid()}-{time.monotonic_ns()}"
    script = f"""
import sys, time
from course_utils.grading.sandbox import confinement, launch, warm
interpreter = confinement.Interpreter({interpreter.executable!r}, {interpreter.folders!r})
where = confinement.Sandbox({where.mode!r}, "")
code = '''import os, sys, time
if os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", sys.argv[2]])
open(sys.argv[1] + "/up", "w")
time.sleep(300)'''
process = warm.WarmProcess(where, interpreter=interpreter) if {start!r} == "warm" else None
if process:
    assert process.ready(), process.problem
    launch._start_supervisor = None
argv = [interpreter.executable, "-c", code, "{{run}}", "{marker}"]
jail = launch.start(where, argv, interpreter=interpreter, warm=process.warm if process else None)
while not (jail.run_folder / "up").exists():
    time.sleep(0.02)
print(jail.folder, process._folder if process else jail.folder, flush=True)
time.sleep(300)
"""
    grader = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    folders = [Path(name) for name in grader.stdout.readline().split()]
    assert folders
    assert all(folder.is_dir() for folder in folders)
    family = psutil.Process(grader.pid).children(recursive=True)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        left = [p.pid for p in psutil.process_iter(["cmdline"]) if marker in (p.info["cmdline"] or [])]
        left += [p.pid for p in family if p.is_running()]
        there = [folder for folder in folders if folder.exists()]
        if not left and not there:
            return
        time.sleep(0.05)
    raise AssertionError(f"still there: {left} {there}")


def test_a_crowd_of_processes_is_stopped(run):
    report = found(
        run,
        """
        import threading
        count = 0
        try:
            for _ in range(400):
                if os.fork() == 0:
                    import time
                    time.sleep(60)
                count += 1
        except OSError:
            pass
        report(count=count)
        """,
        limits=Limits(processes=40),
    )
    assert 5 < report["count"] < 60


def test_one_process_cannot_take_all_memory(run):
    report = found(
        run,
        "report(large=attempt(lambda: len(bytearray(400 * 2**20))), small=attempt(lambda: len(bytearray(2**20))))",
        limits=Limits(memory_mb=300),
    )
    assert report == {"large": "refused: MemoryError", "small": str(2**20)}


def test_many_processes_cannot_take_all_memory(run):
    jail = run(
        stays("""
        for _ in range(4):
            if os.fork() == 0:
                keep = bytearray(os.urandom(1)) * (120 * 2**20)
                break
        """),
        limits=Limits(memory_mb=300),
    )
    assert jail.wait(20)
    assert jail.reason == "memory"


def test_what_fills_the_graders_own_memory_ends_the_program(run):
    jail = run(stays("report(up=1)"), limits=Limits(memory_mb=300))
    wait_for(jail.run_folder / "report")
    assert jail.reason == ""
    kept = bytearray(os.urandom(1)) * (350 * 2**20)
    assert jail.wait(20)
    assert jail.reason == "messages"
    del kept


def test_time_that_own_processes_take_counts(run, monkeypatch):
    """However long the first process waits for a processor: sixty busy ones made three seconds ninety."""
    monkeypatch.setattr(launch, "_waited", lambda process: time.monotonic() if process == "self" else 0.0)
    jail = run(
        stays("""
        for _ in range(3):
            if os.fork() == 0:
                while True:
                    pass
        report(up=1)
        """)
    )
    wait_for(jail.run_folder / "report")
    began = jail.clock()
    deadline = time.monotonic() + 60
    while jail.clock() - began < 2:  # seconds of processors, which the three use together
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert sum(jail._used.values()) > 1.5


def test_the_folder_shared_with_the_grader_cannot_be_filled(run):
    jail = run(
        stays("""
        for number in range(100):
            with open(sys.argv[1] + "/%d" % number, "wb") as file:
                file.write(bytes(2**20))
        """),
        limits=Limits(disk_mb=30),
    )
    assert jail.wait(20)
    assert jail.reason == "disk"


def test_folders_without_end_do_not_end_the_watch_and_are_removed(run):
    """1,500 in each other ended the thread that watches, and the shared folder stayed for ever."""
    jail = run(
        stays("""
        import os
        os.chdir(sys.argv[1])
        for _ in range(1500):
            os.mkdir("deeper")
            os.chdir("deeper")
        """)
    )
    assert jail.wait(20)
    assert jail.reason == "depth"
    jail.close()
    assert not jail.folder.exists()


def test_one_file_has_a_limit(run):
    report = found(
        run,
        """
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        report(large=attempt(lambda: open("large", "wb").write(bytes(8 * 2**20))))
        """,
        limits=Limits(file_mb=4),
    )
    assert report["large"] == "refused: OSError"


def test_how_it_ended_is_told(run):
    gone = run("os._exit(7)")
    assert gone.wait(20)
    assert gone.close() == {"exit": 7, "signal": None}
    killed = run("os.kill(os.getpid(), 9)")
    assert killed.wait(20)
    assert killed.close()["signal"] == 9


def test_no_way_out_leads_anywhere(locked):
    where, interpreter = locked
    found = machine.escapes(where, interpreter)
    assert len(found.tried) > 50
    assert found.reached == ()


def test_two_graders_try_the_ways_out_at_once():
    libc = ctypes.CDLL(None)
    with bait(None) as ours:
        with bait(None) as theirs:
            assert ours["memory"] != theirs["memory"]
            assert ours["queue"] != theirs["queue"]
        assert libc.shmget(ours["memory"], 1, 0) >= 0, "who ended first took the other's away"
        assert libc.msgget(ours["queue"], 0) >= 0
    assert libc.shmget(ours["memory"], 1, 0) < 0
    assert libc.msgget(ours["queue"], 0) < 0


# Refused by the system itself, whoever asks: these show nothing where there is no sandbox.
REFUSED_ANYWAY = {
    "connect by TCP Fast Open",
    "open a raw socket",
    "ping",
    "open a packet socket",
    "open a socket of the kernel's cryptography",
    "open a VSOCK socket",
    "use a POSIX message queue",
    "change a file's attributes",
    "become root",
    "mount a file system",
    "change its root folder",
    "make a user namespace",
    "make a process in a user namespace",
    "handle its own page faults",
    "use io_uring",
    "use calls of x32",
    "link a file",
}


@pytest.mark.skipif(os.geteuid() == 0, reason="without a sandbox this would be tried with root's rights")
def test_each_way_out_is_open_where_nothing_closes_it():
    found = machine.escapes(Sandbox("unsafe", ""))
    assert set(found.tried) - set(found.reached) <= REFUSED_ANYWAY


def test_a_sandbox_with_a_way_out_is_not_offered(monkeypatch):
    monkeypatch.setattr(machine, "escapes", lambda *_: machine.Escapes(("read a file",), ("read a file",)))
    found = machine.offer("bubblewrap", Interpreter.current())
    assert found.mode == "none"
    assert "does not hold (a program in it could read a file)" in found.reason


def test_without_any_sandbox_grading_is_refused(monkeypatch):
    machine._detect.cache_clear()
    monkeypatch.setattr(confinement, "bubblewraps", list)
    monkeypatch.setattr(landlock, "landlock_abi", lambda: 0)
    try:
        assert machine.detect().mode == "none"
        with pytest.raises(CourseError, match="apt install bubblewrap"):
            machine.choose()
        assert machine.choose(unsafe=True).mode == "unsafe"
        machine._detect.cache_clear()
        monkeypatch.setattr(confinement, "bubblewraps", lambda: ["false"])  # there, and nothing works
        with pytest.raises(CourseError, match=r"does not work.*bubblewrap needs namespaces"):
            machine.choose()
    finally:
        machine._detect.cache_clear()


def test_a_python_behind_links_starts(lacking, tmp_path):
    """As uv and others install it: the environment leads to a link, that one to a folder which is a link itself."""
    if machine.detect().mode != "bubblewrap":
        lacking(machine.detect().reason)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (tmp_path / "python").symlink_to(Path(sys.base_prefix).resolve())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(f"../python/bin/{version}")
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").symlink_to(tmp_path / "bin" / "python3")
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {tmp_path}/python/bin\n")
    packages = tmp_path / "env" / "lib" / version / "site-packages"
    packages.parent.mkdir(parents=True)
    packages.symlink_to(Path(sysconfig.get_path("purelib")))
    code = (
        "import json; from course_utils.grading.sandbox.confinement import Interpreter as I; "
        "found = I.current(); print(json.dumps([found.executable, found.folders]))"
    )
    there = [str(tmp_path / "env" / "bin" / "python"), "-c", code]
    executable, folders = json.loads(subprocess.run(there, capture_output=True, check=True).stdout)
    assert Path(executable).is_relative_to(tmp_path)
    found = machine.offer("bubblewrap", Interpreter(executable, tuple(folders)))
    assert found.mode == "bubblewrap", found.reason


def test_links_are_followed_one_by_one(tmp_path):
    tmp_path = tmp_path.resolve()
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "python3.11").touch()
    (tmp_path / "real" / "python3").symlink_to("python3.11")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "python").symlink_to(tmp_path / "folder" / "python3")
    assert list(confinement._way(f"{tmp_path}/./real/../python")) == [
        (f"{tmp_path}/python", f"{tmp_path}/folder/python3"),
        (f"{tmp_path}/folder", "real"),
        (f"{tmp_path}/real/python3", "python3.11"),
    ]
    here = Interpreter(f"{tmp_path}/python", (f"{tmp_path}/real",))
    assert list(confinement._links(here, [f"{tmp_path}/real"])) == [
        f"{tmp_path}/python",
        f"{tmp_path}/folder",
    ]


@pytest.fixture
def no_system_bubblewrap(monkeypatch):
    """PATH without bwrap, and nothing remembered of this machine."""
    machine._detect.cache_clear()
    monkeypatch.setattr(confinement.shutil, "which", lambda name: None)
    yield
    machine._detect.cache_clear()


def test_without_the_systems_bubblewrap_the_packages_is_used(no_system_bubblewrap, lacking):
    if machine.detect().mode != "bubblewrap":
        lacking(machine.detect().reason)
    assert Path(machine.detect().program).is_relative_to(sys.prefix)


def test_a_bubblewrap_that_does_not_work_is_passed_over(monkeypatch, tmp_path, lacking):
    """An old one lacks options; the system's comes first all the same, because it may have rights of its own."""
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: Unknown option --size' >&2\nexit 1\n")
    broken.chmod(0o755)
    bundled = confinement._bundled_bubblewrap()
    monkeypatch.setattr(confinement.shutil, "which", lambda name: str(broken))
    assert confinement.bubblewraps() == [str(broken), bundled]
    found = machine.offer("bubblewrap", Interpreter.current())
    if found.mode == "none":
        lacking(found.reason)
    assert found.program == bundled
    monkeypatch.setattr(confinement, "_bundled_bubblewrap", lambda: None)
    found = machine.offer("bubblewrap", Interpreter.current())
    assert found == Sandbox("none", "bubblewrap is there but does not work (bwrap: Unknown option --size)")


def test_landlock_as_root_is_refused_when_the_interpreter_is_roots_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    tmp_path.chmod(0o700)
    private = Interpreter(sys.executable, (str(tmp_path),))
    assert "cannot read the interpreter" in machine.offer("landlock", private).reason


def test_waiting_for_a_processor_does_not_count(run):
    """Two programs that share one processor: each one's clock runs at about half the speed."""
    code = stays("""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    report(ready=1)
    while True:
        pass
    """)
    jails = [run(code), run(code)]
    for jail in jails:
        wait_for(jail.run_folder / "report")
    time.sleep(0.5)
    began, clocks = time.monotonic(), [jail.clock() for jail in jails]
    time.sleep(1.5)
    passed = time.monotonic() - began
    for jail, clock in zip(jails, clocks, strict=True):
        assert jail.clock() - clock < 0.8 * passed


def test_the_course_may_lie_where_the_sandbox_has_its_own_folder(locked, tmp_path, open_up):
    """pytest's folders lie in /tmp, and so may a clone; in the sandbox /tmp is another one."""
    where, interpreter = locked
    package = tmp_path / "clone" / "package"
    package.mkdir(parents=True)
    (package / "module.py").write_text("answer = 42\n")
    open_up(package)
    there = Interpreter(interpreter.executable, (*interpreter.folders, str(package)))
    code = "import sys; sys.path.insert(0, sys.argv[1]); import module; sys.exit(module.answer)"
    jail = launch.start(where, [there.executable, "-c", code, str(package)], interpreter=there)
    assert jail.wait(30)
    assert jail.close()["exit"] == 42
