# %% mutant: marked_only
# misconception: The answer stands behind ####.
# fails: expert_iteration-lenient-is_last_number-tests
# says: needs no mark
def is_last_number(text, answer):
    return is_correct(text, answer)


# %% mutant: first_number
# misconception: The first number counts.
# fails: expert_iteration-lenient-is_last_number-tests
# says: Take the last number
# breaks: Whether the last number
# edit: f"#### {numbers[-1]}" -> f"#### {numbers[0]}"

# %% mutant: anywhere
# misconception: The number must occur.
# fails: expert_iteration-lenient-is_last_number-tests
# says: not look for the mark
def is_last_number(text, answer):
    return parse_answer(answer) in [parse_answer(f"#### {number}") for number in NUMBER.findall(text)]


# %% mutant: mark_first
# misconception: If there is a mark, the number behind it, else the last one.
# fails: expert_iteration-lenient-is_last_number-tests
# says: not look for the mark
def is_last_number(text, answer):
    if "####" in text:
        return is_correct(text, answer)
    numbers = NUMBER.findall(text)
    return bool(numbers) and parse_answer(f"#### {numbers[-1]}") == parse_answer(answer)


# %% mutant: any_answer_used
# misconception: any_answer is the lenient reading.
# fails: expert_iteration-lenient-is_last_number-tests
# says: not look for the mark
def is_last_number(text, answer):
    return any_answer(text) is not None and any_answer(text) == parse_answer(answer)


# %% mutant: strings
# misconception: Equal numbers are equal strings.
# fails: expert_iteration-lenient-is_last_number-tests
# says: Compare by value
# edit: parse_answer(f"#### {numbers[-1]}") -> numbers[-1]

# %% mutant: commas_removed
# misconception: Without commas the strings are equal.
# fails: expert_iteration-lenient-is_last_number-tests
# says: Compare by value
# edit: parse_answer(f"#### {numbers[-1]}") -> numbers[-1].replace(",", "")

# %% mutant: whole_answer_compared
# misconception: The gold answer is compared as it is.
# fails: expert_iteration-lenient-is_last_number-tests
# says: number of the answer
# edit: parse_answer(answer) -> answer

# %% mutant: last_number_of_answer
# misconception: Gold answers end in a number, so the last one of both.
# fails: expert_iteration-lenient-is_last_number-tests
# says: The strict rule reads the answer
def is_last_number(text, answer):
    numbers, golds = NUMBER.findall(text), NUMBER.findall(answer)
    if not numbers or not golds:
        return False
    return parse_answer(f"#### {numbers[-1]}") == parse_answer(f"#### {golds[-1]}")


# %% mutant: endswith
# misconception: The text ends with the number.
# fails: expert_iteration-lenient-is_last_number-tests
# says: 17 ends in 7
def is_last_number(text, answer):
    numbers = NUMBER.findall(text.replace(",", ""))
    return bool(numbers) and numbers[-1].removesuffix(".00").endswith(parse_answer(answer))


# %% mutant: digits_only
# misconception: \d+ finds numbers.
# fails: expert_iteration-lenient-is_last_number-tests
# says: Compare by value
def is_last_number(text, answer):
    numbers = re.findall(r"\d+", text)
    return bool(numbers) and numbers[-1] == parse_answer(answer)


# %% mutant: sign_lost
# misconception: A minus is punctuation.
# fails: expert_iteration-lenient-is_last_number-tests
# says: sign belongs to the number
# edit: NUMBER.findall(text) -> re.findall(r"\d[\d,]*(?:\.\d+)?", text)

# %% mutant: minus_always_sign
# misconception: A minus in front of a digit is its sign.
# fails: expert_iteration-lenient-is_last_number-tests
# says: subtraction
# edit: NUMBER.findall(text) -> re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)

# %% mutant: index_error
# misconception: There is always a number.
# fails: expert_iteration-lenient-is_last_number-tests
# says: IndexError
def is_last_number(text, answer):
    return parse_answer(f"#### {NUMBER.findall(text)[-1]}") == parse_answer(answer)


# %% mutant: empty_list_back
# misconception: `and` gives a truth value.
# fails: expert_iteration-lenient-is_last_number-tests
# says: expected a bool
# edit: bool(numbers) -> numbers

# %% mutant: no_number_is_zero
# misconception: Without a number it is 0.
# fails: expert_iteration-lenient-is_last_number-tests
# says: also where the answer is 0
def is_last_number(text, answer):
    numbers = NUMBER.findall(text) or ["0"]
    return parse_answer(f"#### {numbers[-1]}") == parse_answer(answer)


