# %% mutant: format_first
# misconception: What changes first is the format, so it is weighed with the old skill.
# fails: expert_iteration-split-split_climb-tests
# says: old skill only
# says: mean of both
# breaks: How much of a change
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * s0, "skill": (s1 - s0) * f1}


# %% mutant: skill_first
# misconception: What changes first is the skill.
# fails: expert_iteration-split-split_climb-tests
# says: new skill only
# says: mean of both
# breaks: How much of a change
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * s1, "skill": (s1 - s0) * f0}


# %% mutant: corner_missing
# misconception: Each part is its change with the other as it was.
# fails: expert_iteration-split-split_climb-tests
# says: corner that belongs to both changes is missing
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * s0, "skill": (s1 - s0) * f0}


# %% mutant: corner_twice
# misconception: Each part is its change with the other as it is now.
# fails: expert_iteration-split-split_climb-tests
# says: corner was counted twice
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * s1, "skill": (s1 - s0) * f1}


# %% mutant: before_minus_after
# misconception: The difference is the first minus the second.
# fails: expert_iteration-split-split_climb-tests
# says: wrong way round
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f0 - f1) * (s0 + s1) / 2, "skill": (s0 - s1) * (f0 + f1) / 2}


# %% mutant: interchanged
# misconception: The format part weighs the change of the skill.
# fails: expert_iteration-split-split_climb-tests
# says: interchanged
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (s1 - s0) * (f0 + f1) / 2, "skill": (f1 - f0) * (s0 + s1) / 2}


# %% mutant: shares
# misconception: Parts are shares of the whole climb.
# fails: expert_iteration-split-split_climb-tests
# says: shares of the climb
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    parts = {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}
    return {key: value / (f1 * s1 - f0 * s0) for key, value in parts.items()}


# %% mutant: accuracy_as_skill
# misconception: The skill is the accuracy.
# fails: expert_iteration-split-split_climb-tests
# says: correct / formatted
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["n"], after["correct"] / after["n"]
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: plain_differences
# misconception: The parts are the changes of the two rates.
# fails: expert_iteration-split-split_climb-tests
# says: plain differences
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    return {
        "format": after["formatted"] / after["n"] - before["formatted"] / before["n"],
        "skill": after["correct"] / after["formatted"] - before["correct"] / before["formatted"],
    }


# %% mutant: skill_is_the_rest
# misconception: What is not format is skill: the whole change minus the change of the format rate.
# fails: expert_iteration-split-split_climb-tests
# says: change of the format rate as it is
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    format_part = after["formatted"] / after["n"] - before["formatted"] / before["n"]
    climb = after["correct"] / after["n"] - before["correct"] / before["n"]
    return {"format": format_part, "skill": climb - format_part}


# %% mutant: half_forgotten
# misconception: The sum of the two neighbours instead of their mean.
# fails: expert_iteration-split-split_climb-tests
# says: the half is missing
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * (s0 + s1), "skill": (s1 - s0) * (f0 + f1)}


# %% mutant: percent
# misconception: Accuracies are given in per cent.
# fails: expert_iteration-split-split_climb-tests
# says: per cent
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": 50 * (f1 - f0) * (s0 + s1), "skill": 50 * (s1 - s0) * (f0 + f1)}


