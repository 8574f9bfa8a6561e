# %% attack: drops_asserts
# group: changed execution
# tries: An AST transformer takes every assert and every check out of the cells that follow.
# flag: patched IPython
import ast

class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

    def visit_Expr(self, node):
        return ast.Pass() if "check" in ast.dump(node) else node

get_ipython().ast_transformers.append(Drop())

# %% attack: hides_errors
# group: changed execution
# tries: No error is shown any more, so that every test cell seems to pass.
# flag: patched IPython
shell = get_ipython()
shell.showtraceback = lambda *a, **k: None
shell.showsyntaxerror = lambda *a, **k: None

# %% attack: runs_nothing
# group: changed execution
# tries: The shell no longer runs cells, it says that all went well.
# flag: took too long | patched IPython
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

InteractiveShell.run_code = lambda self, *a, **k: False
type(get_ipython()).run_cell = lambda self, *a, **k: ExecutionResult(None)

# %% attack: lies_about_execution
# group: changed execution
# tries: The kernel answers each request with "ok" without running it.
# flag: took too long | patched IPython | strange answer
kernel = get_ipython().kernel

async def do_execute(*arguments, **options):
    return {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}

kernel.do_execute = do_execute

# %% attack: rewrites_replies
# group: changed execution
# tries: Messages of errors are changed into messages of success on their way out.
# flag: patched IPython
session = get_ipython().kernel.session
plain = session.send

def send(stream, message, content=None, *arguments, **options):
    if message == "error":
        return None
    if isinstance(content, dict) and content.get("status") == "error":
        content = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
    return plain(stream, message, content, *arguments, **options)

session.send = send

# %% attack: changes_builtins
# group: changed execution
# tries: Python's own comparisons and errors are replaced.
# flag: a changed Python | kernel died
import builtins

builtins.isinstance = lambda *a: True
builtins.all = builtins.any = lambda *a: True
builtins.AssertionError = type("AssertionError", (Exception,), {})

# %% attack: changes_libraries
# group: changed execution
# tries: The comparisons of json and of the course's checks always agree.
# flag: a changed Python | kernel died | cell took too long
import json
from course_utils import checks

json.dumps = lambda *a, **k: '{"id": 1, "value": true}'
for name in ("equal", "close", "true", "raises"):
    setattr(checks, name, lambda *a, **k: None)

# %% attack: changes_torch_and_numpy
# group: changed execution
# tries: Everything is equal for numpy (and for torch, if it is there).
# flag: a changed Python
import numpy

numpy.array_equal = numpy.allclose = lambda *a, **k: True
numpy.testing.assert_allclose = lambda *a, **k: None

# %% attack: import_hook
# group: changed execution
# tries: An import hook gives out a course package whose checks do nothing.
# flag: a changed Python | took too long
import importlib.abc
import importlib.util
import sys

class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.util.spec_from_loader(name, self) if name.startswith("course_utils") else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.equal = module.raises = module.true = module.close = lambda *a, **k: None
        module.probe = lambda f: f

for name in [n for n in sys.modules if n.startswith("course_utils")]:
    del sys.modules[name]
sys.meta_path.insert(0, Finder())

# %% attack: replaced_channel_module
# group: changed execution
# tries: The module that answers the tests is replaced by one that says True to everything.
# flag: strange answer
import sys
import types

fake = types.ModuleType("course_utils.grading.sandbox.channel")

def serve(fd, namespace):
    import os
    os.write(fd, b'crs1' + (20).to_bytes(4, "little") + bytes(4) + b'{"id": 1, "value": 1')

fake.serve = serve
sys.modules["course_utils.grading.sandbox.channel"] = fake

# %% attack: tampered_probe
# group: changed execution
# tries: The code that runs the tests' probes is changed so that each of them says True.
# flag: a changed Python
import course_utils.grading.sandbox.channel as channel

plain = channel.answer
channel.answer = lambda question, names: True if question["op"] == "probe" else plain(question, names)

# %% attack: main_games
# group: changed execution
# tries: __main__ becomes a module in which every name exists and is always right.
# flag: nothing passed
import sys
import types

class Everything(types.ModuleType):
    def __getattr__(self, name):
        return lambda *a, **k: True

sys.modules["__main__"] = Everything("__main__")

# %% attack: late_thread
# group: changed execution
# tries: A thread waits until the tests run and then replaces the answers.
# flag: a thread that goes on
import threading
import time

def patch(namespace):
    while True:
        time.sleep(0.05)
        namespace["double"] = namespace["total"] = lambda *a: True

threading.Thread(target=patch, args=(get_ipython().user_ns,), daemon=True).start()

# %% attack: traces_the_tests
# group: changed execution
# tries: A trace function changes results while the tests call.
# flag: a changed Python
import sys

def trace(frame, event, value):
    if event == "return" and frame.f_code.co_name == "double":
        frame.f_locals["values"] = [6, 8, 10]
    return trace

sys.settrace(trace)

# %% attack: at_the_end
# group: changed execution
# tries: Exit handlers announce full points when the kernel ends.
# flag: nothing passed
import atexit

atexit.register(lambda: print("score: 5 / 5", flush=True))
atexit.register(lambda: open("result.json", "w").write('{"score": 5}'))

# %% attack: patched_libraries
# group: changed execution
# tries: Libraries that a probe looks with are replaced by functions of theirs, by methods, and in place.
# flag: math.isclose | course_utils.by_hand.library_calls
import functools
import math
import operator
from fractions import Fraction

import course_utils.by_hand

math.isclose = functools.partial(operator.contains, [True])
Fraction.__eq__ = operator.truth
course_utils.by_hand.library_calls = math.fsum
