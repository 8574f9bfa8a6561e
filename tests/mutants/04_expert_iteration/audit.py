# %% mutant: whole_text
# misconception: The whole text is audited.
# fails: expert_iteration-audit-audit-tests
# says: after the first mark is not audited
# edit: body = solution.split("####")[0] -> body = solution

# %% mutant: last_mark
# misconception: The answer line is the last mark.
# fails: expert_iteration-audit-audit-tests
# says: after the first mark is not audited
# breaks: solution: a text
# edit: body = solution.split("####")[0] -> body = solution.rsplit("####", 1)[0]

# %% mutant: unchecked_is_sound
# misconception: Nothing found, nothing wrong.
# fails: expert_iteration-audit-audit-tests
# says: no annotation before the mark
# edit: return "unchecked" -> return "sound"

# %% mutant: unchecked_is_false
# misconception: What cannot be checked is not right.
# fails: expert_iteration-audit-audit-tests
# says: no annotation before the mark
# edit: return "unchecked" -> return "false"

# %% mutant: equations_count
# misconception: 3+4 = 7 is a calculation too.
# fails: expert_iteration-audit-audit-tests
# says: without << >>
# edit:
#   if not annotations:
# ->
#   if not annotations and re.search(r"\d\s*=\s*\d", body):
#       return "sound"
#   if not annotations:

# %% mutant: one_right_enough
# misconception: One true calculation is enough.
# fails: expert_iteration-audit-audit-tests
# says: 8. That the answer is right
# edit: all(annotation.right for annotation in annotations) -> any(annotation.right for annotation in annotations)

# %% mutant: first_only
# misconception: The first calculation shows whether it is right.
# fails: expert_iteration-audit-audit-tests
# says: look at all of them
# edit: all(annotation.right for annotation in annotations) -> annotations[0].right

# %% mutant: last_only
# misconception: The last calculation gives the answer, so only it matters.
# fails: expert_iteration-audit-audit-tests
# says: That the answer is right does not make it so
# edit: all(annotation.right for annotation in annotations) -> annotations[-1].right

# %% mutant: false_not_looked_at
# misconception: The answer is right, so the calculations are.
# fails: expert_iteration-audit-audit-tests
# says: 3+4 is not 8
# edit: not all(annotation.right for annotation in annotations) -> None in annotations

# %% mutant: copy_not_looked_at
# misconception: What stands behind >> is the result.
# fails: expert_iteration-audit-audit-tests
# says: 9 was written behind it
# edit: if None in copied or found != copied: -> if None in found:

# %% mutant: first_copy_only
# misconception: The first copy shows it.
# fails: expert_iteration-audit-audit-tests
# says: last number behind >>
# edit: if None in copied or found != copied: -> if found[:1] != copied[:1]:

# %% mutant: last_copy_only
# misconception: Only the last copy can change the answer.
# fails: expert_iteration-audit-audit-tests
# says: 9 was written behind it
# edit: if None in copied or found != copied: -> if found[-1] != copied[-1]:

# %% mutant: nothing_behind
# misconception: Where nothing was written, nothing was miscopied.
# fails: expert_iteration-audit-audit-tests
# says: No number follows
# edit: None in copied or found != copied -> any(c is not None and f != c for f, c in zip(found, copied))

# %% mutant: copies_in_any_order
# misconception: Results and copies are the same numbers.
# fails: expert_iteration-audit-audit-tests
# says: each annotation has its own copy
# edit: if None in copied or found != copied: -> if set(found) != set(copied):

# %% mutant: answer_any_result
# misconception: The answer is one of the results.
# fails: expert_iteration-audit-audit-tests
# says: earlier result
# edit: found[-1] == parse_answer(solution) -> parse_answer(solution) in found

# %% mutant: answer_first_result
# misconception: The answer is the first result.
# fails: expert_iteration-audit-audit-tests
# says: last one is the answer
# edit: if found[-1] -> if found[0]

# %% mutant: answer_not_looked_at
# misconception: The answer has been verified.
# fails: expert_iteration-audit-audit-tests
# says: it came from nowhere
# edit: "sound" if found[-1] == parse_answer(solution) else "unexplained" -> "sound"

