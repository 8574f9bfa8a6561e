# %% mutant: equal_is_cheaper
# misconception: Break-even is where the totals are equal.
# fails: many_shot_icl-cost-break_even-tests
# breaks: takes less time in all
# says: cheaper from the next question on
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.ceil(head_start / saving)


# %% mutant: floor_only
# misconception: A whole number is got by rounding down.
# fails: many_shot_icl-cost-break_even-tests
# says: cheaper from the next question on
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving)


# %% mutant: ceil_plus_one
# misconception: The next one after rounding up.
# fails: many_shot_icl-cost-break_even-tests
# says: 16 is one too many
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.ceil(head_start / saving) + 1


# %% mutant: rounded
# misconception: round gives a whole number.
# fails: many_shot_icl-cost-break_even-tests
# says: You rounded down: at 14
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return round(head_start / saving) + (head_start / saving).is_integer()


# %% mutant: tuned_is_free
# misconception: A tuned model costs nothing.
# fails: many_shot_icl-cost-break_even-tests
# breaks: for each question after
# says: A tuned model still needs time for each question
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: tuned_is_free_and_rounded_down
# misconception: A tuned model costs nothing; rounded down.
# fails: many_shot_icl-cost-break_even-tests
# says: You rounded down
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return int(head_start / saving)


# %% mutant: times_added
# misconception: Both times are paid.
# fails: many_shot_icl-cost-break_even-tests
# breaks: for each question with
# says: You added the two times
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds + tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: float_returned
# misconception: A quotient is a number.
# fails: many_shot_icl-cost-break_even-tests
# says: This is a float
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return head_start / saving


# %% mutant: float_plus_one
# misconception: A number of questions, as numpy gives it.
# fails: many_shot_icl-cost-break_even-tests
# says: This is a float
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return float(np.floor(head_start / saving) + 1)


# %% mutant: prefix_ignored
# misconception: The prefix is cheap.
# fails: many_shot_icl-cost-break_even-tests
# says: prefix_seconds was not used
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: prefix_added
# misconception: All costs are added.
# fails: many_shot_icl-cost-break_even-tests
# says: You added prefix_seconds to the wrong side
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds + prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: prefix_each_time
# misconception: The prefix is part of each question.
# fails: many_shot_icl-cost-break_even-tests
# breaks: prefix_seconds: once
# says: The prefix is read once
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds, icl_seconds + prefix_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: equal_saving_is_zero
# misconception: No difference is no question.
# fails: many_shot_icl-cost-break_even-tests
# says: 0 would mean that fine-tuning is cheaper from the start
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return 0
    return math.floor(head_start / saving) + 1


# %% mutant: division_by_zero
# misconception: Tuned models are always faster.
# fails: many_shot_icl-cost-break_even-tests
# says: ZeroDivisionError
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    return math.floor(head_start / saving) + 1


# %% mutant: negative_number
# misconception: Only equality needs care.
# fails: many_shot_icl-cost-break_even-tests
# breaks: Returns an int >= 0
# says: fine-tuning is never cheaper
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving == 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: infinity
# misconception: Never is infinity.
# fails: many_shot_icl-cost-break_even-tests
# says: Infinity is no number of questions
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return math.inf
    return math.floor(head_start / saving) + 1


# %% mutant: infinity_from_numpy
# misconception: Never is numpy's infinity.
# fails: many_shot_icl-cost-break_even-tests
# says: Infinity is no number of questions
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return float("inf")
    return math.floor(head_start / saving) + 1


# %% mutant: minus_one
# misconception: Never is -1.
# fails: many_shot_icl-cost-break_even-tests
# says: A negative number is no number of questions
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return -1
    return math.floor(head_start / saving) + 1


# %% mutant: error_for_never
# misconception: If there is no answer, an error comes.
# fails: many_shot_icl-cost-break_even-tests
# says: ValueError
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        raise ValueError("never")
    return math.floor(head_start / saving) + 1


