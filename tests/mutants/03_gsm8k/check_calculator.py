# %% mutant: greedy_pattern
# misconception: .* takes what is between the brackets.
# fails: gsm8k-calculator-check_calculator-tests
# says: the pattern .* is greedy
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<(.*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: result_after_brackets
# misconception: The result is what stands after >>.
# fails: gsm8k-calculator-check_calculator-tests
# says: calculate both sides of the = inside the brackets
def check_calculator(answer):
    checked = []
    for text, shown in re.findall(r"<<([^<>]*)>>([\d.,]*\d)?", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[1]) == calculate(shown)
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: all_right
# misconception: Real data have no mistakes.
# fails: gsm8k-calculator-check_calculator-tests
# says: You called both right
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: brackets_kept
# misconception: The annotation is all of it, brackets too.
# fails: gsm8k-calculator-check_calculator-tests
# says: The brackets are left
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((f"<<{text}>>", right))
    return checked


# %% mutant: expression_only
# misconception: The text is the expression.
# fails: gsm8k-calculator-check_calculator-tests
# says: You returned the expression alone
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((sides[0], right))
    return checked


# %% mutant: lists
# misconception: A pair is a list of two.
# fails: gsm8k-calculator-check_calculator-tests
# says: You returned lists
# breaks: Returns a list
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append([text, right])
    return checked


# %% mutant: only_wrong_ones
# misconception: What is wanted are the mistakes.
# fails: gsm8k-calculator-check_calculator-tests
# says: Only the wrong ones came back
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        if not right:
            checked.append((text, right))
    return checked


# %% mutant: only_the_first
# misconception: re.search finds the annotation.
# fails: gsm8k-calculator-check_calculator-tests
# says: Only the first came back
# breaks: Every annotation
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer)[:1]:
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: first_verdict_for_all
# misconception: One right annotation speaks for the solution.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked[1][1]
# says: one right and one wrong annotation
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return [(text, checked[0][1]) for text, _ in checked]


# %% mutant: one_verdict
# misconception: A solution is right if all its annotations are.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked is a bool
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return all(right for _, right in checked)


# %% mutant: verdicts_alone
# misconception: The texts are known.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked[0] is a bool
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append(right)
    return checked


# %% mutant: floats_compared
# misconception: float is good enough for school arithmetic.
# fails: gsm8k-calculator-check_calculator-tests
# says: 0.15000000000000002
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and eval(sides[0]) == eval(sides[1])
        except Exception:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: float_of_result
# misconception: The left side is calculated, the right side is a float.
# fails: gsm8k-calculator-check_calculator-tests
# says: The right side may be an expression
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and float(calculate(sides[0])) == float(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: texts_compared
# misconception: The result is the text of the value.
# fails: gsm8k-calculator-check_calculator-tests
# says: 3/20 and 0.15 are one number
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and str(calculate(sides[0])) == sides[1]
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: right_side_is_a_number
# misconception: The right side is a number: parse it.
# fails: gsm8k-calculator-check_calculator-tests
# says: The right side may be an expression
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == Fraction(
                sides[1] if "/" not in sides[1] else "0"
            )
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: whole_results
# misconception: Results are whole numbers.
# fails: gsm8k-calculator-check_calculator-tests
# says: read the result as a whole number
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == int(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: rounded
# misconception: Differences below one half are rounding.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and abs(calculate(sides[0]) - calculate(sides[1])) <= 1
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: no_try
# misconception: Annotations can always be calculated.
# fails: gsm8k-calculator-check_calculator-tests
# says: ValueError
# breaks: Never raises
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        checked.append((text, len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])))
    return checked


# %% mutant: parsed_first
# misconception: What does not parse is a SyntaxError.
# fails: gsm8k-calculator-check_calculator-tests
# says: never raises
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            trees = [ast.parse(side.strip(), mode="eval") for side in sides]
            right = len(trees) == 2 and calculate(sides[0]) == calculate(sides[1])
        except (SyntaxError, ValueError):
            right = False
        checked.append((text, right))
    return checked


