# %% mutant: none_votes
# misconception: None is an answer too.
# fails: gsm8k-samples-majority_vote-tests
# says: None does not vote
# breaks: The answer that most
def majority_vote(answers):
    return Counter(answers).most_common(1)[0][0] if answers else None


# %% mutant: first_try
# misconception: The first try is the most probable one.
# fails: gsm8k-samples-majority_vote-tests
# says: This is the first try
# breaks: The answer that most
def majority_vote(answers):
    return next((answer for answer in answers if answer is not None), None)


# %% mutant: last_try
# misconception: The last try is the best.
# fails: gsm8k-samples-majority_vote-tests
# says: vote
def majority_vote(answers):
    votes = [answer for answer in answers if answer is not None]
    return votes[-1] if votes else None


# %% mutant: smallest_group
# misconception: min finds the winner.
# fails: gsm8k-samples-majority_vote-tests
# says: This is the smallest group
# edit: max(votes, key=votes.get) -> min(votes, key=votes.get)

# %% mutant: max_of_a_set
# misconception: max with count over a set; the order of a set is that of its entries.
# fails: gsm8k-samples-majority_vote-tests
# says: came first
def majority_vote(answers):
    votes = [answer for answer in answers if answer is not None]
    return max(sorted(set(votes), reverse=True), key=votes.count) if votes else None


# %% mutant: alphabetical_tie
# misconception: The answers are sorted before they are counted.
# fails: gsm8k-samples-majority_vote-tests
# says: vote of ['5', '12', '12', '5', None]
def majority_vote(answers):
    votes = sorted(answer for answer in answers if answer is not None)
    return Counter(votes).most_common(1)[0][0] if votes else None


# %% mutant: last_of_equals
# misconception: Sorting by count and taking the last.
# fails: gsm8k-samples-majority_vote-tests
# says: A tie goes to the answer that came first
# breaks: A tie goes
# edit: max(votes, key=votes.get) -> sorted(votes.items(), key=lambda pair: pair[1])[-1][0]

# %% mutant: largest_of_equals
# misconception: Sorting pairs of count and answer.
# fails: gsm8k-samples-majority_vote-tests
# says: A tie goes to the answer that came first
def majority_vote(answers):
    votes = Counter(answer for answer in answers if answer is not None)
    return (
        max(
            (count, int(float(answer)) if answer.lstrip("-").isdigit() else 0, answer)
            for answer, count in votes.items()
        )[2]
        if votes
        else None
    )


# %% mutant: last_try_of_a_tie
# misconception: The loop keeps the last of the largest counts.
# fails: gsm8k-samples-majority_vote-tests
# says: A tie goes to the answer that came first
def majority_vote(answers):
    best = None
    for answer in answers:
        if answer is not None and (best is None or answers.count(answer) >= answers.count(best)):
            best = answer
    return best


# %% mutant: counted_while_running
# misconception: Who leads first wins.
# fails: gsm8k-samples-majority_vote-tests
# says: came first
def majority_vote(answers):
    counts, best = Counter(), None
    for answer in answers:
        if answer is not None:
            counts[answer] += 1
            if best is None or counts[answer] > counts[best]:
                best = answer
    return best


# %% mutant: numbers
# misconception: Answers are numbers.
# fails: gsm8k-samples-majority_vote-tests
# says: You returned a number
# breaks: answers: what parse_answer
# edit: answer for answer -> int(answer) for answer

# %% mutant: mean
# misconception: The mean of the answers is the vote.
# fails: gsm8k-samples-majority_vote-tests
# says: vote
def majority_vote(answers):
    votes = [float(answer) for answer in answers if answer is not None]
    return str(round(sum(votes) / len(votes))) if votes else None


