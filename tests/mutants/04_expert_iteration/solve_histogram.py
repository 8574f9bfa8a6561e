# %% mutant: n_places
# misconception: There are n samples, so there are n places.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: solved every time are missing
# breaks: Returns n + 1
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count == k for count in counts) for k in range(n)]


# %% mutant: from_one
# misconception: Problems that were never solved are not solved problems.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: never solved are missing
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count == k for count in counts) for k in range(1, n + 1)]


# %% mutant: empty_places_missing
# misconception: Counter counts what is there.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: Empty places are missing
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [number for _, number in sorted(Counter(counts).items())]


# %% mutant: shares
# misconception: A histogram has shares.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: These are shares
# breaks: Returns n + 1
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count == k for count in counts) / max(1, len(counts)) for k in range(n + 1)]


# %% mutant: cumulative
# misconception: Solved k times or less.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: This adds up
# breaks: How many problems
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count <= k for count in counts) for k in range(n + 1)]


# %% mutant: at_least
# misconception: Solved k times or more.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: solved k times or more
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count >= k for count in counts) for k in range(n + 1)]


# %% mutant: reversed_places
# misconception: The best come first.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: wrong way round
# breaks: How many problems
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count == n - k for count in counts) for k in range(n + 1)]


# %% mutant: weighted
# misconception: A problem solved three times counts three.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: weighted by the count
# breaks: counts: for each
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count for count in counts if count == k) for k in range(n + 1)]


# %% mutant: the_counts_back
# misconception: The counts are the histogram.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: counts themselves
# edit: raise ValueError(f"counts must lie between 0 and n={n}") -> raise ValueError("counts")
# edit: return [sum(count == k for count in counts) for k in range(n + 1)] -> return sorted(counts)

# %% mutant: counter
# misconception: A Counter is a histogram.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: expected a list
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return {k: sum(count == k for count in counts) for k in range(n + 1)}


# %% mutant: array
# misconception: numpy has bincount.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: expected a list
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return np.bincount(np.array(counts, dtype=int), minlength=n + 1)


# %% mutant: bincount_without_length
# misconception: bincount gives a place for each count.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: solved every time are missing
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return np.bincount([c for c in counts if c < n] or [0], minlength=n)[:n].tolist()


# %% mutant: ten_bins
# misconception: plt.hist draws the histogram, and its numbers are the answer.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: its own place
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return np.histogram(counts, bins=n, range=(0, n))[0].tolist()


# %% mutant: length_of_counts
# misconception: There are as many samples as problems.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: n + 1 places
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count == k for count in counts) for k in range(len(counts) + 1)]


# %% mutant: up_to_max
# misconception: The largest count is the last place.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: n + 1 places
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    return [sum(count == k for count in counts) for k in range(max(counts, default=0) + 1)]


# %% mutant: negative_index
# misconception: A list's index says what is wrong with a count.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: counts from the end of a list
# breaks: Raises ValueError
def solve_histogram(counts, n):
    places = [0] * (n + 1)
    for count in counts:
        if count > n:
            raise ValueError("counts")
        places[count] += 1
    return places


# %% mutant: too_large_left_out
# misconception: What is above n is left out.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: a count of 5
# edit: if any(not 0 <= count <= n for count in counts): -> if any(count < 0 for count in counts):
# edit: raise ValueError(f"counts must lie between 0 and n={n}") -> raise ValueError("counts")

# %% mutant: index_error
# misconception: The list raises an error by itself.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: IndexError came
def solve_histogram(counts, n):
    places = [0] * (n + 1)
    for count in counts:
        if count < 0:
            raise ValueError("counts")
        places[count] += 1
    return places


# %% mutant: clipped
# misconception: Counts are clipped to 0 … n.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: a count of 5
def solve_histogram(counts, n):
    places = [0] * (n + 1)
    for count in counts:
        places[min(max(count, 0), n)] += 1
    return places


# %% mutant: n_refused
# misconception: range(n) has no n.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: ValueError: counts
# edit: if any(not 0 <= count <= n for count in counts): -> if any(count not in range(n) for count in counts):
# edit: raise ValueError(f"counts must lie between 0 and n={n}") -> raise ValueError("counts")

# %% mutant: words_missing
# misconception: The error needs no text.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: should mention 'counts'
# breaks: Raises ValueError
# edit: raise ValueError(f"counts must lie between 0 and n={n}") -> raise ValueError("out of range")

# %% mutant: visible_example
# misconception: The example is the test.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: two problems, three samples
# edit: raise ValueError(f"counts must lie between 0 and n={n}") -> raise ValueError("counts")
# edit: return [sum(count == k for count in counts) for k in range(n + 1)] -> return [2, 1, 0, 2, 1]

# %% mutant: sorted_in_place
# misconception: Sorted counts are easy to count.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: left as they were
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts")
    counts.sort()
    return [counts.count(k) for k in range(n + 1)]


# %% mutant: counts_in_eight_bits
# misconception: Counts are small numbers.
# fails: expert_iteration-histogram-solve_histogram-tests
# says: too few for a count
def solve_histogram(counts, n):
    if any(not 0 <= count <= n for count in counts):
        raise ValueError("counts out of range")
    found = np.zeros(n + 1, dtype=np.uint8)
    for count in counts:
        found[count] += 1
    return [int(value) for value in found]


# %% variant: counter_of_places
# note: A Counter asked for every place.
def solve_histogram(counts, n):
    found = Counter(counts)
    if set(found) - set(range(n + 1)):
        raise ValueError("counts out of range")
    return [found[k] for k in range(n + 1)]


# %% variant: places
# note: A list of places that is filled.
def solve_histogram(counts, n):
    places = [0] * (n + 1)
    for count in counts:
        if count < 0 or count > n:
            raise ValueError(f"Counts must be in 0..{n}, not {count}")
        places[count] += 1
    return places


# %% variant: bincount
# note: numpy, then a list.
def solve_histogram(counts, n):
    numbers = np.asarray(counts, dtype=int)
    if len(numbers) and (numbers.min() < 0 or numbers.max() > n):
        raise ValueError("counts")
    return np.bincount(numbers, minlength=n + 1).tolist()


# %% variant: list_count
# note: list.count for every place.
def solve_histogram(counts, n):
    counts = list(counts)
    if counts and not 0 <= min(counts) <= max(counts) <= n:
        raise ValueError("the counts do not fit")
    return [counts.count(k) for k in range(n + 1)]


# %% variant: counted_down
# note: A Counter that is taken apart; what is left over was outside.
def solve_histogram(counts, n):
    table = Counter(counts)
    places = [table.pop(k, 0) for k in range(n + 1)]
    if table:
        raise ValueError(f"Counts outside: {sorted(table)}")
    return places