# %% mutant: unpacked
# misconception: Each annotation has exactly one =.
# fails: gsm8k-calculator-check_calculator-tests
# says: not enough values
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        left, right = text.split("=")
        try:
            checked.append((text, calculate(left) == calculate(right)))
        except ValueError:
            checked.append((text, False))
    return checked


# %% mutant: left_out
# misconception: What cannot be calculated is no annotation.
# fails: gsm8k-calculator-check_calculator-tests
# says: were left out
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        if len(sides) != 2:
            continue
        try:
            right = calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            continue
        checked.append((text, right))
    return checked


# %% mutant: only_with_equals
# misconception: An annotation has a =; the pattern asks for it.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]+=[^<>]+)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: first_two_sides
# misconception: What comes after a second = does not matter.
# fails: gsm8k-calculator-check_calculator-tests
# says: There must be exactly one
# breaks: False as well
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) >= 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: none_for_unknown
# misconception: None says that nobody knows.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked
# breaks: False as well
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = None
        checked.append((text, right))
    return checked


# %% mutant: one_bracket
# misconception: The pattern is <...>.
# fails: gsm8k-calculator-check_calculator-tests
# says: single brackets are no annotation
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<([^<>]*)>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: loose_brackets
# misconception: Spaces between the brackets do not matter.
# fails: gsm8k-calculator-check_calculator-tests
# says: single brackets are no annotation
def check_calculator(answer):
    checked = []
    for text in re.findall(r"< ?<([^<>]*)> ?>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: sorted
# misconception: Right ones first.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked[0]
# breaks: Every annotation
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return sorted(checked, key=lambda pair: pair[1])


# %% mutant: dictionary
# misconception: A dict keeps texts and verdicts.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked is a dict
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return dict(checked)


# %% mutant: duplicates_dropped
# misconception: The same annotation need not be checked twice.
# fails: gsm8k-calculator-check_calculator-tests
# says: the same annotation twice
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return list(dict(checked).items())


# %% mutant: stops_at_the_first_mistake
# misconception: After a wrong step all is wrong.
# fails: gsm8k-calculator-check_calculator-tests
# says: can be right
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    broken = False
    for i, (text, right) in enumerate(checked):
        broken = broken or not right
        checked[i] = (text, right and not broken)
    return checked


# %% mutant: one_line_only
# misconception: An annotation list is looked for in the first line.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer.split("\n")[0]):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: text_stripped
# misconception: Spaces at the ends of an annotation are dirt.
# fails: gsm8k-calculator-check_calculator-tests
# says: as it stands
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text.strip(), right))
    return checked


# %% mutant: spaces_removed
# misconception: Spaces in an annotation are dirt.
# fails: gsm8k-calculator-check_calculator-tests
# says: as it stands
def check_calculator(answer):
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer.replace(" ", "")):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: toy_answer
# misconception: The toy has one right and one wrong annotation.
# fails: gsm8k-calculator-check_calculator-tests
# says: checked
def check_calculator(answer):
    return [("12+5=17", True), ("17*2=35", False)]


# %% mutant: library_call
# misconception: The course's package can do it.
# fails: gsm8k-calculator-check_calculator-tests
# says: functions of course_utils that ran
def check_calculator(answer):
    from course_utils.data.calculator import check_calculator as library

    return [(step.text, step.right) for step in library(answer)]

# %% mutant: one_line_dots
# misconception: A point in a pattern stands for any sign.
# fails: gsm8k-calculator-check_calculator-tests
# says: wherever a line ends
def check_calculator(answer):
    out = []
    for text in re.findall(r"<<(.*?)>>", answer):
        try:
            left, right = text.split("=")
            good = calculate(left) == calculate(right)
        except ValueError:
            good = False
        out.append((text, good))
    return out

# %% mutant: first_fifty
# misconception: No solution has more than fifty annotations.
# fails: gsm8k-calculator-check_calculator-tests
# says: however many there are
# edit: re.findall( -> (lambda *found: re.findall(*found)[:50])(