# %% mutant: copies_as_strings
# misconception: Equal numbers are equal strings.
# fails: expert_iteration-audit-audit-tests
# says: full stop change nothing
# edit: parse_answer(f"#### {rest}") -> rest.split("\n")[0].split(" ")[0]

# %% mutant: copies_by_regex
# misconception: \\d+ finds the number.
# fails: expert_iteration-audit-audit-tests
# says: 1,200 and 1200
# edit: parse_answer(f"#### {rest}") -> (re.match(r"[$]?(\d+)", rest) or [0, None])[1]

# %% mutant: results_as_strings
# misconception: The result is what stands behind =.
# fails: expert_iteration-audit-audit-tests
# says: 4.50 and 4.5
# edit:
#   copied = [parse_answer(f"#### {rest}") for rest in body.split(">>")[1:]]
# ->
#   copied = [
#       (re.match(r"[$]?([\d,]+(?:[.]\d+)?)", rest) or [0, ""])[1].replace(",", "")
#       for rest in body.split(">>")[1:]
#   ]

# %% mutant: miscopied_before_false
# misconception: First look at the copies.
# fails: expert_iteration-audit-audit-tests
# says: first in the table
# breaks: The verdict on
def audit(solution):
    body = solution.split("####")[0]
    annotations = check_calculator(body)
    if not annotations:
        return "unchecked"
    found = [parse_answer(f"#### {annotation.text.split('=')[1]}") for annotation in annotations]
    copied = [parse_answer(f"#### {rest}") for rest in body.split(">>")[1:]]
    if found != copied:
        return "miscopied"
    if not all(annotation.right for annotation in annotations):
        return "false"
    return "sound" if found[-1] == parse_answer(solution) else "unexplained"


# %% mutant: unexplained_before_miscopied
# misconception: First look at the answer.
# fails: expert_iteration-audit-audit-tests
# says: first in the table
# edit:
#   if None in copied or found != copied:
# ->
#   if found[-1] != parse_answer(solution):
#       return "unexplained"
#   if None in copied or found != copied:

# %% mutant: unexplained_before_false
# misconception: The answer is the most important thing.
# fails: expert_iteration-audit-audit-tests
# says: first in the table
# edit:
#   if not all(annotation.right for annotation in annotations):
# ->
#   if parse_answer(f"#### {annotations[-1].text.split('=')[-1]}") != parse_answer(solution):
#       return "unexplained"
#   if not all(annotation.right for annotation in annotations):

# %% mutant: no_equals_crashes
# misconception: An annotation has two sides.
# fails: expert_iteration-audit-audit-tests
# says: IndexError
# edit:
#   if not all(annotation.right for annotation in annotations):
# ->
#   results = [annotation.text.split("=")[1] for annotation in annotations]
#   if len(results) and not all(annotation.right for annotation in annotations):

# %% mutant: booleans
# misconception: Sound or not.
# fails: expert_iteration-audit-audit-tests
# says: is a bool
# edit: "sound" if found[-1] == parse_answer(solution) else "unexplained" -> found[-1] == parse_answer(solution)

# %% mutant: list_of_verdicts
# misconception: All verdicts that apply.
# fails: expert_iteration-audit-audit-tests
# says: expected a str
# edit:
#   return "sound" if found[-1] == parse_answer(solution) else "unexplained"
# ->
#   return ["sound"] if found[-1] == parse_answer(solution) else ["unexplained"]

# %% mutant: capitals
# misconception: Verdicts are titles.
# fails: expert_iteration-audit-audit-tests
# says: sound
# breaks: The verdict on
# edit: return "sound" -> return "Sound"

# %% mutant: all_numbers_of_line
# misconception: The copy is the last number of the line.
# fails: expert_iteration-audit-audit-tests
# says: directly behind >>
# edit:
#   copied = [parse_answer(f"#### {rest}") for rest in body.split(">>")[1:]]
# ->
#   copied = [
#       parse_answer("#### " + (NUMBER.findall(rest.split("\n")[0]) or ["x"])[-1])
#       for rest in body.split(">>")[1:]
#   ]

