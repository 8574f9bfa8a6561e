# %% mutant: whole_text
# misconception: A language model learns from all of its text, so the loss takes every token as it comes.
# fails: sft_masking-open-choose_loss-tests
# says: 0.3 nats below the baseline's
def choose_loss(chats, budget):
    return tool_chats.whole_text(chats, budget)


# %% mutant: hardest_first
# misconception: The tokens with the highest loss teach most.
# fails: sft_masking-open-choose_loss-tests
# says: do the marks reach all of it
def choose_loss(chats, budget):
    spots = [
        (n, t) for n, chat in enumerate(chats) for t, token in enumerate(chat) if token["role"] == "assistant"
    ]
    chosen = set(sorted(spots, key=lambda spot: -chats[spot[0]][spot[1]]["loss"])[:budget])
    return [[(n, t) in chosen for t in range(len(chat))] for n, chat in enumerate(chats)]


# %% mutant: question_too
# misconception: A random sample of all roles is a fair sample.
# fails: sft_masking-open-choose_loss-tests
# says: Does each mark teach something of that
def choose_loss(chats, budget):
    import random

    spots = [(n, t) for n, chat in enumerate(chats) for t in range(len(chat))]
    chosen = set(random.Random(0).sample(spots, min(budget, len(spots))))
    return [[(n, t) in chosen for t in range(len(chat))] for n, chat in enumerate(chats)]


# %% mutant: tool_results
# misconception: The model must know the results that the tool writes.
# fails: sft_masking-open-choose_loss-tests
# says: 0.3 nats below the baseline's
def choose_loss(chats, budget):
    marks = []
    for chat in chats:
        marks.append([])
        for token in chat:
            marks[-1].append(token["role"] == "tool" and budget > 0)
            budget -= marks[-1][-1]
    return marks


# %% mutant: first_tokens_of_each_chat
# misconception: A few tokens from the beginning of each reply are enough to learn the format.
# fails: sft_masking-open-choose_loss-tests
# says: calls, numbers, last lines, ends
def choose_loss(chats, budget):
    share = max(1, budget // len(chats))
    marks = []
    for chat in chats:
        own = [t for t, token in enumerate(chat) if token["role"] == "assistant"][:share]
        marks.append([t in own for t in range(len(chat))])
    return marks


# %% mutant: budget_for_each_chat
# misconception: The budget is for each chat.
# fails: sft_masking-open-choose_loss-tests
# says: and the budget is 4
# breaks: at most `budget` True in all
def choose_loss(chats, budget):
    marks = []
    for chat in chats:
        left = budget
        marks.append([])
        for token in chat:
            marks[-1].append(token["role"] == "assistant" and left > 0)
            left -= marks[-1][-1]
    return marks


# %% mutant: no_budget
# misconception: The mask of SFT, everything that the assistant writes, whatever the budget.
# fails: sft_masking-open-choose_loss-tests
# says: tokens are in the loss, and the budget is 4
def choose_loss(chats, budget):
    return [[token["role"] == "assistant" for token in chat] for chat in chats]


# %% mutant: places_instead_of_marks
# misconception: The places of the chosen tokens are the answer.
# fails: sft_masking-open-choose_loss-tests
# says: needs a list of as many marks
def choose_loss(chats, budget):
    places = []
    for chat in chats:
        own = [t for t, token in enumerate(chat) if token["role"] == "assistant"][:budget]
        budget -= len(own)
        places.append(own)
    return places


# %% mutant: one_flat_list
# misconception: One list with a mark for each token of all chats.
# fails: sft_masking-open-choose_loss-tests
# says: need a list of 2 lists of marks
def choose_loss(chats, budget):
    marks = []
    for chat in chats:
        for token in chat:
            marks.append(token["role"] == "assistant" and budget > 0)
            budget -= marks[-1]
    return marks


# %% mutant: labels_instead_of_marks
# misconception: A token outside the loss is marked with -100, as in labels.
# fails: sft_masking-open-choose_loss-tests
# says: it must be True (in the loss) or False
def choose_loss(chats, budget):
    marks = []
    for chat in chats:
        marks.append([])
        for token in chat:
            inside = token["role"] == "assistant" and budget > 0
            budget -= inside
            marks[-1].append(1 if inside else -100)
    return marks


# %% mutant: nothing_if_it_does_not_fit
# misconception: A chat that does not fit into the budget as a whole is left out, even if it is the only one.
# fails: sft_masking-open-choose_loss-tests
# says: there is nothing to learn
# breaks: at least 1, at most
def choose_loss(chats, budget):
    marks = []
    for chat in chats:
        own = [token["role"] == "assistant" for token in chat]
        marks.append(own if sum(own) <= budget and sum(own) > 4 else [False] * len(chat))
        budget -= sum(marks[-1])
    return marks


# %% mutant: writes_into_the_chats
# misconception: The chosen tokens may be noted in the chats.
# fails: sft_masking-open-choose_loss-tests
# says: leaves the chats as they were
# breaks: They stay as they were
def choose_loss(chats, budget):
    for chat in chats:
        for token in chat:
            token["mark"] = token["role"] == "assistant" and budget > 0
            budget -= token["mark"]
    return [[token["mark"] for token in chat] for chat in chats]


# %% variant: in_order
# note: All that the assistant writes, from the first chat on.
def choose_loss(chats, budget):
    marks = []
    for chat in chats:
        marks.append([])
        for token in chat:
            marks[-1].append(token["role"] == "assistant" and budget > 0)
            budget -= marks[-1][-1]
    return marks


# %% variant: first_calls
# note: The first call of each chat.
def choose_loss(chats, budget):
    marks = []
    for chat in chats:
        marks.append([])
        for token in chat:
            marks[-1].append(token["role"] == "assistant" and token["turn"] == 1 and budget > 0)
            budget -= marks[-1][-1]
    return marks


# %% variant: rare_texts
# note: A sample without replacement in which rare texts are favoured; 1 and 0 for marks.
def choose_loss(chats, budget):
    import random
    from collections import Counter

    draw = random.Random(0)
    own = [
        (n, t) for n, chat in enumerate(chats) for t, token in enumerate(chat) if token["role"] == "assistant"
    ]
    counts = Counter(chats[n][t]["text"] for n, t in own)
    keys = {(n, t): draw.random() ** counts[chats[n][t]["text"]] ** 0.5 for n, t in own}
    chosen = set(sorted(own, key=lambda spot: -keys[spot])[:budget])
    return [[int((n, t) in chosen) for t in range(len(chat))] for n, chat in enumerate(chats)]


# %% variant: tool_results_in_between
# note: Assistant and tool, sampled; the marks are arrays.
def choose_loss(chats, budget):
    import random

    spots = [
        (n, t)
        for n, chat in enumerate(chats)
        for t, token in enumerate(chat)
        if token["role"] in ("assistant", "tool")
    ]
    chosen = set(random.Random(0).sample(spots, min(budget, len(spots))))
    return [np.array([(n, t) in chosen for t in range(len(chat))]) for n, chat in enumerate(chats)]