# %% mutant: median
# misconception: The middle answer is the vote.
# fails: gsm8k-samples-majority_vote-tests
# says: vote
def majority_vote(answers):
    votes = sorted((answer for answer in answers if answer is not None), key=float)
    return votes[len(votes) // 2] if votes else None


# %% mutant: absolute_majority
# misconception: A majority is more than half.
# fails: gsm8k-samples-majority_vote-tests
# says: vote of
def majority_vote(answers):
    votes = Counter(answer for answer in answers if answer is not None)
    return next((answer for answer, count in votes.items() if 2 * count > len(answers)), None)


# %% mutant: no_tie_allowed
# misconception: Without a clear winner there is no vote.
# fails: gsm8k-samples-majority_vote-tests
# says: vote is None
def majority_vote(answers):
    votes = Counter(answer for answer in answers if answer is not None).most_common()
    if not votes or len(votes) > 1 and votes[0][1] == votes[1][1]:
        return None
    return votes[0][0]


# %% mutant: empty_string
# misconception: Nobody voted: an empty string.
# fails: gsm8k-samples-majority_vote-tests
# says: Nobody voted: None
# breaks: Returns None
# edit: votes else None -> votes else ""

# %% mutant: texts_of_none
# misconception: str makes all entries alike.
# fails: gsm8k-samples-majority_vote-tests
# says: vote
def majority_vote(answers):
    return Counter(map(str, answers)).most_common(1)[0][0] if answers else None


# %% mutant: max_of_nothing
# misconception: There is always a vote.
# fails: gsm8k-samples-majority_vote-tests
# says: ValueError
# edit: (votes, key=votes.get) if votes else None -> (votes, key=votes.get)

# %% mutant: index_of_nothing
# misconception: most_common(1) has an entry.
# fails: gsm8k-samples-majority_vote-tests
# says: IndexError
def majority_vote(answers):
    return Counter(answer for answer in answers if answer is not None).most_common(1)[0][0]


# %% mutant: pair
# misconception: most_common gives answer and count.
# fails: gsm8k-samples-majority_vote-tests
# says: vote is a tuple
# edit: max(votes, key=votes.get) -> votes.most_common(1)[0]

# %% mutant: count
# misconception: The vote is how many agree.
# fails: gsm8k-samples-majority_vote-tests
# says: vote is an int
# edit: , key=votes.get -> .values()

# %% mutant: zero_is_no_answer
# misconception: An answer that is 0 is no answer.
# fails: gsm8k-samples-majority_vote-tests
# says: [None, '0']
# edit: answer is not None -> answer and answer != "0"

# %% mutant: sign_ignored
# misconception: The sign of an answer is noise.
# fails: gsm8k-samples-majority_vote-tests
# says: vote
# edit: answer for answer -> answer.lstrip("-") for answer

# %% mutant: none_removed_in_place
# misconception: The Nones are taken out of the list.
# fails: gsm8k-samples-majority_vote-tests
# says: left as it was
def majority_vote(answers):
    while None in answers:
        answers.remove(None)
    return max(answers, key=answers.count) if answers else None


# %% mutant: largest_answer
# misconception: max of the answers.
# fails: gsm8k-samples-majority_vote-tests
# says: vote
def majority_vote(answers):
    votes = [answer for answer in answers if answer is not None]
    return max(votes) if votes else None


# %% mutant: toy_answer
# misconception: The toy's vote is 18.
# fails: gsm8k-samples-majority_vote-tests
# says: vote of
def majority_vote(answers):
    return "18"


# %% mutant: identity
# misconception: The answers are the vote.
# fails: gsm8k-samples-majority_vote-tests
# says: vote is a list
def majority_vote(answers):
    return answers


# %% variant: most_common
# note: Counter.most_common keeps the order of equals.
def majority_vote(answers):
    top = Counter(answer for answer in answers if answer is not None).most_common(1)
    return top[0][0] if top else None


# %% variant: max_of_the_list
# note: max over the list itself: the first of equals comes first there.
def majority_vote(answers):
    votes = [answer for answer in answers if answer is not None]
    return max(votes, key=votes.count, default=None)


# %% variant: dict_by_hand
# note: A dict of counts and a loop with >.
def majority_vote(answers):
    counts = {}
    for answer in answers:
        if answer is None:
            continue
        counts[answer] = counts.get(answer, 0) + 1
    winner, most = None, 0
    for answer, count in counts.items():
        if count > most:
            winner, most = answer, count
    return winner


# %% variant: sorted_by_count_and_place
# note: Sorted by falling count, then by first place.
def majority_vote(answers):
    names = {answer for answer in answers if answer is not None}
    order = sorted(names, key=lambda answer: (-answers.count(answer), answers.index(answer)))
    return order[0] if order else None


# %% variant: numpy_unique
# note: numpy counts; the first index breaks ties.
def majority_vote(answers: list[str | None]) -> str | None:
    votes = np.array([answer for answer in answers if answer is not None])
    if not votes.size:
        return None
    names, first, counts = np.unique(votes, return_index=True, return_counts=True)
    return str(names[np.lexsort((first, -counts))[0]])


# %% variant: reversed_stable_sort
# note: Sorted by count, largest first; a stable sort keeps the first of equals.
def majority_vote(answers: list[str | None]) -> str | None:
    votes = [answer for answer in answers if answer is not None]
    return next(iter(sorted(votes, key=votes.count, reverse=True)), None)
