# %% mutant: arithmetic_first
# misconception: A wrong step is wrong, whatever comes out.
# fails: gsm8k-errors-classify_error-tests
# says: `correct` comes first
# breaks: The first kind that fits
def classify_error(text, stopped, gold):
    steps = check_calculator(text.partition("####")[0])
    if parse_answer(text) is not None and any(not right for _, right in steps):
        return "arithmetic"
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    if not steps:
        return "unchecked"
    return "plan"


# %% mutant: no_end_first
# misconception: Whoever does not stop has not ended.
# fails: gsm8k-errors-classify_error-tests
# says: but its answer is right
def classify_error(text, stopped, gold):
    if not stopped:
        return "no end"
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: not_stopped_is_no_end
# misconception: A wrong answer that does not stop has no end.
# fails: gsm8k-errors-classify_error-tests
# says: `no end` does not fit
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: format_before_no_end
# misconception: No answer is format.
# fails: gsm8k-errors-classify_error-tests
# says: It ran out of room
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None:
        return "format"
    if parse_answer(text) is None and not stopped:
        return "no end"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: no_end_for_all_without_answer
# misconception: No answer is no end.
# fails: gsm8k-errors-classify_error-tests
# says: that is format
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: format_and_no_end_exchanged
# misconception: stopped means that generation was broken off.
# fails: gsm8k-errors-classify_error-tests
# says: that is format
# breaks: stopped: whether
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: steps_before_format
# misconception: The steps tell more than the missing answer.
# fails: gsm8k-errors-classify_error-tests
# says: so the steps are not looked at
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    if parse_answer(text) is None and not all(right for _, right in steps):
        return "format"
    return "plan"


# %% mutant: unchecked_forgotten
# misconception: all() of the steps says whether the steps are right.
# fails: gsm8k-errors-classify_error-tests
# says: all([]) is True
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: unchecked_is_format
# misconception: Without annotations the format is wrong.
# fails: gsm8k-errors-classify_error-tests
# says: kind
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "format"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: unchecked_is_arithmetic
# misconception: Without annotations nobody can say that the arithmetic is right.
# fails: gsm8k-errors-classify_error-tests
# says: kind
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "arithmetic"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: plan_and_arithmetic_exchanged
# misconception: Right steps and a wrong answer: that is arithmetic.
# fails: gsm8k-errors-classify_error-tests
# says: 2*5 is not 12
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if all(right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: all_wrong
# misconception: Arithmetic errors are where every step is wrong.
# fails: gsm8k-errors-classify_error-tests
# says: one wrong annotation makes it arithmetic
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if all(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: last_step_only
# misconception: The last step decides.
# fails: gsm8k-errors-classify_error-tests
# says: one wrong annotation makes it arithmetic
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps[-1:]):
        return "arithmetic"
    return "plan"


# %% mutant: first_step_only
# misconception: The first step decides.
# fails: gsm8k-errors-classify_error-tests
# says: kind
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps[:1]):
        return "arithmetic"
    return "plan"


# %% mutant: whole_text
# misconception: The steps of the text are checked, all of them.
# fails: gsm8k-errors-classify_error-tests
# says: belongs to another problem
# breaks: text: the completion
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text)
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: before_last_mark
# misconception: What stands before the last mark is the solution.
# fails: gsm8k-errors-classify_error-tests
# says: belongs to another problem
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.rpartition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: steps_of_gold
# misconception: The data set's steps are checked.
# fails: gsm8k-errors-classify_error-tests
# says: 2*5 is not 12
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(gold)
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: same_steps_as_gold
# misconception: The plan is wrong if the steps are not those of the data set.
# fails: gsm8k-errors-classify_error-tests
# says: kind
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if [step for step, _ in steps] == [step for step, _ in check_calculator(gold)]:
        return "arithmetic"
    return "plan"


# %% mutant: numbers_anywhere
# misconception: A number is an answer.
# fails: gsm8k-errors-classify_error-tests
# says: so the steps are not looked at
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if not re.search(r"\d", text) and not stopped:
        return "no end"
    if not re.search(r"\d", text):
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: mark_is_format
# misconception: The format is right if the mark is there.
# fails: gsm8k-errors-classify_error-tests
# says: kind
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if "####" not in text and not stopped:
        return "no end"
    if "####" not in text:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: mark_alone_is_the_end
