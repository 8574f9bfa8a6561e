# %% mutant: agreement_alone
# misconception: Agreement is the bias.
# fails: many_shot_icl-order-label_bias-tests
# breaks: than they would by chance
# says: This is the agreement itself
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed


# %% mutant: equal_labels
# misconception: Chance is one over the number of labels.
# fails: many_shot_icl-order-label_bias-tests
# says: 1/3 would be chance if all labels were equally frequent
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - 1 / len(set(predictions) | set(reference))


# %% mutant: kappa
# misconception: This is Cohen's kappa.
# fails: many_shot_icl-order-label_bias-tests
# says: This is Cohen's kappa
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return (agreed - chance) / (1 - chance) if chance < 1 else 0.0


# %% mutant: chance_alone
# misconception: Chance is what is asked.
# fails: many_shot_icl-order-label_bias-tests
# says: This is chance alone
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return chance


# %% mutant: sign
# misconception: Chance minus agreement.
# fails: many_shot_icl-order-label_bias-tests
# says: The sign is wrong
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return chance - agreed


# %% mutant: shares_of_predictions_squared
# misconception: Chance is how often two predictions agree.
# fails: many_shot_icl-order-label_bias-tests
# says: you squared the shares of one side
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] ** 2 for label in said) / n**2
    return agreed - chance


# %% mutant: shares_of_references_squared
# misconception: Chance is how often two references agree.
# fails: many_shot_icl-order-label_bias-tests
# says: you squared the shares of one side
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(shown[label] ** 2 for label in shown) / n**2
    return agreed - chance


# %% mutant: counts
# misconception: Counts are shares.
# fails: many_shot_icl-order-label_bias-tests
# says: These are counts, not shares
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference))
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n
    return agreed - chance


# %% mutant: divided_once
# misconception: The product is divided by n once.
# fails: many_shot_icl-order-label_bias-tests
# says: divide by n for each of the two shares
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n
    return agreed - chance


# %% mutant: largest_share
# misconception: Chance is the most frequent label's share.
# fails: many_shot_icl-order-label_bias-tests
# says: The most frequent label's share
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - max(shown.values()) / n


# %% mutant: absolute
# misconception: A bias is a size.
# fails: many_shot_icl-order-label_bias-tests
# breaks: negative if the model
# says: a model that always avoids the reference
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return abs(agreed - chance)


# %% mutant: not_below_zero
# misconception: Less than chance is no bias.
# fails: many_shot_icl-order-label_bias-tests
# says: a model that always avoids the reference
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return max(0.0, agreed - chance)


# %% mutant: ratio
# misconception: How many times more often than chance.
# fails: many_shot_icl-order-label_bias-tests
# says: This is the quotient
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed / chance if chance else 0.0


# %% mutant: ratio_minus_one
# misconception: How much more, as a share of chance.
# fails: many_shot_icl-order-label_bias-tests
# says: This is the quotient
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed / chance - 1 if chance else 0.0


# %% mutant: positions_ignored
# misconception: Agreement compares the two counts.
# fails: many_shot_icl-order-label_bias-tests
# says: place by place
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(min(Counter(predictions)[x], Counter(reference)[x]) for x in set(predictions)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - chance


# %% mutant: any_place
# misconception: A prediction agrees if it stands somewhere in the reference.
# fails: many_shot_icl-order-label_bias-tests
# says: place by place
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p in reference for p in predictions) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - chance


# %% mutant: next_place
# misconception: The last label belongs to the next prompt.
# fails: many_shot_icl-order-label_bias-tests
# says: not to the next one
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference[1:])) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - chance


# %% mutant: mean_of_products
# misconception: The mean over labels of the products.
# fails: many_shot_icl-order-label_bias-tests
# says: sum of the products
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2 / len(said)
    return agreed - chance


# %% mutant: shares_added
# misconception: Shares are added.
# fails: many_shot_icl-order-label_bias-tests
# says: bias
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum((said[label] + shown[label]) / 2 * n / len(said) / 2 for label in said) / n**2
    return agreed - chance


# %% mutant: percent
# misconception: A share in per cent.
# fails: many_shot_icl-order-label_bias-tests
# says: in per cent
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return 100 * (agreed - chance)


# %% mutant: rounded
# misconception: Two digits are enough.
# fails: many_shot_icl-order-label_bias-tests
# says: Do not round
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return round(agreed - chance, 2)


# %% mutant: key_error
# misconception: Every label that is predicted occurs in the reference.
# fails: many_shot_icl-order-label_bias-tests
# says: KeyError
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = dict(Counter(predictions)), dict(Counter(reference))
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - chance


# %% mutant: lengths_not_compared
# misconception: zip takes care of it.
# fails: many_shot_icl-order-label_bias-tests
# says: one prediction and two references
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0:
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - chance


# %% mutant: empty_is_zero
# misconception: No prompts, no bias.
# fails: many_shot_icl-order-label_bias-tests
# says: no prompts at all
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0:
        return 0.0
    if n != len(reference):
        raise ValueError("lengths")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - chance


# %% mutant: empty_divides_by_zero
# misconception: An empty list is an error anyway.
# fails: many_shot_icl-order-label_bias-tests
# says: no prompts at all
def label_bias(predictions, reference):
    n = len(predictions)
    if n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    return agreed - chance


