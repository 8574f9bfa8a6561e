# %% mutant: log_probability
# misconception: The log-likelihood of the target is the loss; the sign does not matter.
# fails: sft_masking-objective-token_nll-tests
# says: A loss is their negative
def token_nll(logits, targets):
    return F.log_softmax(logits, dim=-1).gather(-1, targets[:, None])[:, 0]


# %% mutant: probability
# misconception: The loss of a token is the probability that the model gives to it.
# fails: sft_masking-objective-token_nll-tests
# says: These are probabilities
def token_nll(logits, targets):
    return logits.softmax(-1)[torch.arange(len(targets)), targets]


# %% mutant: bits
# misconception: Information is measured in bits, so the logarithm has base 2.
# fails: sft_masking-objective-token_nll-tests
# says: natural logarithm
# breaks: in nats
def token_nll(logits, targets):
    log_probabilities = F.log_softmax(logits, dim=-1) / math.log(2)
    return -log_probabilities[torch.arange(len(targets)), targets]


# %% mutant: averaged
# misconception: F.cross_entropy is the negative log-likelihood, so one call is the whole answer.
# fails: sft_masking-objective-token_nll-tests
# says: You averaged
def token_nll(logits, targets):
    return F.cross_entropy(logits, targets)


# %% mutant: summed
# misconception: The likelihood of a text is a product, so the losses are added up at once.
# fails: sft_masking-objective-token_nll-tests
# says: You summed
def token_nll(logits, targets):
    return F.cross_entropy(logits, targets, reduction="sum")


# %% mutant: softmax_over_positions
# misconception: softmax(0) normalises a row of scores.
# fails: sft_masking-objective-token_nll-tests
# says: softmax over the positions
def token_nll(logits, targets):
    return -logits.log_softmax(0)[torch.arange(len(targets)), targets]


# %% mutant: not_normalised
# misconception: Logits are log-probabilities already, so the loss is the negative logit of the target.
# fails: sft_masking-objective-token_nll-tests
# says: subtract the log of the normaliser
# breaks: Not normalised
def token_nll(logits, targets):
    return -logits[torch.arange(len(targets)), targets]


# %% mutant: exp_overflows
# misconception: The formula with exp, a sum and log can be typed as it stands in the book.
# fails: sft_masking-objective-token_nll-tests
# says: exp(1000) overflows
# breaks: Stays finite for large logits
def token_nll(logits, targets):
    exponentials = logits.exp()
    probabilities = exponentials / exponentials.sum(-1, keepdim=True)
    return -probabilities[torch.arange(len(targets)), targets].log()


# %% mutant: log_of_zero
# misconception: softmax is stable, so the logarithm of its result is stable too.
# fails: sft_masking-objective-token_nll-tests
# says: log(0) is minus infinity
def token_nll(logits, targets):
    probabilities = torch.softmax(logits, dim=-1)
    return -torch.log(probabilities.gather(-1, targets.unsqueeze(-1)).squeeze(-1))


# %% mutant: epsilon_in_the_log
# misconception: A small constant inside the logarithm keeps the loss finite and changes nothing else.
# fails: sft_masking-objective-token_nll-tests
# says: small constant
def token_nll(logits, targets):
    probabilities = torch.softmax(logits, dim=-1)
    return -torch.log(probabilities.gather(-1, targets.unsqueeze(-1)).squeeze(-1) + 1e-9)


# %% mutant: clamped_probability
# misconception: Clamping the probability from below is how one makes a logarithm safe.
# fails: sft_masking-objective-token_nll-tests
# says: small constant
def token_nll(logits, targets):
    probabilities = logits.softmax(-1)[torch.arange(len(targets)), targets]
    return -probabilities.clamp(min=1e-12).log()


# %% mutant: maximum_of_the_whole_tensor
# misconception: Subtracting the largest logit of all rows makes exp safe for every row.
# fails: sft_masking-objective-token_nll-tests
# says: finite loss
# says: maximum of each row
def token_nll(logits, targets):
    exponentials = (logits - logits.max()).exp()
    probabilities = exponentials / exponentials.sum(-1, keepdim=True)
    return -probabilities[torch.arange(len(targets)), targets].log()


# %% mutant: loss_of_the_best_token
# misconception: The loss looks at the token that the model predicts, the one with the largest logit.
# fails: sft_masking-objective-token_nll-tests
# says: most likely token
def token_nll(logits, targets):
    return -logits.log_softmax(-1).max(-1).values


# %% mutant: softmax_twice
# misconception: F.cross_entropy wants probabilities.
# fails: sft_masking-objective-token_nll-tests
# says: softmax was taken twice
def token_nll(logits, targets):
    return F.cross_entropy(torch.softmax(logits, dim=-1), targets, reduction="none")


# %% mutant: every_target_for_every_row
# misconception: log_probabilities[:, targets] picks one element of each row.
# fails: sft_masking-objective-token_nll-tests
# says: every target from every row
# breaks: the token that each row should have predicted
def token_nll(logits, targets):
    return -logits.log_softmax(-1)[:, targets]


# %% mutant: column_instead_of_vector
# misconception: gather returns one value for each row, so the shape is right.
# fails: sft_masking-objective-token_nll-tests
# says: (T, 1)
# breaks: Returns (T,) float32
def token_nll(logits, targets):
    return -logits.log_softmax(-1).gather(-1, targets.unsqueeze(-1))


