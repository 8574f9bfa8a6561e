# %% mutant: texts_compared
# misconception: The completion is right if it is the gold answer.
# fails: gsm8k-answers-is_correct-tests
# says: You compared the texts
# breaks: Whether the answer of
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return completion.strip() == gold.strip()


# %% mutant: last_lines_compared
# misconception: What counts is the last line: compare it as text.
# fails: gsm8k-answers-is_correct-tests
# says: Compare what parse_answer makes of both
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return completion.split("\n")[-1] == gold.split("\n")[-1]


# %% mutant: gold_by_split
# misconception: The gold answer is clean: what stands after its mark is the answer.
# fails: gsm8k-answers-is_correct-tests
# says: Parse both
# breaks: Uses parse_answer
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return parse_answer(completion) == gold.split("####")[1].strip()


# %% mutant: gold_in_completion
# misconception: The completion is right if the gold number is in it.
# fails: gsm8k-answers-is_correct-tests
# says: 100 contains 10
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return wanted in completion.replace(",", "")


# %% mutant: answer_in_answer
# misconception: in compares answers kindly.
# fails: gsm8k-answers-is_correct-tests
# says: 100 contains 10 and begins with 10
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return parse_answer(completion) is not None and wanted in parse_answer(completion)


# %% mutant: begins_with
# misconception: The answer may go on after the gold number.
# fails: gsm8k-answers-is_correct-tests
# says: 100 contains 10 and begins with 10
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return (parse_answer(completion) or "").startswith(wanted)


# %% mutant: other_way_round
# misconception: The answer in the gold number is as good.
# fails: gsm8k-answers-is_correct-tests
# says: 100 contains 10
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    answer = parse_answer(completion)
    return answer is not None and answer in wanted


# %% mutant: absolute_value
# misconception: The sign is a matter of the story.
# fails: gsm8k-answers-is_correct-tests
# says: The sign counts
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    answer = parse_answer(completion)
    return answer is not None and abs(float(answer)) == abs(float(wanted))


# %% mutant: lenient
# misconception: A right number without the mark is a right answer.
# fails: gsm8k-answers-is_correct-tests
# says: No mark, no answer
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    numbers = re.findall(r"-?\d+", completion)
    return (parse_answer(completion) or (numbers[-1] if numbers else None)) == wanted


# %% mutant: float_of_none
# misconception: float makes numbers comparable.
# fails: gsm8k-answers-is_correct-tests
# says: TypeError
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return float(parse_answer(completion)) == float(wanted)


# %% mutant: error_for_no_answer
# misconception: A completion without an answer cannot be judged.
# fails: gsm8k-answers-is_correct-tests
# says: ValueError
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None or parse_answer(completion) is None:
        raise ValueError("the gold answer has no number")
    return parse_answer(completion) == wanted


# %% mutant: last_mark
# misconception: After more than one mark the last one counts.
# fails: gsm8k-answers-is_correct-tests
# says: The first mark counts
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return parse_answer("####" + completion.rpartition("####")[2] if "####" in completion else "") == wanted


# %% mutant: any_mark
# misconception: The completion is right if one of its marks has the right number.
# fails: gsm8k-answers-is_correct-tests
# says: The first mark counts
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return wanted in [parse_answer("####" + part) for part in completion.split("####")[1:]]


# %% mutant: no_check_of_gold
# misconception: Every gold answer has a number.
# fails: gsm8k-answers-is_correct-tests
# says: a gold answer without a number: ValueError
# says: None == None
# breaks: Raises ValueError
def is_correct(completion, gold):
    return parse_answer(completion) == parse_answer(gold)


# %% mutant: false_for_broken_gold
# misconception: Nothing can be right if there is no gold number.
# fails: gsm8k-answers-is_correct-tests
# says: a gold answer without a number: ValueError
# edit: raise ValueError(f"the gold answer {gold!r} has no number after ####") -> return False

# %% mutant: assertion
# misconception: assert checks the arguments.
# fails: gsm8k-answers-is_correct-tests
# says: expected ValueError
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    assert wanted is not None, "the gold answer has no number"
    return parse_answer(completion) == wanted


# %% mutant: gold_not_named
# misconception: ValueError is enough; what it says is for me.
# fails: gsm8k-answers-is_correct-tests
# says: gold
# breaks: Raises ValueError
# edit: raise ValueError(f"the gold answer {gold!r} has no number after ####") -> raise ValueError("no number")

