# %% mutant: off_by_one
# misconception: The last prompt token predicts the first answer token, so it must be in the loss.
# fails: sft_masking-labels-build_labels-tests
# says: last prompt token
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[: max(prompt_length - 1, 0)] = -100
    return labels


# %% mutant: one_too_many
# misconception: prompt_length is the index of the last prompt token, and slices include their end.
# fails: sft_masking-labels-build_labels-tests
# says: one token too many
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[: prompt_length + 1] = -100
    return labels


# %% mutant: shifted
# misconception: Labels are the next tokens, so they are moved one place to the left here.
# fails: sft_masking-labels-build_labels-tests
# says: You shifted the labels
# breaks: Not shifted
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = torch.full_like(input_ids, -100)
    labels[:-1] = input_ids[1:]
    labels[: max(prompt_length - 1, 0)] = -100
    return labels


# %% mutant: shifted_then_masked
# misconception: First the labels are shifted, then the first prompt_length of them are masked.
# fails: sft_masking-labels-build_labels-tests
# says: lost the first answer token
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = torch.cat([input_ids[1:], torch.tensor([-100])])
    labels[:prompt_length] = -100
    return labels


# %% mutant: wrong_half
# misconception: -100 marks what is to be learned.
# fails: sft_masking-labels-build_labels-tests
# says: wrong half
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[prompt_length:] = -100
    return labels


# %% mutant: zeros
# misconception: A masked position is 0, as in an attention mask.
# fails: sft_masking-labels-build_labels-tests
# says: Token 0 is a real token
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[:prompt_length] = 0
    return labels


# %% mutant: minus_one
# misconception: Any negative label is ignored by the loss.
# fails: sft_masking-labels-build_labels-tests
# says: ignore_index
# breaks: -100 on the prompt
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    return torch.where(torch.arange(len(input_ids)) < prompt_length, -1, input_ids)


# %% mutant: nothing_masked
# misconception: In a causal language model the labels are the input ids; the rest is the model's affair.
# fails: sft_masking-labels-build_labels-tests
# says: Nothing is masked
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    return input_ids.clone()


# %% mutant: prompt_cut_off
# misconception: What is not learned needs no label.
# fails: sft_masking-labels-build_labels-tests
# says: The prompt was cut off
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    return input_ids[prompt_length:].clone()


# %% mutant: fixed_prompt
# misconception: The prompt of the example is two tokens long, and so are all prompts.
# fails: sft_masking-labels-build_labels-tests
# says: without a prompt
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[:2] = -100
    return labels


# %% mutant: counted_from_the_end
# misconception: labels[-n:] are the last n entries, also for n = 0.
# fails: sft_masking-labels-build_labels-tests
# says: labels[-0:] is everything
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.flip(0)
    labels[-prompt_length:] = -100
    return labels.flip(0)


# %% mutant: no_error
# misconception: If nothing is left to learn, the labels are all -100, and that is fine.
# fails: sft_masking-labels-build_labels-tests
# says: leaves nothing to learn
# says: Refuse it here
def build_labels(input_ids, prompt_length):
    labels = input_ids.clone()
    labels[:prompt_length] = -100
    return labels


# %% mutant: assertion
# misconception: assert is the way to check arguments.
# fails: sft_masking-labels-build_labels-tests
# says: AssertionError
# says: expected ValueError
def build_labels(input_ids, prompt_length):
    assert 0 <= prompt_length < len(input_ids), "nothing to learn"
    labels = input_ids.clone()
    labels[:prompt_length] = -100
    return labels


# %% mutant: int32
# misconception: Token ids fit into 32 bits, so int32 saves memory.
# fails: sft_masking-labels-build_labels-tests
# says: torch.int32, expected torch.int64
# breaks: Returns (T,) int64
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.to(torch.int32)
    labels[:prompt_length] = -100
    return labels


