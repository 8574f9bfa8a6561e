# %% mutant: no_bins
# misconception: Mean confidence against accuracy.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: Gaps of opposite sign must not cancel
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * (confidence[inside].mean() - correct[inside].mean())
    return float(abs(error))


# %% mutant: sign_kept
# misconception: Too sure is positive, not sure enough negative.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: Gaps of opposite sign must not cancel
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * (confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: bins_weigh_the_same
# misconception: The mean over the bins that hold something.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# breaks: weighted by their counts
# says: Each bin weighs the same here
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error +=  abs(confidence[inside].mean() - correct[inside].mean())
    return float(error / len(set(bin_of)))


# %% mutant: mean_over_all_bins
# misconception: The mean over the bins.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: You divided by the number of bins
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error +=  abs(confidence[inside].mean() - correct[inside].mean())
    return float(error / bins)


# %% mutant: answer_by_answer
# misconception: The mean gap of all answers.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: This is the gap answer by answer
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += abs(confidence[inside] - correct[inside]).sum() / n
    return float(error)


# %% mutant: largest_gap
# misconception: The worst bin is the error.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: This is the largest gap
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error = max(error, abs(confidence[inside].mean() - correct[inside].mean()))
    return float(error)


# %% mutant: not_weighted
# misconception: The sum of the gaps.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: The gaps are not weighted
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error +=  abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: squared
# misconception: Errors are squared.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: You squared the gaps
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * (confidence[inside].mean() - correct[inside].mean()) ** 2
    return float(error)


# %% mutant: root_mean_square
# misconception: The root of the mean square.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: You squared the gaps
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * (confidence[inside].mean() - correct[inside].mean()) ** 2
    return float(error**0.5)


# %% mutant: brier
# misconception: Brier's score measures calibration.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: This is Brier's score
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += ((confidence[inside] - correct[inside]) ** 2).sum() / n
    return float(error)


# %% mutant: middle_of_the_bin
# misconception: A bin stands for its middle.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: the middle of the bin
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs((b + 0.5) / bins - correct[inside].mean())
    return float(error)


# %% mutant: lower_edge
# misconception: A bin stands for its lower edge.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: the lower edge of the bin
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(b / bins - correct[inside].mean())
    return float(error)


# %% mutant: upper_edge
# misconception: A bin stands for its upper edge.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: the upper edge of the bin
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs((b + 1) / bins - correct[inside].mean())
    return float(error)


# %% mutant: wrong_for_right
# misconception: The share of wrong answers.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# breaks: booleans or 0 and 1
# says: share of wrong answers
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - (1 - correct[inside]).mean())
    return float(error)