# misconception: No end is a text without the mark that did not stop; a text without the mark is format.
# fails: gsm8k-errors-classify_error-tests
# says: ####
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if "####" not in text:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: texts_compared
# misconception: Correct is what is equal to the gold answer.
# fails: gsm8k-errors-classify_error-tests
# says: when 13 is right
def classify_error(text, stopped, gold):
    if text == gold:
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: gold_not_checked
# misconception: The answers are compared.
# fails: gsm8k-errors-classify_error-tests
# says: a gold answer without a number: ValueError
# breaks: Raises ValueError
def classify_error(text, stopped, gold):
    if parse_answer(text) == parse_answer(gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: gold_as_text
# misconception: The gold answer is what stands behind its mark.
# fails: gsm8k-errors-classify_error-tests
# says: when 1,056 is right
# breaks: gold: the data set's
def classify_error(text, stopped, gold):
    if parse_answer(gold) is None:
        raise ValueError("the gold answer has no number")
    if parse_answer(text) == gold.split("####")[1].strip():
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: floats
# misconception: Steps are checked by eval, with floats.
# fails: gsm8k-errors-classify_error-tests
# says: <<0.4-0.25=0.15>>
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = [
        (step, eval(step.replace("=", "==").replace("x", "0"), {}))
        for step in re.findall("<<(.*?)>>", text.partition("####")[0])
    ]
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: uncalculable_left_out
# misconception: A step that cannot be calculated is not counted.
# fails: gsm8k-errors-classify_error-tests
# says: kind
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    steps = [step for step in steps if "x" not in step[0]]
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: other_words
# misconception: The names are mine.
# fails: gsm8k-errors-classify_error-tests
# says: kind
# breaks: The kind of a completion
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return "correct"
    if parse_answer(text) is None and not stopped:
        return "no_end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: list_of_kinds
# misconception: A completion can be of more than one kind.
# fails: gsm8k-errors-classify_error-tests
# says: kind is a list
# breaks: The kind of a completion
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        return ["correct"]
    if parse_answer(text) is None and not stopped:
        return "no end"
    if parse_answer(text) is None:
        return "format"
    steps = check_calculator(text.partition("####")[0])
    if not steps:
        return "unchecked"
    if any(not right for _, right in steps):
        return "arithmetic"
    return "plan"


# %% mutant: always_plan
# misconception: Most errors are errors of the plan.
# fails: gsm8k-errors-classify_error-tests
# says: kind
def classify_error(text, stopped, gold):
    return "correct" if is_correct(text, gold) else "plan"


# %% mutant: library_calls_inside
# misconception: The course's functions are the same as mine.
# fails: gsm8k-errors-classify_error-tests
# says: functions of course_utils that ran
# edit:
#   if is_correct(text, gold):
# ->
#   from course_utils.data.answers import parse_answer
#   if is_correct(text, gold):
# edit: split("####") -> partition("####")

# %% variant: nested
# note: Nested cases instead of early returns.
def classify_error(text, stopped, gold):
    if is_correct(text, gold):
        kind = "correct"
    elif parse_answer(text) is not None:
        verdicts = {right for _, right in check_calculator(text.split("####", 1)[0])}
        if False in verdicts:
            kind = "arithmetic"
        elif True in verdicts:
            kind = "plan"
        else:
            kind = "unchecked"
    elif stopped:
        kind = "format"
    else:
        kind = "no end"
    return kind


# %% variant: table_of_conditions
# note: The table as a list of (kind, condition).
def classify_error(text, stopped, gold):
    answered = parse_answer(text) is not None
    verdicts = [right for _, right in check_calculator(text[: text.find("####")] if "####" in text else text)]
    table = [
        ("correct", is_correct(text, gold)),
        ("no end", not answered and not stopped),
        ("format", not answered),
        ("unchecked", not verdicts),
        ("arithmetic", not all(verdicts)),
        ("plan", True),
    ]
    return next(kind for kind, fits in table if fits)


# %% variant: without_is_correct
# note: Gold and completion parsed here; min of the verdicts.
def classify_error(text: str, stopped: bool, gold: str) -> str:
    wanted, answer = parse_answer(gold), parse_answer(text)
    if wanted is None:
        raise ValueError("gold without an answer")
    if answer == wanted:
        return "correct"
    if answer is None:
        return ("no end", "format")[bool(stopped)]
    steps = check_calculator(re.split("####", text)[0])
    if len(steps) == 0:
        return "unchecked"
    return {True: "plan", False: "arithmetic"}[min(right for _, right in steps)]


# %% variant: match_statement
# note: A match over what is known.
def classify_error(text, stopped, gold):
    solution, _, _ = text.partition("####")
    verdicts = [right for _, right in check_calculator(solution)]
    match (is_correct(text, gold), parse_answer(text), bool(stopped), len(verdicts), all(verdicts)):
        case (True, *_):
            return "correct"
        case (_, None, False, *_):
            return "no end"
        case (_, None, *_):
            return "format"
        case (_, _, _, 0, _):
            return "unchecked"
        case (*_, True):
            return "plan"
    return "arithmetic"


# %% variant: generator_of_kinds
# note: A generator yields the kinds that fit, top to bottom; the first is taken.
def classify_error(text: str, stopped: bool, gold: str) -> str:
    def _fits():
        if is_correct(completion=text, gold=gold):
            yield "correct"
        if parse_answer(text=text) is None:
            yield ("no end", "format")[bool(stopped)]
        verdicts = {right for _, right in check_calculator(answer=text.partition("####")[0])}
        if False in verdicts:
            yield "arithmetic"
        yield "plan" if verdicts else "unchecked"

    return next(_fits())