# %% variant: finditer_partition
# note: finditer, partition and a count of =.
def check_calculator(answer):
    def right(text):
        left, _, result = text.partition("=")
        if text.count("=") != 1:
            return False
        try:
            return calculate(left) - calculate(result) == 0
        except ValueError:
            return False

    return [(found.group(1), right(found.group(1))) for found in re.finditer(r"<<(.*?)>>", answer, re.S)]


# %% variant: split_by_hand
# note: split at << and >>, no pattern.
def check_calculator(answer):
    result = []
    for piece in answer.split("<<")[1:]:
        text, closing, _ = piece.partition(">>")
        if not closing:
            continue
        try:
            left, right = map(calculate, text.split("="))
        except ValueError:
            result.append((text, False))
        else:
            result.append((text, left == right))
    return result


# %% variant: two_values_in_a_set
# note: Both sides in a set: one element if they are equal.
def check_calculator(answer):
    result = []
    for text in re.findall("<<([^>]*)>>", answer):
        verdict = False
        if len(sides := text.split("=")) == 2:
            try:
                verdict = len({calculate(side) for side in sides}) == 1
            except ValueError:
                pass
        result += [(text, verdict)]
    return result


# %% variant: helper_with_none
# note: A helper gives None for what cannot be calculated.
def _value(text):
    try:
        return calculate(text)
    except ValueError:
        return None


def check_calculator(answer: str) -> list[tuple[str, bool]]:
    texts = re.findall(r"<<([^<>]*)>>", answer)
    values = [[_value(side) for side in text.split("=")] for text in texts]
    return [
        (text, len(sides) == 2 and sides[0] is not None and sides[0] == sides[1])
        for text, sides in zip(texts, values)
    ]


# %% mutant: isclose
# misconception: math.isclose is the right way to compare numbers.
# fails: gsm8k-calculator-check_calculator-tests
# says: same
# breaks: Returns a list
def check_calculator(answer: str) -> list[tuple[str, bool]]:
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and math.isclose(calculate(sides[0]), calculate(sides[1]), rel_tol=1e-6)
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: rounded_results_are_right
# misconception: People round, so a result within a cent is right.
# fails: gsm8k-calculator-check_calculator-tests
# says: equal
def check_calculator(answer: str) -> list[tuple[str, bool]]:
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and abs(calculate(sides[0]) - calculate(sides[1])) < Fraction(1, 100)
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% mutant: up_to_the_mark
# misconception: What stands behind the answer's mark is another problem's.
# fails: gsm8k-calculator-check_calculator-tests
# says: annotations
# breaks: Every annotation
def check_calculator(answer: str) -> list[tuple[str, bool]]:
    checked = []
    for text in re.findall(r"<<([^<>]*)>>", answer.split("####")[0]):
        sides = text.split("=")
        try:
            right = len(sides) == 2 and calculate(sides[0]) == calculate(sides[1])
        except ValueError:
            right = False
        checked.append((text, right))
    return checked


# %% variant: difference_is_zero
# note: Called by keyword; both sides are equal where their difference is 0; any error means not right.
def check_calculator(answer: str) -> list[tuple[str, bool]]:
    def _right(text):
        try:
            (left, right) = text.split("=")
            return not calculate(expression=left) - calculate(expression=right)
        except Exception:
            return False

    return list(map(lambda found: (found[1], _right(found[1])), re.finditer("<<([^<>]*)>>", answer)))


# %% variant: numerators_and_denominators
# note: A generator of pairs; fractions are compared by their two parts.
def check_calculator(answer: str) -> list[tuple[str, bool]]:
    def _checked():
        for text in re.findall(r"<<([^<>]*)>>", answer):
            right = text.count("=") == 1
            if right:
                try:
                    first, second = (calculate(side).as_integer_ratio() for side in text.split("="))
                    right = first == second
                except ValueError:
                    right = False
            yield text, right

    return [*_checked()]