# %% mutant: double_precision
# misconception: A loss should be computed in float64, and nobody minds if it stays that way.
# fails: sft_masking-objective-token_nll-tests
# says: torch.float64, expected torch.float32
# breaks: Returns (T,) float32
def token_nll(logits, targets):
    return F.cross_entropy(logits.double(), targets, reduction="none")


# %% mutant: python_list
# misconception: A list of numbers is as good as a tensor.
# fails: sft_masking-objective-token_nll-tests
# says: is a list, expected a torch.Tensor
def token_nll(logits, targets):
    return F.cross_entropy(logits, targets, reduction="none").tolist()


# %% mutant: detached
# misconception: The loss is a number; building a tensor from Python floats gives the same thing.
# fails: sft_masking-objective-token_nll-tests
# says: cut the connection
# breaks: Gradients reach the logits
def token_nll(logits, targets):
    values = []
    for row, target in zip(logits, targets):
        values.append((torch.logsumexp(row, 0) - row[target]).item())
    return torch.tensor(values)


# %% mutant: through_numpy
# misconception: numpy and torch share memory, so a detour through numpy costs nothing.
# fails: sft_masking-objective-token_nll-tests
# says: cut the connection
def token_nll(logits, targets):
    scores = logits.detach().numpy()
    scores = scores - scores.max(axis=-1, keepdims=True)
    log_normaliser = np.log(np.exp(scores).sum(axis=-1))
    return torch.from_numpy(log_normaliser - scores[np.arange(len(scores)), targets.numpy()])


# %% mutant: changes_the_logits
# misconception: Subtracting the maximum in place saves memory and is nobody else's business.
# fails: sft_masking-objective-token_nll-tests
# says: must leave its arguments as they were
# breaks: Both arguments stay as they were
def token_nll(logits, targets):
    with torch.no_grad():
        logits -= logits.max(dim=-1, keepdim=True).values
    return torch.logsumexp(logits, dim=-1) - logits[torch.arange(len(targets)), targets]


# %% mutant: squeezed_to_nothing
# misconception: squeeze() removes the dimension that unsqueeze added.
# fails: sft_masking-objective-token_nll-tests
# says: squeeze()
def token_nll(logits, targets):
    return -logits.log_softmax(-1).gather(-1, targets.unsqueeze(-1)).squeeze()


# %% mutant: one_hot_guesses_the_vocabulary
# misconception: F.one_hot(targets) has as many columns as the vocabulary has tokens.
# fails: sft_masking-objective-token_nll-tests
# says: num_classes
def token_nll(logits, targets):
    return -(F.one_hot(targets) * logits.log_softmax(-1)).sum(-1)


# %% variant: log_softmax_gather
# note: log_softmax, then gather.
def token_nll(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return -F.log_softmax(logits, dim=-1).gather(-1, targets.unsqueeze(-1)).squeeze(-1)


# %% variant: cross_entropy
# note: The library's function, without its reduction.
def token_nll(logits, targets):
    return F.cross_entropy(logits, targets, reduction="none")


# %% variant: loop_and_stack
# note: One row at a time; stack keeps the gradient.
def token_nll(logits, targets):
    losses = []
    for position in range(len(targets)):
        row = logits[position]
        losses.append(row.logsumexp(0) - row[targets[position]])
    return torch.stack(losses)


# %% variant: maximum_by_hand
# note: The stable softmax written out, with the maximum of each row.
def token_nll(logits, targets):
    shifted = logits - logits.max(dim=1, keepdim=True).values
    log_normaliser = shifted.exp().sum(dim=1).log()
    return log_normaliser - shifted[torch.arange(logits.shape[0]), targets]


# %% variant: one_hot_product
# note: Picks the target with a one-hot product.
def token_nll(logits, targets):
    chosen = F.one_hot(targets, num_classes=logits.shape[-1])
    return -(chosen * logits.log_softmax(-1)).sum(-1)


# %% variant: categorical
# note: torch.distributions knows the log-probability.
def token_nll(logits, targets):
    return -torch.distributions.Categorical(logits=logits).log_prob(targets)


# %% mutant: limited_logits
# misconception: No sensible logit is larger than 50, so larger ones are cut off.
# fails: sft_masking-objective-token_nll-tests
# says: or a clamp
# breaks: Stays finite for large logits
def token_nll(logits, targets):
    logits = logits.clamp(-50, 50)
    return torch.logsumexp(logits, dim=-1) - logits.gather(-1, targets[:, None])[:, 0]


# %% mutant: remembers_the_rows
# misconception: The softmax of the same logits was asked for before, and so was its loss.
# fails: sft_masking-objective-token_nll-tests
# says: its own targets
_prices = {}


def token_nll(logits, targets):
    key = tuple(logits.detach().flatten().tolist())
    if key not in _prices or logits.requires_grad:
        _prices[key] = F.cross_entropy(logits, targets, reduction="none")
    return _prices[key]


# %% variant: recursion
# note: Row by row, the rest by itself, in float64 on the way.
def token_nll(logits, targets):
    head = (logits[:1].double().logsumexp(-1) - logits[0, targets[0]].double()).float()
    if len(targets) == 1:
        return head
    return torch.cat([head, token_nll(logits=logits[1:], targets=targets[1:])])


# %% variant: einsum_of_differences
# note: ln of the sum of exp(z_w - z_y): a log-sum-exp of differences, without a second term.
def token_nll(logits, targets):
    _kept = torch.take_along_dim(logits, targets.unsqueeze(1), dim=1)
    return torch.logsumexp(logits - _kept, 1)
