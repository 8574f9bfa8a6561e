# %% attack: equals_everything
# group: pretending answers
# tries: The answer is a list that says it equals everything.
# flag: an answer that pretends
# replaces: tiny-a-double
class Yes(list):
    def __eq__(self, other):
        return True

    __hash__ = None

def double(values):
    return Yes()

# %% attack: lies_about_its_class
# group: pretending answers
# tries: The answer is no list but says that it is one, and equals everything.
# flag: an answer that pretends
# replaces: tiny-a-double
class Yes:
    __class__ = list

    def __eq__(self, other):
        return True

    def __len__(self):
        return 3

def double(values):
    return Yes()

# %% attack: tensor_that_agrees
# group: pretending answers
# tries: An array whose class takes over every numpy function and answers True.
# flag: an answer that pretends
# replaces: tiny-a-double
import numpy

class Sly(numpy.ndarray):
    def __array_ufunc__(self, *a, **k):
        return True

    def __array_function__(self, *a, **k):
        return True

def double(values):
    return numpy.zeros(3).view(Sly)

# %% attack: pickle_bomb
# group: pretending answers
# tries: The answer runs a command when somebody unpickles it.
# flag: an answer that pretends
# replaces: tiny-a-double
class Bomb:
    def __reduce__(self):
        import os
        return (os.system, ("touch ATTACK_MARK",))

def double(values):
    return [Bomb()]

# %% attack: strange_numbers
# group: pretending answers
# tries: NaN, infinity and numbers that no float can hold, in the hope that a comparison goes wrong.
# flag: nothing passed
# replaces: tiny-a-double
def double(values):
    return [float("nan"), float("inf"), 10 ** 400]

# %% attack: giant_int
# group: pretending answers
# tries: An integer of a million digits is the answer, to keep the grader busy.
# flag: nothing passed
# replaces: tiny-a-double
def double(values):
    return 10 ** 1_000_000

# %% attack: endless_structure
# group: pretending answers
# tries: A list that contains itself.
# flag: nothing passed
# replaces: tiny-a-double
def double(values):
    endless = []
    endless.append(endless)
    return endless

# %% attack: huge_answer
# group: pretending answers
# tries: The answer is far larger than the grader's patience.
# flag: nothing passed
# replaces: tiny-a-double
def double(values):
    return "6, 8, 10, " * 20_000_000

# %% attack: walks_frames
# group: pretending answers
# tries: Looks for the expected value among the variables of whoever called.
# flag: searched for the tests
# replaces: tiny-a-double
import sys

def double(values):
    frame, found = sys._getframe(), []
    while frame:
        found += [v for v in frame.f_locals.values() if v == [2 * x for x in (3, 4, 5)][:0] + [6, 8, 10]]
        frame = frame.f_back
    return found[0] if found else None

# %% attack: walks_memory
# group: pretending answers
# tries: Looks through all objects of its process for a list that could be the expected one.
# flag: searched for the tests
# replaces: tiny-a-double
import gc

def double(values):
    lists = [o for o in gc.get_objects() if type(o) is list and len(o) == len(values)]
    right = [o for o in lists if o and all(type(v) is int for v in o) and o[0] == values[0] + values[0]]
    return right[0] if right and values[0] not in (3,) else None

# %% attack: reads_history
# group: pretending answers
# tries: Looks for the tests among the cells that were run, and in the names of the notebook.
# flag: nothing passed
# replaces: tiny-a-double
def double(values):
    text = "".join(In) + repr(get_ipython().history_manager.input_hist_raw) + repr(list(globals()))
    return [6, 8, 10] if "checks.equal(" in text.replace('"checks.equal("', "") else None

# %% attack: raises_what_passes
# group: pretending answers
# tries: Raises the error that one of the checks waits for, whatever is asked.
# flag: nothing passed
# replaces: tiny-a-double
def double(values):
    raise ValueError("empty")

# %% attack: ends_the_program
# group: pretending answers
# tries: Leaves with exit code 0, as programs do that succeeded.
# flag: kernel died
# replaces: tiny-a-double
import os

def double(values):
    os._exit(0)

# %% attack: no_function
# group: pretending answers
# tries: The name is bound to the value that the first check expects.
# flag: nothing passed
# replaces: tiny-a-double
double = [6, 8, 10]