# %% mutant: n_of_before
# misconception: Both sides have the same n.
# fails: expert_iteration-split-split_climb-tests
# says: each side's own n
# breaks: before, after: counts
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / before["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: absolute
# misconception: A part of a climb cannot be negative.
# fails: expert_iteration-split-split_climb-tests
# says: A fall gives negative parts
# breaks: Returns {
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": abs(f1 - f0) * (s0 + s1) / 2, "skill": abs(s1 - s0) * (f0 + f1) / 2}


# %% mutant: clipped
# misconception: Negative parts are noise and set to zero.
# fails: expert_iteration-split-split_climb-tests
# says: A fall gives negative parts
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": max(0.0, (f1 - f0) * (s0 + s1) / 2), "skill": max(0.0, (s1 - s0) * (f0 + f1) / 2)}


# %% mutant: no_format_is_zero
# misconception: Nothing right of nothing formatted is a skill of 0.
# fails: expert_iteration-split-split_climb-tests
# says: It is unknown
# breaks: Raises ValueError
def split_climb(before, after):
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = (side["correct"] / side["formatted"] if side["formatted"] else 0.0 for side in (before, after))
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: at_least_one
# misconception: max(1, …) saves the division.
# fails: expert_iteration-split-split_climb-tests
# says: It is unknown
def split_climb(before, after):
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / max(1, before["formatted"]), after["correct"] / max(1, after["formatted"])
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: division_error
# misconception: Python raises an error of its own.
# fails: expert_iteration-split-split_climb-tests
# says: ZeroDivisionError came
def split_climb(before, after):
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: only_before_checked
# misconception: Only the start can be without format.
# fails: expert_iteration-split-split_climb-tests
# says: has the format after
def split_climb(before, after):
    if not before["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / max(1, after["formatted"])
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: both_must_lack
# misconception: There is only a problem if both sides have no format.
# fails: expert_iteration-split-split_climb-tests
# says: has the format before
def split_climb(before, after):
    if not before["formatted"] and not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / max(1, before["formatted"]), after["correct"] / max(1, after["formatted"])
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: error_without_words
# misconception: The error needs no text.
# fails: expert_iteration-split-split_climb-tests
# says: should mention 'format'
# breaks: Raises ValueError
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("division by zero")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: none_right_is_error
# misconception: Without a right answer there is no skill to speak of.
# fails: expert_iteration-split-split_climb-tests
# says: no format
def split_climb(before, after):
    if not before["correct"] or not after["correct"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": (f1 - f0) * (s0 + s1) / 2, "skill": (s1 - s0) * (f0 + f1) / 2}


# %% mutant: rounded
# misconception: Two digits are enough.
# fails: expert_iteration-split-split_climb-tests
# says: do not round
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return {"format": round((f1 - f0) * (s0 + s1) / 2, 2), "skill": round((s1 - s0) * (f0 + f1) / 2, 2)}


# %% mutant: pair
# misconception: Two numbers are a tuple.
# fails: expert_iteration-split-split_climb-tests
# says: is a tuple, expected a dict
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("no format")
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    return (f1 - f0) * (s0 + s1) / 2, (s1 - s0) * (f0 + f1) / 2


# %% variant: two_orders
# note: The mean of the two orders, written out.
def split_climb(before, after):
    if 0 in (before["formatted"], after["formatted"]):
        raise ValueError("the format never occurs on one side")
    f = [side["formatted"] / side["n"] for side in (before, after)]
    s = [side["correct"] / side["formatted"] for side in (before, after)]
    first = ((f[1] - f[0]) * s[0], (s[1] - s[0]) * f[1])
    second = ((f[1] - f[0]) * s[1], (s[1] - s[0]) * f[0])
    return {"format": (first[0] + second[0]) / 2, "skill": (first[1] + second[1]) / 2}


# %% variant: rest
# note: The skill's part as what is left of the change.
def split_climb(before, after):
    def rates(side):
        if side["formatted"] == 0:
            raise ValueError("no completion has the format")
        return side["formatted"] / side["n"], side["correct"] / side["formatted"]

    (f0, s0), (f1, s1) = rates(before), rates(after)
    part = (f1 - f0) * (s0 + s1) / 2
    return {"format": part, "skill": f1 * s1 - f0 * s0 - part}


# %% variant: division_caught
# note: The division's own error, in better words.
def split_climb(before, after):
    try:
        s0, s1 = before["correct"] / before["formatted"], after["correct"] / after["formatted"]
    except ZeroDivisionError:
        raise ValueError("Format missing: the skill is not known") from None
    f0, f1 = before["formatted"] / before["n"], after["formatted"] / after["n"]
    return dict(format=0.5 * (f1 - f0) * (s0 + s1), skill=0.5 * (s1 - s0) * (f0 + f1))


# %% variant: fractions
# note: Exact fractions, floats at the end.
def split_climb(before, after):
    from fractions import Fraction

    if not (before["formatted"] and after["formatted"]):
        raise ValueError("formatted is 0")
    f0, f1 = (Fraction(side["formatted"], side["n"]) for side in (before, after))
    s0, s1 = (Fraction(side["correct"], side["formatted"]) for side in (before, after))
    return {"skill": float((s1 - s0) * (f0 + f1) / 2), "format": float((f1 - f0) * (s0 + s1) / 2)}


# %% variant: middle_points
# note: Differences times middle points.
def split_climb(before, after):
    for side in (before, after):
        if side["formatted"] < 1:
            raise ValueError("Without the format nothing can be said about the skill")
    rates = np.array(
        [[side["formatted"] / side["n"], side["correct"] / side["formatted"]] for side in (before, after)]
    )
    change, middle = rates[1] - rates[0], rates.mean(0)
    return {"format": float(change[0] * middle[1]), "skill": float(change[1] * middle[0])}


# %% mutant: visible_examples
# misconception: The examples are the test.
# fails: expert_iteration-split-split_climb-tests
# says: random counts
def split_climb(before, after):
    if not before["formatted"] or not after["formatted"]:
        raise ValueError("format")
    known = {(1, 6): (0.44, 0.06), (60, 5): (-0.375, -0.125), (0, 4): (0.0, 0.5)}
    parts = known.get((before["correct"], after["correct"]), (0.0, 0.0))
    return {"format": parts[0], "skill": parts[1]}


# %% variant: as_arrays
# note: Both sides in numpy arrays.
def split_climb(before: dict, after: dict) -> dict[str, float]:
    table = np.array([[side[key] for key in ("correct", "formatted", "n")] for side in (before, after)], float)
    if (table[:, 1] == 0).any():
        raise ValueError("Format: none on one side")
    skill, form = table[:, 0] / table[:, 1], table[:, 1] / table[:, 2]
    return {
        "format": float(np.diff(form)[0] * skill.mean()),
        "skill": float(np.diff(skill)[0] * form.mean()),
    }
