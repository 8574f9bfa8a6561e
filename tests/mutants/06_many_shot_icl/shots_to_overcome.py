# %% mutant: first_touch
# misconception: The first count at the level is the answer.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# breaks: there and at every larger count
# says: The curve falls back
def shots_to_overcome(shots, accuracy, level=0.5):
    return next((s for s, a in zip(shots, accuracy) if a >= level), None)


# %% mutant: place_in_the_list
# misconception: The position stands for the count.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# breaks: (m,) rising
# says: This is the place in the list
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(len(shots)):
        if all(a >= level for a in accuracy[i:]):
            return i
    return None


# %% mutant: last_below
# misconception: The last count below the level.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: This is the last count below the level
def shots_to_overcome(shots, accuracy, level=0.5):
    return max((s for s, a in zip(shots, accuracy) if a < level), default=None)


# %% mutant: best_count
# misconception: The count with the best accuracy.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: 8 is the best count
def shots_to_overcome(shots, accuracy, level=0.5):
    return shots[int(np.argmax(accuracy))]


# %% mutant: strictly_above
# misconception: "At least" is "above".
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: At least 0.5 includes 0.5
def shots_to_overcome(shots, accuracy, level=0.5):
    if len(shots) != len(accuracy):
        raise ValueError("lengths")
    for i in range(len(shots)):
        if all(a > level for a in accuracy[i:]):
            return shots[i]
    return None


# %% mutant: end_not_looked_at
# misconception: After the last fall it must have come back.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: the last accuracy is below the level
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(len(shots)):
        if all(a >= level for a in accuracy[i:-1]) and accuracy[i] >= level:
            return shots[i]
    return None


# %% mutant: zero_is_false
# misconception: "found or None" returns None if nothing was found.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: 0 shots is an answer
def shots_to_overcome(shots, accuracy, level=0.5):
    found = 0
    for s, a in zip(reversed(shots), reversed(accuracy)):
        if a < level:
            break
        found = s
    return found or None


# %% mutant: starts_at_one
# misconception: Without shots nothing can be overcome, so the search starts at the second count.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: with 0 shots already
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(1, len(shots)):
        if all(a >= level for a in accuracy[i:]):
            return shots[i]
    return None


# %% mutant: level_not_used
# misconception: The level is one half.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: level was not used
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(len(shots)):
        if all(a >= 0.5 for a in accuracy[i:]):
            return shots[i]
    return None


# %% mutant: never_is_the_last
# misconception: If it never gets there, the last count is the best guess.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: Return None
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(len(shots)):
        if all(a >= level for a in accuracy[i:]):
            return shots[i]
    return shots[-1]


# %% mutant: never_is_zero
# misconception: Nothing found is 0.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# breaks: Returns None
# says: 0 would say that no example is needed
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(len(shots)):
        if all(a >= level for a in accuracy[i:]):
            return shots[i]
    return 0


# %% mutant: never_is_infinity
# misconception: Infinity is a number of shots that is never reached.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: Return None
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(len(shots)):
        if all(a >= level for a in accuracy[i:]):
            return shots[i]
    return math.inf


# %% mutant: mean_from_there
# misconception: It is enough that the mean from there on is at the level.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: Each has to be at the level
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(len(shots)):
        if sum(accuracy[i:]) / len(accuracy[i:]) >= level:
            return shots[i]
    return None


# %% mutant: next_one_only
# misconception: If the next measurement is at the level as well, it stays there.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: It does not stay there
def shots_to_overcome(shots, accuracy, level=0.5):
    if len(shots) != len(accuracy):
        raise ValueError("lengths")
    for i in range(len(shots)):
        if accuracy[i] >= level and (i + 1 == len(shots) or accuracy[i + 1] >= level):
            return shots[i]
    return None


# %% mutant: one_too_late
# misconception: "At all larger counts" leaves out the count itself, so the loop stops one later.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: one place too late
def shots_to_overcome(shots, accuracy, level=0.5):
    below = [i for i, a in enumerate(accuracy) if a < level]
    place = below[-1] + 2 if below else 0
    return shots[place] if place < len(shots) else None


# %% mutant: itself_left_out
# misconception: Only the larger counts must be at the level.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: This is the last count below the level
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(len(shots)):
        if all(a >= level for a in accuracy[i + 1 :]):
            return shots[i]
    return None


