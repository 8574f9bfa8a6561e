# %% attack: noise_on_the_wire
# group: abuse of the test channel
# tries: Writes nonsense to every open file descriptor.
# flag: strange answer | kernel died
import os

for fd in range(3, 64):
    try:
        os.set_blocking(fd, False)
        os.write(fd, b"crs1" + b"\x10\x00\x00\x00" + b"x" * 50)
    except OSError:
        pass

# %% attack: answers_in_advance
# group: abuse of the test channel
# tries: Sends answers to questions that were not asked yet, many times over.
# flag: strange answer
import socket
from course_utils.grading.sandbox import channel

for fd in range(3, 64):
    try:
        sock = socket.socket(fileno=fd)
    except OSError:
        continue
    try:
        if sock.family == socket.AF_UNIX and not sock.getsockname() and sock.type == socket.SOCK_STREAM:
            sock.setblocking(False)
            for number in range(1, 50):
                sock.send(channel.pack({"id": number, "value": [6, 8, 10]}))
    except OSError:
        pass
    sock.detach()

# %% attack: answers_twice
# group: abuse of the test channel
# tries: Each answer is sent twice, so that the second one is taken for the next question.
# flag: strange answer
from course_utils.grading.sandbox import channel

plain = channel.send
channel.send = lambda sock, frame, *more: (plain(sock, frame, *more), plain(sock, frame, *more))

# %% attack: answers_other_questions
# group: abuse of the test channel
# tries: Gives answers the number of another question.
# flag: strange answer
from course_utils.grading.sandbox import channel

plain = channel.pack
channel.pack = lambda value: plain({**value, "id": 7} if isinstance(value, dict) and "id" in value else value)

# %% attack: endless_answer
# group: abuse of the test channel
# tries: Announces an answer and sends it byte by byte, for ever.
# flag: kernel died
from course_utils.grading.sandbox import channel

def drip(sock, frame, *more):
    import time
    sock.setblocking(True)
    sock.send(channel._HEAD.pack(b"crs1", 60_000_000, 0))
    while True:
        try:
            time.sleep(0.02)
            sock.send(b" ")
        except KeyboardInterrupt:
            pass

channel.send = drip

# %% attack: giant_frame
# group: abuse of the test channel
# tries: Announces an answer of 8 GB.
# flag: strange answer
from course_utils.grading.sandbox import channel

channel.send = lambda sock, frame, *more: sock.sendall(b"crs1" + b"\xff" * 8 + b"x" * 1000)

# %% attack: deep_frame
# group: abuse of the test channel
# tries: An answer of 100,000 brackets, to exhaust the reader.
# flag: strange answer
from course_utils.grading.sandbox import channel

text = b"[" * 100_000
channel.send = lambda sock, frame, *more: sock.sendall(channel._HEAD.pack(b"crs1", len(text), 0) + text)

# %% attack: late_answer
# group: abuse of the test channel
# tries: Is silent until the time is over and answers then.
# flag: took too long
# replaces: tiny-a-double
def double(values):
    import time
    end = time.monotonic() + 3.5
    while time.monotonic() < end:
        try:
            time.sleep(0.1)
        except BaseException:
            pass
    return [6, 8, 10]

# %% attack: closes_the_wire
# group: abuse of the test channel
# tries: Closes the channel, so that no question can be asked.
# flag: strange answer | kernel died
import os

os.closerange(3, 12)

# %% attack: silent_signal
# group: abuse of the test channel
# tries: Ignores interrupts and never answers.
# flag: kernel died
# replaces: tiny-a-double
def double(values):
    import time
    while True:
        try:
            time.sleep(5)
        except BaseException:
            pass

# %% attack: impossible_tensor
# group: abuse of the test channel
# tries: An answer that makes torch itself fail while it is read, to each question and to the last one too.
# flag: strange answer
from course_utils.grading.sandbox import channel

text = b'{"tensor": ["float32", [67108864, 67108864, 67108864, 0], [0, 0]]}'
channel.send = lambda sock, frame, *more: sock.sendall(channel._HEAD.pack(b"crs1", len(text), 0) + text)

# %% attack: empty_lists
# group: abuse of the test channel
# tries: An answer of 60 MB that takes a hundred times as much when it is read.
# flag: strange answer
from course_utils.grading.sandbox import channel

text = b'{"list": [' + b"[]," * 20_000_000 + b"0]}"
channel.send = lambda sock, frame, *more: sock.sendall(channel._HEAD.pack(b"crs1", len(text), 0) + text)

# %% attack: one_hash
# group: abuse of the test channel
# tries: A set of numbers with one hash: putting it together takes hours.
# flag: strange answer
import json
from course_utils.grading.sandbox import channel

text = json.dumps({"set": [n * (2**61 - 1) for n in range(300_000)]}).encode()
channel.send = lambda sock, frame, *more: sock.sendall(channel._HEAD.pack(b"crs1", len(text), 0) + text)

# %% attack: half_letters
# group: abuse of the test channel
# tries: Halves of letters, which no file can hold, in what is reported and raised.
# flag: half ?
from course_utils.grading.sandbox import watch

watch.note("half \ud83d", "of a letter \ud83d")

# %% attack: heavy_messages
# group: abuse of the test channel
# tries: Outputs of empty lists and dicts, a few MB each, that take gigabytes when they are read.
# flag: nothing passed | too much output | kernel died
kernel = get_ipython().kernel
for _ in range(60):
    kernel.session.send(
        kernel.iopub_socket, "display_data", {"data": {}, "metadata": {}, "x": [[]] * 1_000_000},
        parent=kernel.get_parent("shell"),
    )