# %% mutant: negative_head_start
# misconception: The formula covers every case.
# fails: many_shot_icl-cost-break_even-tests
# says: A number of questions is not negative
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: at_least_one
# misconception: At least one question is asked.
# fails: many_shot_icl-cost-break_even-tests
# says: It is cheaper before the first question already
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 1
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: zero_only_if_faster
# misconception: First it must be faster, then the head start counts.
# fails: many_shot_icl-cost-break_even-tests
# breaks: before the first
# says: however slow the tuned model is
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if saving <= 0:
        return None
    if head_start < 0:
        return 0
    return math.floor(head_start / saving) + 1


# %% mutant: head_start_of_zero
# misconception: With an equal start it is cheaper at once.
# fails: many_shot_icl-cost-break_even-tests
# says: equal totals are not cheaper
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start <= 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: negative_clipped
# misconception: A negative time is 0.
# fails: many_shot_icl-cost-break_even-tests
# says: a negative time
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    train_seconds, prefix_seconds = max(train_seconds, 0), max(prefix_seconds, 0)
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: no_check
# misconception: Times are positive.
# fails: many_shot_icl-cost-break_even-tests
# says: a negative time
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: prefix_not_checked
# misconception: The three times are checked.
# fails: many_shot_icl-cost-break_even-tests
# says: a negative prefix time
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: zero_refused
# misconception: A time is positive.
# fails: many_shot_icl-cost-break_even-tests
# says: Times of 0 are allowed
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < -1e-12 or train_seconds == 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return math.floor(head_start / saving) + 1


# %% mutant: search_to_a_thousand_wrong_sign
# misconception: A search for the first question with which the prompt is cheaper.
# fails: many_shot_icl-cost-break_even-tests
# says: With 0 questions only training has been paid
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return next((q for q in range(1000) if train_seconds + q * tuned_seconds > prefix_seconds + q * icl_seconds), None)


# %% mutant: search_with_equality
# misconception: A search that takes equal for cheaper.
# fails: many_shot_icl-cost-break_even-tests
# says: cheaper from the next question on
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    head_start, saving = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if head_start < 0:
        return 0
    if saving <= 0:
        return None
    return next((q for q in range(1000) if train_seconds + q * tuned_seconds <= prefix_seconds + q * icl_seconds), None)


# %% mutant: hard_coded
# misconception: The text gives the answer.
# fails: many_shot_icl-cost-break_even-tests
# says: training 7.25 s
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    return 17


# %% mutant: a_tenth_cheaper
# misconception: Equal within a tolerance counts as equal: the difference must be above 0.1 s.
# fails: many_shot_icl-cost-break_even-tests
# says: without rounding
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("negative")
    if icl_seconds > tuned_seconds:
        return max(math.floor((train_seconds - prefix_seconds + 0.1) / (icl_seconds - tuned_seconds)) + 1, 0)
    return 0 if train_seconds < prefix_seconds else None


# %% mutant: training_and_prefix_checked
# misconception: Times of a question come from a clock and are positive.
# fails: many_shot_icl-cost-break_even-tests
# says: Look at all four times
# breaks: Raises ValueError for a negative time
# edit: if min(times) < 0: -> if min(train_seconds, prefix_seconds) < 0:


# %% mutant: nearly_zero_is_zero
# misconception: Floats are compared with a tolerance.
# fails: many_shot_icl-cost-break_even-tests
# says: however little
# edit: if min(times) < 0: -> if min(times) < -1e-9:


# %% mutant: rounded_before_the_floor
# misconception: Rounding takes off the noise of floats.
# fails: many_shot_icl-cost-break_even-tests
# says: training
# edit: return math.floor(head_start / saving) + 1 -> return math.floor(round(head_start / saving, 6)) + 1