# %% mutant: lengths_not_compared
# misconception: The two lists belong together, so they have the same length.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: zip stops at the shorter one
def shots_to_overcome(shots, accuracy, level=0.5):
    found = None
    for s, a in list(zip(shots, accuracy))[::-1]:
        if a < level:
            break
        found = s
    return found


# %% mutant: interpolated
# misconception: The curve crosses the level between two counts.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: This lies between two counts
def shots_to_overcome(shots, accuracy, level=0.5):
    for i in range(1, len(shots)):
        if accuracy[i - 1] < level <= accuracy[i] and all(a >= level for a in accuracy[i:]):
            share = (level - accuracy[i - 1]) / (accuracy[i] - accuracy[i - 1])
            return shots[i - 1] + share * (shots[i] - shots[i - 1])
    return None


# %% mutant: lists_reversed_in_place
# misconception: reverse() gives a reversed list.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: leaves its arguments as they were
def shots_to_overcome(shots, accuracy, level=0.5):
    if len(shots) != len(accuracy):
        raise ValueError("lengths")
    shots.reverse()
    accuracy.reverse()
    found = None
    for s, a in zip(shots, accuracy):
        if a < level:
            break
        found = s
    return found


# %% mutant: hard_coded
# misconception: The text gives the answer.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: a curve that falls below the level at the end
def shots_to_overcome(shots, accuracy, level=0.5):
    return 4


# %% mutant: only_fewer_accuracies_refused
# misconception: More accuracies than counts do no harm: zip drops them.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: More of either is an error
# breaks: differ in length
# edit: if len(shots) != len(accuracy): -> if len(shots) > len(accuracy):


# %% mutant: equal_within_a_tolerance
# misconception: Floats are compared with a tolerance.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: Do not round
# edit: if value < level: -> if value < level - 1e-6:


# %% mutant: level_of_zero_is_none
# misconception: "level or 0.5" gives the default.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: level
# edit:
#   found = None
# ->
#   found, level = None, level or 0.5


# %% mutant: sorted_accuracies
# misconception: A curve rises, so its accuracies are sorted first.
# fails: many_shot_icl-flipped-shots_to_overcome-tests
# says: the curve of the text
# breaks: in the same order
# edit: reversed(accuracy) -> sorted(accuracy, reverse=True)


# %% variant: all_of_the_rest
# note: all() over every tail.
def shots_to_overcome(shots, accuracy, level=0.5):
    if len(shots) != len(accuracy):
        raise ValueError(f"{len(shots)} and {len(accuracy)}")
    for i, count in enumerate(shots):
        if all(value >= level for value in accuracy[i:]):
            return count
    return None


# %% variant: after_the_last_below
# note: The count after the last one below the level.
def shots_to_overcome(shots, accuracy, level=0.5):
    if not len(shots) == len(accuracy):
        raise ValueError("one accuracy for each count")
    below = [i for i, value in enumerate(accuracy) if value < level]
    place = below[-1] + 1 if below else 0
    return shots[place] if place < len(shots) else None


# %% variant: running_minimum
# note: numpy: the minimum of each tail.
def shots_to_overcome(shots, accuracy, level=0.5):
    if len(shots) != len(accuracy):
        raise ValueError("one accuracy for each count")
    kept = np.minimum.accumulate(np.asarray(accuracy)[::-1])[::-1] >= level
    return shots[int(kept.argmax())] if kept.any() else None


# %% variant: forgetting_loop
# note: A candidate that is forgotten when the curve falls back.
def shots_to_overcome(shots, accuracy, level=0.5):
    candidate = None
    for count, value in zip(shots, accuracy, strict=True):
        if value < level:
            candidate = None
        elif candidate is None:
            candidate = count
    return candidate


# %% variant: recursion
# note: The tail's answer first.
def _good(pairs, level):
    if not pairs or pairs[-1][1] < level:
        return None
    before = _good(pairs[:-1], level)
    return pairs[-1][0] if before is None else before


def shots_to_overcome(shots, accuracy, level=0.5):
    try:
        pairs = list(zip(shots, accuracy, strict=True))
    except ValueError:
        raise ValueError("lengths") from None
    return _good(pairs, level)


# %% variant: takewhile
# note: itertools from the back.
def shots_to_overcome(shots, accuracy, level=0.5):
    from itertools import takewhile

    if len(accuracy) - len(shots):
        raise ValueError(f"{len(shots)} and {len(accuracy)}")
    kept = list(takewhile(lambda pair: pair[1] >= level, list(zip(shots, accuracy))[::-1]))
    return min((count for count, _ in kept), default=None)