# %% mutant: floats
# misconception: torch.zeros and torch.ones make a tensor of the right kind.
# fails: sft_masking-labels-build_labels-tests
# says: torch.float32, expected torch.int64
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = torch.ones(len(input_ids)) * -100
    labels[prompt_length:] = input_ids[prompt_length:]
    return labels


# %% mutant: list_of_labels
# misconception: A list of labels is as good as a tensor.
# fails: sft_masking-labels-build_labels-tests
# says: is a list, expected a torch.Tensor
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    return [-100] * prompt_length + input_ids.tolist()[prompt_length:]


# %% mutant: masked_by_token
# misconception: The tokens of the prompt are what is masked, wherever they stand.
# fails: sft_masking-labels-build_labels-tests
# says: Mask by position
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    prompt = set(input_ids[:prompt_length].tolist())
    return torch.tensor([-100 if token in prompt else token for token in input_ids.tolist()])


# %% mutant: in_place
# misconception: labels = input_ids makes a second tensor.
# fails: sft_masking-labels-build_labels-tests
# says: Plain assignment and slicing share memory
# breaks: input_ids stays as it was
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids
    labels[:prompt_length] = -100
    return labels


# %% mutant: same_tensor_without_prompt
# misconception: Without a prompt the labels are the ids, so the ids can be returned.
# fails: sft_masking-labels-build_labels-tests
# says: new tensor also for prompt_length=0
# breaks: a new tensor
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    if prompt_length == 0:
        return input_ids
    return torch.cat([torch.full((prompt_length,), -100), input_ids[prompt_length:]])


# %% mutant: only_equal_is_refused
# misconception: Nothing is left when prompt_length is T; it cannot be larger.
# fails: sft_masking-labels-build_labels-tests
# says: prompt_length=5 with 4 tokens
def build_labels(input_ids, prompt_length):
    if prompt_length == len(input_ids) or prompt_length < 0:
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[:prompt_length] = -100
    return labels


# %% mutant: negative_allowed
# misconception: A length is never negative, so only the upper end needs a check.
# fails: sft_masking-labels-build_labels-tests
# says: prompt_length=-1 with 4 tokens
# breaks: if prompt_length is negative
def build_labels(input_ids, prompt_length):
    if prompt_length >= len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[:prompt_length] = -100
    return labels


# %% mutant: one_token_is_not_enough
# misconception: The shift takes one label away, so at least two answer tokens are needed.
# fails: sft_masking-labels-build_labels-tests
# says: one answer token is enough
# breaks: 0 <= prompt_length < T
def build_labels(input_ids, prompt_length):
    if not 0 <= prompt_length < len(input_ids) - 1:
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[:prompt_length] = -100
    return labels


# %% mutant: prompt_needed
# misconception: An example without a prompt must be a mistake.
# fails: sft_masking-labels-build_labels-tests
# says: prompt_length=0 is allowed
def build_labels(input_ids, prompt_length):
    if not 0 < prompt_length < len(input_ids):
        raise ValueError("nothing to learn")
    labels = input_ids.clone()
    labels[:prompt_length] = -100
    return labels


# %% variant: with_where
# note: torch.where instead of slicing.
def build_labels(input_ids: torch.Tensor, prompt_length: int) -> torch.Tensor:
    if prompt_length < 0 or prompt_length >= input_ids.numel():
        raise ValueError(f"prompt_length {prompt_length} does not fit {input_ids.numel()} tokens")
    return torch.where(torch.arange(input_ids.numel()) < prompt_length, -100, input_ids)


# %% variant: joined
# note: A piece of -100 and a piece of ids, joined.
def build_labels(input_ids, prompt_length):
    if prompt_length not in range(len(input_ids)):
        raise ValueError("nothing would be left to learn")
    return torch.cat((torch.full((prompt_length,), -100, dtype=input_ids.dtype), input_ids[prompt_length:]))