# %% mutant: integers_compared
# misconception: Answers are whole numbers.
# fails: gsm8k-answers-is_correct-tests
# says: '#### 2.5'
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    answer = parse_answer(completion)
    return answer is not None and int(float(answer)) == int(float(wanted))


# %% mutant: returns_answer
# misconception: A right answer is something true.
# fails: gsm8k-answers-is_correct-tests
# says: correct is a str
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return parse_answer(completion) if parse_answer(completion) == wanted else False


# %% mutant: returns_int
# misconception: 1 for right, 0 for wrong.
# fails: gsm8k-answers-is_correct-tests
# says: correct is an int
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return int(parse_answer(completion) == wanted)


# %% mutant: always_true
# misconception: The toy is right.
# fails: gsm8k-answers-is_correct-tests
# says: correct is True, expected False
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return True


# %% mutant: arguments_exchanged
# misconception: Which one is parsed first does not matter.
# fails: gsm8k-answers-is_correct-tests
# says: ValueError: the gold answer
def is_correct(completion, gold):
    wanted = parse_answer(completion)
    if wanted is None:
        raise ValueError("the gold answer has no number")
    return parse_answer(gold) == wanted


# %% mutant: library_call
# misconception: The course's package can do it.
# fails: gsm8k-answers-is_correct-tests
# says: functions of course_utils that ran
def is_correct(completion, gold):
    from course_utils.data import answers

    if answers.parse_answer(gold) is None:
        raise ValueError("the gold answer has no number")
    return answers.is_correct(completion, gold)


# %% variant: completion_first
# note: Both are parsed, then looked at.
def is_correct(completion, gold):
    answer, wanted = parse_answer(completion), parse_answer(gold)
    if not wanted:
        raise ValueError(f"gold has no answer: {gold}")
    return wanted == answer


# %% variant: as_fractions
# note: Numbers are compared, not their spelling.
def is_correct(completion, gold):
    wanted = parse_answer(gold)
    if wanted is None:
        raise ValueError("no number after #### in the gold answer")
    answer = parse_answer(completion)
    return answer is not None and Fraction(answer) == Fraction(wanted)


# %% variant: early_returns
# note: One case after the other.
def is_correct(completion: str, gold: str) -> bool:
    if (wanted := parse_answer(gold)) is None:
        raise ValueError("GOLD without an answer")
    answer = parse_answer(completion)
    if answer is None:
        return False
    if answer == wanted:
        return True
    return False


# %% variant: in_a_set
# note: Membership in a set of one.
def is_correct(completion, gold):
    right = {parse_answer(gold)}
    if None in right:
        raise ValueError("gold: " + gold)
    return parse_answer(completion) in right


# %% mutant: close_enough
# misconception: Numbers are compared with math.isclose.
# fails: gsm8k-answers-is_correct-tests
# says: correct
# breaks: Whether the answer of
def is_correct(completion: str, gold: str) -> bool:
    answer, target = parse_answer(completion), parse_answer(gold)
    if target is None:
        raise ValueError("gold answer without a number")
    return answer is not None and math.isclose(float(answer), float(target), rel_tol=1e-3)


# %% mutant: gold_needs_only_a_mark
# misconception: A gold answer with the mark has a number behind it.
# fails: gsm8k-answers-is_correct-tests
# says: gold
# breaks: Raises ValueError
def is_correct(completion: str, gold: str) -> bool:
    if "####" not in gold:
        raise ValueError("gold answer without ####")
    return parse_answer(completion) == parse_answer(gold)


# %% variant: called_by_keyword
# note: parse_answer called by keyword, both numbers in a dict.
def is_correct(completion: str, gold: str) -> bool:
    numbers = {name: parse_answer(text=text) for name, text in (("gold", gold), ("completion", completion))}
    if numbers["gold"] is None:
        raise ValueError("No number in the Gold answer.")
    return len(set(numbers.values())) == 1


# %% variant: helper_with_error
# note: A helper raises; the comparison is the last step.
def is_correct(completion: str, gold: str) -> bool:
    def _wanted():
        number = parse_answer(gold)
        if not number:
            raise ValueError(f"gold: {gold}")
        return number

    return _wanted() == (parse_answer(completion) or "no number")
