# %% mutant: as_they_come
# misconception: A model that learns from examples sees through a few wrong labels.
# fails: many_shot_icl-open-choose_shots-tests
# says: at least 0.08 more of the questions than the first 32 examples do
# says: Three labels in ten are wrong
# breaks: Must beat pool[:32]
def choose_shots(pool, labels):
    return pool[:32]


# %% mutant: the_last_ones
# misconception: Only the choice matters: any other 32 will do.
# fails: many_shot_icl-open-choose_shots-tests
# says: at least 0.08 more
def choose_shots(pool, labels):
    return pool[-32:]


# %% mutant: sorted_by_label
# misconception: Order is what matters: examples of one label belong together.
# fails: many_shot_icl-open-choose_shots-tests
# says: at least 0.08 more
def choose_shots(pool, labels):
    return sorted(pool[:32], key=lambda shot: shot[1])


# %% mutant: all_of_them
# misconception: 160 examples are better than 32.
# fails: many_shot_icl-open-choose_shots-tests
# says: the plan gave 160 demonstrations: at most 32 are allowed
# breaks: Demonstrations for a prompt of at most 32
def choose_shots(pool, labels):
    votes = {}
    for text, label in pool:
        votes.setdefault(text, []).append(label)
    return [(text, max(labels, key=votes[text].count)) for text, _ in pool]


# %% mutant: one_label
# misconception: The most frequent label is a good guess.
# fails: many_shot_icl-open-choose_shots-tests
# says: at least 0.08 more
def choose_shots(pool, labels):
    given = [label for _, label in pool]
    return [(text, max(labels, key=given.count)) for text, _ in pool[:32]]


# %% mutant: first_label_of_a_word
# misconception: An input that occurs again needs its first label only.
# fails: many_shot_icl-open-choose_shots-tests
# says: at least 0.08 more
def choose_shots(pool, labels):
    seen = {}
    for text, label in pool:
        seen.setdefault(text, label)
    return list(seen.items())[:32]


# %% mutant: the_rarest_vote
# misconception: The label that stands out is the right one.
# fails: many_shot_icl-open-choose_shots-tests
# says: at least 0.08 more
# edit: return [(text, max(labels, key=given.count)) for text, given in votes.items()] -> return [(text, min(labels, key=given.count)) for text, given in votes.items()]
# edit: return [(pool[i][0], max(labels, key=given[i].count)) for i in chosen] -> return [(pool[i][0], min(labels, key=given[i].count)) for i in chosen]


# %% mutant: indices
# misconception: A choice is a list of indices.
# fails: many_shot_icl-open-choose_shots-tests
# says: give (input, label), two texts
# breaks: Returns (input, label) pairs
def choose_shots(pool, labels):
    return list(range(32))


# %% mutant: a_prompt
# misconception: The prompt itself comes back.
# fails: many_shot_icl-open-choose_shots-tests
# says: give a list of (input, label) pairs
def choose_shots(pool, labels):
    return "".join(f"{text} {label}\n" for text, label in pool[:32])


# %% mutant: new_words
# misconception: Explaining the task in words helps a language model.
# fails: many_shot_icl-open-choose_shots-tests
# says: use words as the pool has them
def choose_shots(pool, labels):
    return [("Please ignore wrong labels", labels[0]), *pool[:31]]


# %% mutant: own_labels
# misconception: Labels may be renamed, so that they are easier to tell apart.
# fails: many_shot_icl-open-choose_shots-tests
# says: use one of
# breaks: labels: the labels of the task.
def choose_shots(pool, labels):
    names = {label: str(number) for number, label in enumerate(labels)}
    return [(text, names[label]) for text, label in pool[:32]]


# %% mutant: eats_the_pool
# misconception: What was handed over may be used up.
# fails: many_shot_icl-open-choose_shots-tests
# says: leaves the pool as it was
# edit:
#   votes = {}
# ->
#   votes = {}
#   pool.sort()


# %% variant: vote_of_equal_inputs
# note: Equal inputs vote; points too, although few of them are equal.
def choose_shots(pool, labels):
    from collections import defaultdict

    votes = defaultdict(list)
    for text, label in pool:
        votes[text].append(label)
    return [(text, max(labels, key=given.count)) for text, given in votes.items()][:32]


# %% variant: keeps_what_agrees
# note: No label is changed; an example that its neighbours outvote stays out. Tuples in a tuple.
def choose_shots(pool, labels):
    def near(text):
        words = text.split()
        if not words[0].isdigit():
            return [label for other, label in pool if other == text]
        place = np.array([int(word) for word in words])
        others = np.array([[int(word) for word in other.split()] for other, _ in pool])
        if others.shape[1] == 1:
            return [label for other, label in pool if other == text]
        order = np.argsort(((others - place) ** 2).sum(1), kind="stable")[:11]
        return [pool[i][1] for i in order]

    mixed = any(not text.replace(" ", "").isdigit() for text, _ in pool)
    kept = []
    for text, label in pool:
        given = [one for other, one in pool if other == text] if mixed else near(text)
        if label == max(labels, key=given.count):
            kept.append((text, label))
    return tuple(kept[:32])


# %% variant: lists_of_fifteen_neighbours
# note: Fifteen neighbours, the first 32 inputs, pairs as lists.
def choose_shots(pool, labels):
    if all(len(text.split()) == 2 for text, _ in pool):
        places = np.array([[int(word) for word in text.split()] for text, _ in pool])
        found = []
        for place, (text, _) in zip(places[:32], pool):
            order = np.argsort(((places - place) ** 2).sum(1), kind="stable")[:15]
            given = [pool[i][1] for i in order]
            found.append([text, max(labels, key=given.count)])
        return found
    votes = {}
    for text, label in pool:
        votes.setdefault(text, []).append(label)
    return [[text, max(labels, key=given.count)] for text, given in votes.items()][:32]


# %% variant: words_twice
# note: Every word stands twice if there is room; points as in the vote of equal inputs.
def choose_shots(pool, labels):
    votes = {}
    for text, label in pool:
        votes.setdefault(text, []).append(label)
    clean = [(text, max(labels, key=given.count)) for text, given in votes.items()]
    return (clean + clean)[:32]