# %% mutant: sorted_in_place
# misconception: Sorting helps counting.
# fails: many_shot_icl-order-label_bias-tests
# says: leaves its arguments as they were
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("as many of each, at least one")
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    chance = sum(said[label] * shown[label] for label in said) / n**2
    predictions.sort()
    return agreed - chance


# %% mutant: hard_coded
# misconception: The text gives the answer.
# fails: many_shot_icl-order-label_bias-tests
# says: a model that always says A
def label_bias(predictions, reference):
    return 0.5 - 13 / 36


# %% mutant: more_references_only
# misconception: Only more references than predictions are refused; zip drops the rest of the predictions.
# fails: many_shot_icl-order-label_bias-tests
# breaks: Raises ValueError
# says: ValueError
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or len(reference) > n:
        raise ValueError("lengths")
    agreement = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    return agreement - sum(said[label] * shown[label] for label in said) / n**2


# %% mutant: case_ignored
# misconception: "a" and "A" are one label.
# fails: many_shot_icl-order-label_bias-tests
# says: Labels are compared as they are
# breaks: one label for each
# edit:
#   n = len(predictions)
# ->
#   n = len(predictions)
#   predictions, reference = [p.lower() for p in predictions], [r.lower() for r in reference]


# %% mutant: empty_labels_left_out
# misconception: An empty label is no label.
# fails: many_shot_icl-order-label_bias-tests
# says: one that is empty
# edit: agreed = sum(p == r for p, r in zip(predictions, reference)) / n -> agreed = sum(bool(p) and p == r for p, r in zip(predictions, reference)) / n


# %% mutant: six_digits
# misconception: Six digits are exact.
# fails: many_shot_icl-order-label_bias-tests
# says: Checked
# edit: return agreed - chance -> return round(agreed - chance, 6)


# %% mutant: five_commonest
# misconception: Rare labels do not matter.
# fails: many_shot_icl-order-label_bias-tests
# says: over all labels
# edit: for label in said) -> for label, _ in said.most_common(5))


# %% mutant: first_letters
# misconception: Labels differ in their first letters.
# fails: many_shot_icl-order-label_bias-tests
# says: whole text
def label_bias(predictions, reference):
    n = len(predictions)
    if n == 0 or n != len(reference):
        raise ValueError("lengths differ")
    predictions, reference = ([label[:3] for label in labels] for labels in (predictions, reference))
    agreed = sum(p == r for p, r in zip(predictions, reference)) / n
    said, shown = Counter(predictions), Counter(reference)
    return agreed - sum(said[label] * shown[label] for label in said) / n**2


# %% variant: all_pairs
# note: Chance as the agreement of every prediction with every reference.
def label_bias(predictions, reference):
    if not predictions or len(predictions) != len(reference):
        raise ValueError("as many of each")
    agreed = np.mean([p == r for p, r in zip(predictions, reference)])
    return float(agreed - np.mean([p == r for p in predictions for r in reference]))


# %% variant: list_count
# note: list.count for each label of both.
def label_bias(predictions, reference):
    n = len(reference)
    if len(predictions) != n or not n:
        raise ValueError("as many of each")
    chance = 0.0
    for label in set(predictions + reference):
        chance += predictions.count(label) / n * (reference.count(label) / n)
    return sum(1 for i in range(n) if predictions[i] == reference[i]) / n - chance


# %% variant: numpy_table
# note: A table of pairs; its trace and its margins.
def label_bias(predictions, reference):
    if len(predictions) != len(reference) or len(reference) == 0:
        raise ValueError("as many of each")
    names = sorted({*predictions, *reference})
    table = np.zeros((len(names), len(names)))
    for p, r in zip(predictions, reference):
        table[names.index(p), names.index(r)] += 1
    table /= table.sum()
    return float(np.trace(table) - table.sum(0) @ table.sum(1))


# %% variant: unique
# note: numpy's unique, and a comparison of arrays.
def label_bias(predictions, reference):
    said, shown = np.array(predictions), np.array(reference)
    if said.shape != shown.shape or said.size == 0:
        raise ValueError("as many of each")
    chance = sum((said == label).mean() * (shown == label).mean() for label in np.unique(said))
    return float((said == shown).mean() - chance)


# %% variant: fractions
# note: Exact fractions, at the end a float.
def _all(labels):
    from fractions import Fraction

    return {label: Fraction(labels.count(label), len(labels)) for label in labels}


def label_bias(predictions, reference):
    if not predictions or len(predictions) != len(reference):
        raise ValueError("as many of each")
    p, r = _all(predictions), _all(reference)
    both = [a for a, b in zip(predictions, reference) if a == b]
    return float(len(both) / len(predictions) - float(sum(p[k] * r.get(k, 0) for k in p)))


# %% variant: one_hot
# note: One-hot rows as tensors; a product of their means.
def label_bias(predictions, reference):
    if len(predictions) != len(reference) or len(reference) < 1:
        raise ValueError("lengths")
    names = list({*predictions, *reference})
    p, r = (F.one_hot(torch.tensor([names.index(x) for x in row]), len(names)).double() for row in (predictions, reference))
    return ((p * r).sum(1).mean() - p.mean(0) @ r.mean(0)).item()