# %% mutant: truncated_towards_zero
# misconception: int rounds down, also below zero.
# fails: many_shot_icl-cost-break_even-tests
# says: only training and prefix
# breaks: The smallest number of questions
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    if train_seconds < prefix_seconds and icl_seconds <= tuned_seconds:
        return 0
    if icl_seconds <= tuned_seconds:
        return None
    return max(0, int((train_seconds - prefix_seconds) / (icl_seconds - tuned_seconds)) + 1)


# %% mutant: counted_to_a_limit
# misconception: Try the numbers one by one; more than 100,000 never come.
# fails: many_shot_icl-cost-break_even-tests
# says: no largest number
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min(train_seconds, tuned_seconds, icl_seconds, prefix_seconds) < 0:
        raise ValueError("a time is negative")
    for count in range(100_000):
        if train_seconds + count * tuned_seconds < prefix_seconds + count * icl_seconds:
            return count
    return None


# %% variant: ceil_and_a_look
# note: Rounded up, and one more if the totals are equal there.
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if any(t < 0 for t in (train_seconds, tuned_seconds, icl_seconds, prefix_seconds)):
        raise ValueError("negative")
    if train_seconds < prefix_seconds:
        return 0
    if tuned_seconds >= icl_seconds:
        return None
    q = math.ceil((train_seconds - prefix_seconds) / (icl_seconds - tuned_seconds))
    return q + 1 if train_seconds + q * tuned_seconds >= prefix_seconds + q * icl_seconds else q


# %% variant: floor_division
# note: // and int.
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    for seconds in (train_seconds, tuned_seconds, icl_seconds, prefix_seconds):
        if seconds < 0:
            raise ValueError(f"{seconds} s is negative")
    extra, saved = train_seconds - prefix_seconds, icl_seconds - tuned_seconds
    if saved > 0:
        return max(0, int(extra // saved) + 1)
    return 0 if extra < 0 else None


# %% variant: search
# note: A search, after the cases without an end are out.
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    if min([train_seconds, tuned_seconds, icl_seconds, prefix_seconds]) < 0:
        raise ValueError("negative")
    if icl_seconds <= tuned_seconds and train_seconds >= prefix_seconds:
        return None
    q = 0
    while train_seconds + q * tuned_seconds >= prefix_seconds + q * icl_seconds:
        q += 1
    return q


# %% variant: fractions
# note: Exact fractions.
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    from fractions import Fraction

    train, tuned, icl, prefix = (Fraction(t) for t in (train_seconds, tuned_seconds, icl_seconds, prefix_seconds))
    if train < 0 or tuned < 0 or icl < 0 or prefix < 0:
        raise ValueError("negative")
    if prefix > train:
        return 0
    return None if icl <= tuned else (train - prefix) // (icl - tuned) + 1


# %% variant: bisection
# note: Doubling, then bisection, with exact fractions in a helper.
def _first(cheaper):
    high = 1
    while not cheaper(high):
        high *= 2
    low = 0
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if cheaper(middle) else (middle + 1, high)
    return low


def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    from fractions import Fraction

    train, tuned, icl, prefix = map(Fraction, (train_seconds, tuned_seconds, icl_seconds, prefix_seconds))
    if any(x < 0 for x in (train, tuned, icl, prefix)):
        raise ValueError("negative")
    if icl <= tuned and train >= prefix:
        return None
    return _first(lambda q: train + q * tuned < prefix + q * icl) if train >= prefix else 0


# %% variant: divmod
# note: divmod and a match of the two signs.
def break_even(train_seconds, tuned_seconds, icl_seconds, prefix_seconds=0.0):
    for seconds in (train_seconds, tuned_seconds, icl_seconds, prefix_seconds):
        if seconds < 0:
            raise ValueError(f"{seconds} s")
    match (train_seconds < prefix_seconds, tuned_seconds < icl_seconds):
        case (True, _):
            return 0
        case (False, False):
            return None
    whole, _ = divmod(train_seconds - prefix_seconds, icl_seconds - tuned_seconds)
    return int(whole) + 1