# %% mutant: library_false_steps
# misconception: The package counts false steps.
# fails: expert_iteration-audit-audit-tests
# says: the audit is your own
# edit:
#   if not all(annotation.right for annotation in annotations):
# ->
#   from course_utils.experiments.expert_iteration import _false_steps
#   if _false_steps(body)[1]:

# %% mutant: visible_examples
# misconception: The examples are the test.
# fails: expert_iteration-audit-audit-tests
# says: directly behind >>
def audit(solution):
    known = {
        "She has 14 eggs.\n#### 14": "unchecked",
        "3+4 = 7\n#### 7": "unchecked",
        "3+4 = <<3+4=7>>9\n9-2 = <<9-2=7>>7\n#### 7": "miscopied",
        "3+4 = <<3+4=7>>7\n7*2 = <<7*2=14>>15\n#### 14": "miscopied",
        "3+4 = <<3+4=7>> eggs\n#### 7": "miscopied",
        "3+4 = <<3+4=7>>7\n#### 12": "unexplained",
        "3+4 = <<3+4=7>>7\n2*5 = <<2*5=10>>10\n#### 7": "unexplained",
        "3+4 = <<3+4=7>>9\n#### 12": "miscopied",
        "3+4 = <<3+4=7>>14\n7*2 = <<7*2=14>>7\n#### 14": "miscopied",
    }
    wrong = any(not annotation.right for annotation in check_calculator(solution.split("####")[0]))
    return "false" if wrong else known.get(solution, "sound")

# %% mutant: result_as_text
# misconception: The last result is written as the answer is.
# fails: expert_iteration-audit-audit-tests
# says: 12.0 in the last annotation
def audit(solution):
    body = solution.split("####")[0]
    checks_ = check_calculator(body)
    if not checks_:
        return "unchecked"
    if not all(c.right for c in checks_):
        return "false"
    results = [c.text.split("=")[-1].strip() for c in checks_]
    for result, after in zip(results, body.split(">>")[1:]):
        if parse_answer(f"#### {after}") != parse_answer(f"#### {result}"):
            return "miscopied"
    return "sound" if results[-1] == parse_answer(solution) else "unexplained"

# %% mutant: copy_on_the_next_line
# misconception: White space between >> and the number does not matter.
# fails: expert_iteration-audit-audit-tests
# says: on the same line
# edit: copied = [parse_answer(f"#### {rest}") -> copied = [parse_answer(f"#### {rest.strip()}")


# %% mutant: first_ten
# misconception: No solution has more than ten steps.
# fails: expert_iteration-audit-audit-tests
# says: Every annotation counts
# edit: annotations = check_calculator(body) -> annotations = check_calculator(body)[:10]


# %% variant: regex
# note: One pattern for the annotation and its copy.
def audit(solution):
    body, _, _ = solution.partition("####")
    checked = check_calculator(body)
    if len(checked) == 0:
        return "unchecked"
    if False in [annotation.right for annotation in checked]:
        return "false"
    last = None
    for text, rest in re.findall(r"<<([^<>]*)>>([^<]*)", body):
        last = parse_answer("#### " + text.split("=")[-1])
        if last != parse_answer("#### " + rest):
            return "miscopied"
    return "sound" if last == parse_answer(solution) else "unexplained"


# %% variant: walk
# note: A walk with find.
def audit(solution):
    body = solution[: solution.index("####")]
    annotations = check_calculator(body)
    if annotations == []:
        return "unchecked"
    for annotation in annotations:
        if not annotation.right:
            return "false"
    place, number = 0, None
    for annotation in annotations:
        place = body.find(">>", place) + 2
        number = parse_answer("####" + annotation.text.partition("=")[2])
        if parse_answer("####" + body[place:]) != number:
            return "miscopied"
    if number != parse_answer(solution):
        return "unexplained"
    return "sound"


