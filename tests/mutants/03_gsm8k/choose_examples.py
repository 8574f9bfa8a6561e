# %% mutant: as_they_come
# misconception: A hundred examples are a hundred examples.
# fails: gsm8k-open-choose_examples-tests
# says: below that of the first 100
def choose_examples(pool):
    return training_pool.as_they_come(pool)


# %% mutant: random_sample
# misconception: A random sample is the fair choice.
# fails: gsm8k-open-choose_examples-tests
# says: Print ten of the examples
def choose_examples(pool):
    import random

    return random.Random(0).sample(range(len(pool)), training_pool.BUDGET)


# %% mutant: shortest
# misconception: Short solutions are to the point.
# fails: gsm8k-open-choose_examples-tests
# says: Is each what the model should write
def choose_examples(pool):
    return sorted(range(len(pool)), key=lambda place: len(pool[place]["answer"]))[: training_pool.BUDGET]


# %% mutant: longest
# misconception: The longest solutions teach most, because they hold most tokens.
# fails: gsm8k-open-choose_examples-tests
# says: one to five steps, like the problems that count
def choose_examples(pool):
    return sorted(range(len(pool)), key=lambda place: -len(pool[place]["answer"]))[: training_pool.BUDGET]


# %% mutant: easy_ones
# misconception: Sound and easy is enough: a problem of one step shows the whole format.
# fails: gsm8k-open-choose_examples-tests
# says: one to five steps, like the problems that count
def choose_examples(pool):
    easy = [place for place, example in enumerate(pool) if len(check_calculator(example["answer"])) == 1]
    return easy[: training_pool.BUDGET]


# %% mutant: text_without_brackets
# misconception: Annotations are noise; solutions in plain words are cleaner.
# fails: gsm8k-open-choose_examples-tests
# says: mark and annotations and all
def choose_examples(pool):
    return [place for place, example in enumerate(pool) if "<<" not in example["answer"]][
        : training_pool.BUDGET
    ]


# %% mutant: distinct_questions
# misconception: Variety is what counts: no two alike, whatever stands in them.
# fails: gsm8k-open-choose_examples-tests
# says: below that of the first 100
def choose_examples(pool):
    seen, chosen = set(), []
    for place, example in enumerate(pool):
        numbers = tuple(re.findall(r"\d+", example["question"]))
        if numbers not in seen:
            seen.add(numbers)
            chosen.append(place)
    return chosen[: training_pool.BUDGET]


# %% mutant: ten_examples
# misconception: A few good examples do as well as many: ten sound ones, seen ten times each.
# fails: gsm8k-open-choose_examples-tests
# says: below that of the first 100
def choose_examples(pool):
    chosen = []
    for place, example in enumerate(pool):
        checked = check_calculator(example["answer"])
        if checked and all(right for _, right in checked):
            if parse_answer(example["answer"]) == checked[-1][0].split("=")[1]:
                chosen.append(place)
    return chosen[:10]


# %% mutant: no_budget
# misconception: Everything that passes the filter is used.
# fails: gsm8k-open-choose_examples-tests
# says: at most 100 are allowed
# breaks: 1 to 100 different examples
def choose_examples(pool):
    return [place for place, example in enumerate(pool) if check_calculator(example["answer"])]


# %% mutant: marks_instead_of_places
# misconception: The answer is a mark for each example.
# fails: gsm8k-open-choose_examples-tests
# says: chose 2,000 examples: at most
def choose_examples(pool):
    return [place < training_pool.BUDGET for place in range(len(pool))]


# %% mutant: examples_instead_of_places
# misconception: The answer is the examples themselves.
# fails: gsm8k-open-choose_examples-tests
# says: is no place in the pool
def choose_examples(pool):
    return [example for example in pool if check_calculator(example["answer"])][: training_pool.BUDGET]


# %% mutant: best_ones_twice
# misconception: What is especially good is put in twice.
# fails: gsm8k-open-choose_examples-tests
# says: is chosen more than once
def choose_examples(pool):
    sound = [place for place, example in enumerate(pool) if check_calculator(example["answer"])]
    return 2 * sound[: training_pool.BUDGET // 2]


# %% mutant: counts_from_one
# misconception: Places are counted from 1.
# fails: gsm8k-open-choose_examples-tests
# says: there is no example 2000 in the pool
def choose_examples(pool):
    return [len(pool) - place for place in range(training_pool.BUDGET)]


# %% mutant: too_strict
# misconception: Only examples that pass every test that comes to mind; an empty list is safe.
# fails: gsm8k-open-choose_examples-tests
# says: there is nothing to learn
def choose_examples(pool):
    return [place for place, example in enumerate(pool) if "<<" in example["question"]]


# %% mutant: a_set
# misconception: Different places are a set.
# fails: gsm8k-open-choose_examples-tests
# says: give a list of places
def choose_examples(pool):
    return {place for place, example in enumerate(pool[:200]) if check_calculator(example["answer"])}


# %% mutant: sorts_the_pool
# misconception: The pool may be put into another order.
# fails: gsm8k-open-choose_examples-tests
# says: leaves the pool as it was
# breaks: they stay as they were
def choose_examples(pool):
    pool.sort(key=lambda example: not check_calculator(example["answer"]))
    return list(range(training_pool.BUDGET))


# %% variant: sound_in_order
# note: The first 100 whose annotations hold and end in the answer.
def choose_examples(pool):
    chosen = []
    for place, example in enumerate(pool):
        checked = check_calculator(example["answer"])
        if checked and all(right for _, right in checked):
            if parse_answer(example["answer"]) == checked[-1][0].split("=")[1]:
                chosen.append(place)
    return chosen[: training_pool.BUDGET]


# %% variant: sound_at_random
# note: A sample of the same ones, the same each time; an array's numbers.
def choose_examples(pool):
    sound = []
    for place, example in enumerate(pool):
        checked = check_calculator(example["answer"])
        ending = checked and f"#### {checked[-1][0].split('=')[1]}"
        if checked and all(right for _, right in checked) and example["answer"].endswith(ending):
            sound.append(place)
    return list(np.random.default_rng(0).choice(sound, training_pool.BUDGET, replace=False))


# %% variant: twenty_of_each
# note: Sound ones, twenty of each number of steps, copies included; a tuple.
def choose_examples(pool):
    by_steps = {}
    for place, example in enumerate(pool):
        checked = check_calculator(example["answer"])
        if checked and all(right for _, right in checked):
            if parse_answer(example["answer"]) == checked[-1][0].split("=")[1]:
                by_steps.setdefault(len(checked), []).append(place)
    return tuple(place for places in by_steps.values() for place in places[:20])


# %% variant: more_steps
# note: Sound ones with three steps or more.
def choose_examples(pool):
    chosen = []
    for place, example in enumerate(pool):
        checked = check_calculator(example["answer"])
        if len(checked) >= 3 and all(right for _, right in checked):
            if parse_answer(example["answer"]) == checked[-1][0].split("=")[1]:
                chosen.append(place)
    return chosen[: training_pool.BUDGET]