# %% mutant: one_falls_out
# misconception: Every bin is half open, the last as well.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: fell out of your last bin
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = (confidence * bins).astype(int)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: lower_open
# misconception: A bin holds its upper edge.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: belong to the upper one
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.maximum(np.ceil(confidence * bins).astype(int) - 1, 0)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: rounded_bins
# misconception: round gives the bin.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: rounding to the nearest
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum(np.floor(confidence * bins + 0.5).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: both_edges
# misconception: A bin holds both of its edges.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: counted in two bins
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = (confidence >= b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: ten_bins
# misconception: There are ten bins.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: bins was not used
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bins = 10
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: equal_counts
# misconception: Bins hold equally many answers.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: bins of equal counts
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.empty(n, int)
    bin_of[np.argsort(confidence, kind='stable')] = np.arange(n) * bins // n
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: bins_to_the_largest
# misconception: np.histogram finds the edges: from the smallest to the largest confidence.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: from the smallest to the largest confidence
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    low, high = confidence.min(), confidence.max() + 1e-12
    bin_of = ((confidence - low) / (high - low) * bins).astype(int)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: half_for_the_empty
# misconception: An empty bin is as wrong as its middle.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: Empty bins count nothing
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if not inside.any():
            error += (b + 0.5) / bins / n
        else:
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: empty_bins_are_nan
# misconception: The mean of nothing is nothing.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: nan
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: percent
# misconception: A share in per cent.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# breaks: Returns a float
# says: per cent
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(100 * error)


# %% mutant: no_answers_is_zero
# misconception: No answers, no error.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: no answers at all
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0:
        return 0.0
    if n != len(correct):
        raise ValueError("lengths")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: lengths_not_compared
# misconception: numpy will say if the lengths differ.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: two confidences and one answer
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.resize(np.array(correct, dtype=float), len(confidence))
    n = len(confidence)
    if n == 0:
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: logarithms_taken_as_shares
# misconception: Numbers are numbers.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# breaks: (n,) floats between
# says: log-probabilities instead of probabilities
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: logarithms_undone
# misconception: Negative numbers must be logarithms, so exp helps.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: log-probabilities instead of probabilities
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0:
        confidence = np.exp(confidence)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: clipped
# misconception: What lies outside is moved to the edge.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: log-probabilities instead of probabilities
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    confidence = confidence.clip(0, 1)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: only_negatives_refused
# misconception: Logarithms are negative, and nothing else can happen.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: per cent instead of shares
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: mean_in_range
# misconception: If the mean lies between 0 and 1, the confidences do.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: a confidence above 1
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if not 0 <= confidence.mean() <= 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: assertion
# misconception: assert is a check.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: ValueError
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=float), np.array(correct, dtype=float)
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    assert confidence.min() >= 0 and confidence.max() <= 1
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: arrays_only
# misconception: Arguments are arrays.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# breaks: Lists will do
# says: lists instead of arrays
def expected_calibration_error(confidence, correct, bins=10):
    confidence = confidence * 1.0 if len(confidence) else confidence
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for b in range(bins):
        inside = bin_of == b
        if inside.any():
            error += inside.sum() / n * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


# %% mutant: in_place
# misconception: asarray copies, so *= is safe.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: leaves its arguments as they were
def expected_calibration_error(confidence, correct, bins=10):
    n = len(confidence)
    if n == 0 or n != len(correct):
        raise ValueError("as many of each, at least one")
    confidence, correct = np.asarray(confidence, dtype=float), np.array(correct, dtype=float)
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence lies between 0 and 1")
    confidence *= bins
    bin_of = np.minimum(confidence.astype(int), bins - 1)
    return sum(abs((confidence / bins - correct)[bin_of == b].sum()) for b in range(bins)) / n


# %% mutant: hard_coded
# misconception: The text gives the answer.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: three answers near 0.95
def expected_calibration_error(confidence, correct, bins=10):
    return 0.325


# %% mutant: ones_are_changed
# misconception: 1.0 is made a little smaller in the caller's array, so that it falls into the last bin.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: leaves its arguments as they were
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    if len(confidence) == 0 or len(confidence) != len(correct):
        raise ValueError("lengths")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("range")
    confidence[confidence == 1.0] = np.nextafter(1.0, 0.0)
    place = (confidence * bins).astype(int)
    return float(sum(abs(confidence[place == b].sum() - correct[place == b].sum()) for b in range(bins)) / len(confidence))


# %% mutant: nan_passes
# misconception: Nothing below 0 and nothing above 1: so all lie between. Not nan.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: nan does not
# breaks: does not lie between
# edit: if not ((confidence >= 0) & (confidence <= 1)).all(): -> if ((confidence < 0) | (confidence > 1)).any():


# %% mutant: a_little_outside
# misconception: Floats are compared with a tolerance.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: Every confidence lies between 0 and 1
# edit: if not ((confidence >= 0) & (confidence <= 1)).all(): -> if not ((confidence >= -1e-6) & (confidence <= 1 + 1e-6)).all():


# %% mutant: only_fewer_answers_refused
# misconception: Answers too many are cut off.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: there are as many answers
# edit:
#   if len(confidence) == 0 or confidence.shape != correct.shape:
# ->
#   if len(correct) > len(confidence) > 0:
#       correct = correct[: len(confidence)]
#   if len(confidence) == 0 or confidence.shape != correct.shape:

# %% mutant: edges_of_linspace
# misconception: linspace gives the edges b/bins.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: edge
def expected_calibration_error(confidence, correct, bins=10):
    c, y = np.array(confidence, float), np.array(correct, float)
    if len(c) == 0 or len(c) != len(y) or not ((c >= 0) & (c <= 1)).all():
        raise ValueError("bad arguments")
    place = np.minimum(np.digitize(c, np.linspace(0, 1, bins + 1)) - 1, bins - 1)
    return float(sum(abs(c[place == b].sum() - y[place == b].sum()) for b in range(bins)) / len(c))

# %% mutant: twenty_bins_at_most
# misconception: More than twenty bins are never used.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: As many bins as
# edit: bin_of = np.minimum((confidence * bins).astype(int), bins - 1) -> bins = min(bins, 20); bin_of = np.minimum((confidence * bins).astype(int), bins - 1)


# %% mutant: bins_in_eight_bits
# misconception: The number of a bin is small.
# fails: many_shot_icl-calibration-expected_calibration_error-tests
# says: 200 bins
# edit: bin_of = np.minimum((confidence * bins).astype(int), bins - 1) -> bin_of = np.minimum((confidence * bins).astype(int), bins - 1).astype(np.int8)


# %% variant: bincount
# note: Sums by bin with bincount.
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.asarray(confidence, float), np.asarray(correct, float)
    if confidence.size == 0 or confidence.size != correct.size:
        raise ValueError("sizes")
    if np.any(confidence < 0) or np.any(confidence > 1):
        raise ValueError("not between 0 and 1")
    number = np.clip(np.floor(confidence * bins).astype(int), None, bins - 1)
    return float(np.abs(np.bincount(number, weights=confidence - correct)).sum() / confidence.size)


# %% variant: plain_python
# note: Dictionaries of lists.
def expected_calibration_error(confidence, correct, bins=10):
    pairs = list(zip(list(confidence), list(correct), strict=True))
    if not pairs:
        raise ValueError("no answers")
    groups = {}
    for sure, right in pairs:
        if not 0 <= sure <= 1:
            raise ValueError(f"{sure} does not lie between 0 and 1")
        groups.setdefault(min(int(sure * bins), bins - 1), []).append((float(sure), float(right)))
    total = 0.0
    for group in groups.values():
        mean = sum(s for s, _ in group) / len(group)
        share = sum(r for _, r in group) / len(group)
        total += len(group) / len(pairs) * abs(mean - share)
    return total


# %% variant: masks_by_edges
# note: Edges, with 1 in the last bin.
def expected_calibration_error(confidence, correct, bins=10):
    confidence, correct = np.array(confidence, dtype=np.float64), np.array(correct, dtype=np.float64)
    if len(confidence) != len(correct) or len(correct) < 1:
        raise ValueError("lengths")
    if not np.all((0 <= confidence) & (confidence <= 1)):
        raise ValueError("between 0 and 1")
    scaled, error = confidence * bins, 0.0
    for b in range(bins):
        inside = (scaled >= b) & ((scaled < b + 1) | (b == bins - 1))
        if inside.sum() > 0:
            error += inside.mean() * abs(np.mean(confidence[inside]) - np.mean(correct[inside]))
    return float(error)


# %% variant: torch
# note: Tensors and index_add.
def expected_calibration_error(confidence, correct, bins=10):
    confidence = torch.as_tensor(np.array(confidence, dtype=np.float64))
    correct = torch.as_tensor(np.array(correct, dtype=np.float64))
    if confidence.numel() == 0 or confidence.shape != correct.shape:
        raise ValueError("shapes")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("between 0 and 1")
    place = (confidence * bins).long().clamp(max=bins - 1)
    gaps = torch.zeros(bins, dtype=torch.float64).index_add(0, place, confidence - correct)
    return (gaps.abs().sum() / confidence.numel()).item()


# %% variant: sorted_and_cut
# note: Sorted by confidence, cut at the edges with searchsorted, with cumulative sums.
def _ece(total, cuts):
    return np.abs(np.diff(total[cuts])).sum()


def expected_calibration_error(confidence, correct, bins=10):
    pairs = np.column_stack([np.array(confidence, float), np.array(correct, float)]) if len(confidence) == len(correct) else None
    if pairs is None or not len(pairs):
        raise ValueError("as many of each")
    if not np.all(np.abs(pairs[:, 0] - 0.5) <= 0.5):
        raise ValueError("between 0 and 1")
    place = np.minimum(np.floor(pairs[:, 0] * bins), bins - 1)
    order = np.argsort(place, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(pairs[order, 0] - pairs[order, 1])])
    cuts = np.searchsorted(place[order], np.arange(bins + 1))
    return float(_ece(total, cuts) / len(pairs))


# %% variant: counter
# note: Counters in plain Python, floats by float().
def expected_calibration_error(confidence, correct, bins=10):
    c, r = [float(x) for x in confidence], [float(bool(x)) for x in correct]
    if len(c) != len(r) or not c:
        raise ValueError("lengths")
    gap = Counter()
    for x, y in zip(c, r):
        if not 0.0 <= x <= 1.0:
            raise ValueError(f"{x}")
        gap[bins - 1 if x == 1 else int(x * bins)] += x - y
    return math.fsum(map(abs, gap.values())) / len(c)