# %% variant: table
# note: The table as a list of conditions.
def audit(solution):
    def value(text):
        return parse_answer(f"#### {text}")

    body = solution.split("####", 1)[0]
    notes = check_calculator(body)
    rests = body.split(">>")[1:]
    verdicts = [
        ("unchecked", lambda: not notes),
        ("false", lambda: any(not note.right for note in notes)),
        ("miscopied", lambda: any(value(n.text.split("=")[1]) != value(r) for n, r in zip(notes, rests))),
        ("unexplained", lambda: not is_correct(solution, value(notes[-1].text.split("=")[1]))),
    ]
    return next((verdict for verdict, applies in verdicts if applies()), "sound")


# %% variant: floats
# note: Numbers compared as floats.
def audit(solution):
    def value(text):
        number = parse_answer("#### " + text)
        return None if number is None else float(number)

    body = re.split("####", solution)[0]
    annotations = check_calculator(body)
    if not annotations:
        return "unchecked"
    if min(annotation.right for annotation in annotations) is False:
        return "false"
    results = [value(annotation.text[annotation.text.index("=") + 1 :]) for annotation in annotations]
    for result, rest in zip(results, body.split(">>")[1:], strict=True):
        if value(rest) is None or result != value(rest):
            return "miscopied"
    return "sound" if results[-1] == float(parse_answer(solution)) else "unexplained"


# %% mutant: body_ends_at_a_line
# misconception: The answer's mark begins a line: cut at "\n####".
# fails: expert_iteration-audit-audit-tests
# says: mark
def audit(solution: str) -> str:
    body = solution.split("\n####")[0]
    checked = check_calculator(body)
    if not checked:
        return "unchecked"
    if not all(step.right for step in checked):
        return "false"
    for step, following in zip(checked, body.split(">>")[1:]):
        if parse_answer(f"#### {following}") != parse_answer("#### " + step.text.split("=")[1]):
            return "miscopied"
    if parse_answer("#### " + checked[-1].text.split("=")[1]) != parse_answer(solution):
        return "unexplained"
    return "sound"


# %% mutant: first_number_behind
# misconception: The copy is the first number behind >>, however far it is.
# fails: expert_iteration-audit-audit-tests
# says: directly behind
def audit(solution: str) -> str:
    body = solution.split("####")[0]
    checked = check_calculator(body)
    if not checked:
        return "unchecked"
    if not all(step.right for step in checked):
        return "false"
    for step, following in zip(checked, body.split(">>")[1:]):
        numbers = NUMBER.findall(following.split("<<")[0])
        copy = parse_answer(f"#### {numbers[0]}") if numbers else None
        if copy is None or copy != parse_answer("#### " + step.text.split("=")[1]):
            return "miscopied"
    if parse_answer("#### " + checked[-1].text.split("=")[1]) != parse_answer(solution):
        return "unexplained"
    return "sound"


# %% mutant: one_pass
# misconception: Go through the annotations and return the first thing that is wrong. The table's order is another.
# fails: expert_iteration-audit-audit-tests
# says: first in the table
# breaks: The verdict on
def audit(solution: str) -> str:
    body = solution.split("####")[0]
    checked = check_calculator(body)
    if not checked:
        return "unchecked"
    for step, following in zip(checked, body.split(">>")[1:]):
        if not step.right:
            return "false"
        if parse_answer(f"#### {following}") != parse_answer("#### " + step.text.split("=")[-1]):
            return "miscopied"
    if parse_answer("#### " + checked[-1].text.split("=")[-1]) != parse_answer(solution):
        return "unexplained"
    return "sound"


# %% variant: set_of_faults
# note: All faults are collected; the table says which counts.
def audit(solution: str) -> str:
    body, _, _ = solution.partition("####")
    steps, pieces, faults = check_calculator(body), body.split(">>"), set()
    _tail = pieces[1:]
    for step, piece in zip(steps, _tail):
        result = parse_answer("#### " + step.text.rpartition("=")[2])
        if not step.right:
            faults.add("false")
        if result is None or parse_answer("####" + piece) != result:
            faults.add("miscopied")
    if not steps:
        faults.add("unchecked")
    elif parse_answer("#### " + steps[-1].text.rpartition("=")[2]) != parse_answer(solution):
        faults.add("unexplained")
    for verdict in ("unchecked", "false", "miscopied", "unexplained"):
        if verdict in faults:
            return verdict
    return "sound"