# %% variant: list_comprehension
# note: Plain Python over the tokens.
def build_labels(input_ids, prompt_length):
    if prompt_length < 0:
        raise ValueError("prompt_length is negative")
    labels = [token if place >= prompt_length else -100 for place, token in enumerate(input_ids.tolist())]
    if all(label == -100 for label in labels):
        raise ValueError("nothing would be left to learn")
    return torch.tensor(labels)


# %% variant: masked_fill
# note: A boolean mask over positions.
def build_labels(input_ids, prompt_length):
    (length,) = input_ids.shape
    if not 0 <= prompt_length <= length - 1:
        raise ValueError("nothing would be left to learn")
    prompt = torch.arange(length) < prompt_length
    return input_ids.masked_fill(prompt, -100)


# %% variant: copied_from_the_back
# note: Starts from -100 everywhere and copies the answer.
def build_labels(input_ids, prompt_length):
    answer_length = len(input_ids) - prompt_length
    if prompt_length < 0 or answer_length < 1:
        raise ValueError("nothing would be left to learn")
    labels = torch.full_like(input_ids, -100)
    labels[-answer_length:] = input_ids[-answer_length:]
    return labels


# %% variant: numpy_inside
# note: A copy in numpy.
def build_labels(input_ids, prompt_length):
    labels = np.array(input_ids, dtype=np.int64, copy=True)
    if prompt_length < 0 or prompt_length >= labels.size:
        raise ValueError("nothing would be left to learn")
    labels[:prompt_length] = -100
    return torch.from_numpy(labels)
# %% mutant: empty_accepted
# misconception: With no tokens and no prompt there is nothing to complain about.
# fails: sft_masking-labels-build_labels-tests
# says: ValueError
# breaks: Raises ValueError
def build_labels(input_ids, prompt_length):
    if prompt_length < 0 or (prompt_length > 0 and prompt_length >= len(input_ids)):
        raise ValueError("nothing left to learn")
    labels = input_ids.clone()
    labels[:prompt_length] = -100
    return labels


# %% mutant: zero_is_padding
# misconception: The id 0 is padding, and padding is not learned.
# fails: sft_masking-labels-build_labels-tests
# says: Every id is a real token
# breaks: no padding
# edit:
#   labels[:prompt_length] = -100
# ->
#   labels[:prompt_length] = -100
#   labels[labels == 0] = -100

# %% mutant: masks_and_then_complains
# misconception: The labels are looked at when they are done, and the ids are masked on the way.
# fails: sft_masking-labels-build_labels-tests
# says: when it refuses
# breaks: input_ids stays as it was
def build_labels(input_ids, prompt_length):
    if prompt_length < 0:
        raise ValueError("prompt_length is negative")
    kept = input_ids.clone()
    input_ids[:prompt_length] = -100
    if (input_ids == -100).all():
        raise ValueError("nothing is left to learn")
    labels = input_ids.clone()
    input_ids.copy_(kept)
    return labels


# %% variant: two_generators
# note: Labels come out of a generator that is turned into a list; T from the shape.
def build_labels(input_ids, prompt_length):
    (total,) = input_ids.shape
    if prompt_length not in range(total):
        raise ValueError(f"{prompt_length} of {total} tokens are prompt: nothing to learn")
    _kept = (int(token) if place >= prompt_length else -100 for place, token in enumerate(input_ids))
    return torch.tensor(list(_kept), dtype=torch.int64)


# %% variant: recursion
# note: One prompt token less, one -100 more in front.
def build_labels(input_ids, prompt_length):
    if prompt_length < 0 or prompt_length >= input_ids.numel():
        raise ValueError("at least one token must be left, and no length is negative")
    if prompt_length == 0:
        return input_ids.detach().clone()
    _tail = build_labels(input_ids=input_ids[1:], prompt_length=prompt_length - 1)
    return torch.cat([torch.full_like(input_ids[:1], -100), _tail])