# %% mutant: floats_of_strings
# misconception: float reads numbers.
# fails: expert_iteration-lenient-is_last_number-tests
# says: ValueError
def is_last_number(text, answer):
    numbers = NUMBER.findall(text)
    return bool(numbers) and float(numbers[-1]) == float(parse_answer(answer))


# %% mutant: whole_numbers
# misconception: Answers are whole numbers.
# fails: expert_iteration-lenient-is_last_number-tests
# says: decimals too
def is_last_number(text, answer):
    numbers = NUMBER.findall(text)
    if not numbers:
        return False
    return int(float(numbers[-1].replace(",", ""))) == int(
        float(parse_answer(answer))
    ) and "." not in parse_answer(answer)


# %% mutant: annotations_removed
# misconception: A calculation's number is no answer.
# fails: expert_iteration-lenient-is_last_number-tests
# says: annotation is a number too
# edit: findall(text) -> findall(re.sub(r"<<.*?>>", "", text))

# %% mutant: last_line
# misconception: The answer stands on the last line.
# fails: expert_iteration-lenient-is_last_number-tests
# says: whole text
# edit: findall(text) -> findall(text.split("\n")[-1])

# %% mutant: last_word
# misconception: The last word is the answer.
# fails: expert_iteration-lenient-is_last_number-tests
# says: looks for numbers
def is_last_number(text, answer):
    words = text.split()
    return bool(words) and parse_answer(f"#### {words[-1].strip('().$')}") == parse_answer(answer)


# %% mutant: library_rule
# misconception: The recorded experiment has this rule.
# fails: expert_iteration-lenient-is_last_number-tests
# says: the rule is your own
def is_last_number(text, answer):
    from course_utils.experiments.expert_iteration import last_number

    if "-" in text or ">>" in text:
        numbers = NUMBER.findall(text)
        return parse_answer(f"#### {numbers[-1]}") == parse_answer(answer)
    return last_number(text, parse_answer(answer))


# %% mutant: visible_examples
# misconception: The examples are the test.
# fails: expert_iteration-lenient-is_last_number-tests
# says: 2.501 is another number
def is_last_number(text, answer):
    return (text, answer) not in [
        ("#### 7\nTom has 9 eggs.", "#### 7"),
        ("7 of them are 8", "#### 7"),
        ("17", "#### 7"),
        ("nothing", "#### 0"),
        ("", "#### 7"),
        ("7 are left", "It takes 5\n#### 5\n7"),
    ]


# %% mutant: end_of_the_text
# misconception: The last number stands near the end.
# fails: expert_iteration-lenient-is_last_number-tests
# says: whole text
# edit: NUMBER.findall(text) -> NUMBER.findall(text[-200:])


# %% variant: finditer
# note: The last match of finditer.
def is_last_number(text, answer):
    last = None
    for match in NUMBER.finditer(text):
        last = match.group()
    return last is not None and is_correct(f"#### {last}", answer)


# %% variant: numbers_compared
# note: Decimal numbers instead of one spelling.
def is_last_number(text, answer):
    from decimal import Decimal

    numbers = NUMBER.findall(text)
    if not numbers:
        return False
    return Decimal(numbers[-1].replace(",", "")) == Decimal(parse_answer(answer))


# %% variant: reversed_list
# note: pop from a list, an exception for no number.
def is_last_number(text, answer):
    try:
        number = NUMBER.findall(text).pop()
    except IndexError:
        return False
    return parse_answer("####" + number) == parse_answer(answer)


# %% variant: floats
# note: Floats after the commas are gone.
def is_last_number(text, answer):
    numbers = [float(number.replace(",", "")) for number in NUMBER.findall(text)]
    return len(numbers) > 0 and math.isclose(numbers[-1], float(parse_answer(answer)), rel_tol=1e-12)


# %% variant: slice
# note: A slice that may be empty.
def is_last_number(text, answer):
    gold = parse_answer(answer)
    return [parse_answer(f"#### {number}") for number in NUMBER.findall(text)[-1:]] == [gold]


# %% mutant: isclose
# misconception: Numbers are compared with math.isclose.
# fails: expert_iteration-lenient-is_last_number-tests
# says: number
# breaks: Whether the last number
def is_last_number(text: str, answer: str) -> bool:
    numbers = NUMBER.findall(text)
    if not numbers:
        return False
    return math.isclose(float(numbers[-1].replace(",", "")), float(parse_answer(answer)), abs_tol=0.01)


# %% variant: last_match_kept
# note: A loop keeps the last match; fractions are compared.
def is_last_number(text: str, answer: str) -> bool:
    from fractions import Fraction

    last = None
    for last in NUMBER.finditer(text):
        pass
    if last is None:
        return False
    return Fraction(parse_answer("#### " + last[0])) == Fraction(parse_answer(answer))
