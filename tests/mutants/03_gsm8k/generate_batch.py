# %% mutant: right_padding
# misconception: Padding goes to the end of a row.
# fails: gsm8k-evaluate-generate_batch-tests
# says: You padded on the right
# breaks: The greedy completion
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([row + [tokenizer.pad_token_id] * (width - len(row)) for row in rows])
    attention_mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: mask_on_the_other_side
# misconception: The ids are padded on the left, the mask is made as always.
# fails: gsm8k-evaluate-generate_batch-tests
# says: texts
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: padding_by_tokenizer
# misconception: tokenizer(…, padding=True) pads as generation needs it.
# fails: gsm8k-evaluate-generate_batch-tests
# says: texts
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    tokenizer.padding_side = "right"
    batch = tokenizer(prompts, padding=True, return_tensors="pt", add_special_tokens=False)
    tokenizer.padding_side = "left"
    input_ids, attention_mask = batch["input_ids"], batch["attention_mask"]
    width = input_ids.shape[1]
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: mask_of_ones
# misconception: Padding tokens teach the model to ignore them.
# fails: gsm8k-evaluate-generate_batch-tests
# says: where is its mask 0
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[1] * width for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: no_mask
# misconception: The end token pads as well as any, and generate makes the mask by itself.
# fails: gsm8k-evaluate-generate_batch-tests
# says: Pass the attention_mask to generate
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.eos_token_id] * (width - len(row)) + row for row in rows])
    output = model.generate(
        input_ids=input_ids,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: cut_at_own_length
# misconception: Each row is cut at the length of its own prompt.
# fails: gsm8k-evaluate-generate_batch-tests
# says: texts
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for whole, prompt in zip(output.tolist(), rows):
        row = whole[len(prompt) :]
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: prompt_returned
# misconception: generate gives back what is new.
# fails: gsm8k-evaluate-generate_batch-tests
# says: The prompt is still in the text
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output.tolist():
        stopped = tokenizer.eos_token_id in row[width:]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: one_too_late
# misconception: The first new token is at width + 1.
# fails: gsm8k-evaluate-generate_batch-tests
# says: The first token of each completion is missing
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width + 1 :].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: special_tokens_kept
# misconception: decode gives the text.
# fails: gsm8k-evaluate-generate_batch-tests
# says: Special tokens are left in the text
# breaks: text: what was written
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id) + 1]
        completions.append((tokenizer.decode(row), stopped))
    return completions


# %% mutant: padding_kept
# misconception: Without the cut, decode gives text and padding.
# fails: gsm8k-evaluate-generate_batch-tests
# says: texts
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        completions.append((tokenizer.decode(row), stopped))
    return completions


# %% mutant: stripped
# misconception: Spaces at the ends are dirt.
# fails: gsm8k-evaluate-generate_batch-tests
# says: The completions are stripped
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True).strip(), stopped))
    return completions


# %% mutant: always_stopped
# misconception: generate returns when it has stopped.
# fails: gsm8k-evaluate-generate_batch-tests
# says: You call everything stopped
# breaks: stopped: whether
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), True))
    return completions


# %% mutant: never_stopped
# misconception: After the cut there is no end token, so I look for it there.
# fails: gsm8k-evaluate-generate_batch-tests
# says: You call nothing stopped
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), tokenizer.eos_token_id in row))
    return completions


# %% mutant: stopped_is_cut_off
# misconception: stopped means that generation was broken off.
# fails: gsm8k-evaluate-generate_batch-tests
# says: This is the opposite
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), not stopped))
    return completions


# %% mutant: stopped_by_length
# misconception: Whoever wrote fewer tokens than allowed has stopped.
# fails: gsm8k-evaluate-generate_batch-tests
# says: stopped
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        completions.append(
            (tokenizer.decode(row, skip_special_tokens=True), len(row) < output.shape[1] - width)
        )
    return completions


# %% mutant: answer_is_stop
# misconception: A completion with an answer has stopped.
# fails: gsm8k-evaluate-generate_batch-tests
# says: stopped
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), "####" in tokenizer.decode(row)))
    return completions


# %% mutant: texts_only
# misconception: The texts are what was asked for.
# fails: gsm8k-evaluate-generate_batch-tests
# says: pair for each prompt
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append(tokenizer.decode(row, skip_special_tokens=True))
    return completions


# %% mutant: two_lists
# misconception: Texts and flags are two lists.
# fails: gsm8k-evaluate-generate_batch-tests
# says: pair for each prompt
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return [text for text, _ in completions], [flag for _, flag in completions]


# %% mutant: first_only
# misconception: The batch has one output.
# fails: gsm8k-evaluate-generate_batch-tests
# says: Every completion is the first one
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:1, width:].tolist() * len(prompts):
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: sorted_by_length
# misconception: Sorting by length saves padding.
# fails: gsm8k-evaluate-generate_batch-tests
# says: texts
# breaks: Returns one
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    prompts = sorted(prompts, key=len, reverse=True)
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: sampled
# misconception: do_sample makes the text lively.
# fails: gsm8k-evaluate-generate_batch-tests
# says: texts
# breaks: The greedy completion
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=True,
        temperature=2.0,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: fixed_length
# misconception: Thirty-two tokens are enough.
# fails: gsm8k-evaluate-generate_batch-tests
# says: six tokens each
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=32,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: wrong_end_token
# misconception: <|endoftext|> ends a text.
# fails: gsm8k-evaluate-generate_batch-tests
# says: You call nothing stopped
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.convert_tokens_to_ids("<|endoftext|>") in row
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: padding_is_the_end
# misconception: A row that holds padding has stopped.
# fails: gsm8k-evaluate-generate_batch-tests
# says: Look for the end token itself
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.pad_token_id in row
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: end_tokens_of_the_model
# misconception: The model's own setting knows the end token.
# fails: gsm8k-evaluate-generate_batch-tests
# says: ends at <|endoftext|> as well
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: end_token_for_padding
# misconception: Without a padding token the end token takes its place, as everybody does.
# fails: gsm8k-evaluate-generate_batch-tests
# says: ValueError
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: no_check
# misconception: Every tokenizer can pad.
# fails: gsm8k-evaluate-generate_batch-tests
# says: ValueError
# breaks: Raises ValueError
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: message_without_word
# misconception: ValueError is enough.
# fails: gsm8k-evaluate-generate_batch-tests
# says: what is missing: padding
# breaks: Raises ValueError
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no such token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: no_prompts
# misconception: There is always a prompt.
# fails: gsm8k-evaluate-generate_batch-tests
# says: max
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: one_by_one
# misconception: One prompt at a time needs no padding.
# fails: gsm8k-evaluate-generate_batch-tests
# says: The prompts went one by one
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    completions = []
    for prompt in prompts:
        ids = torch.tensor([tokenizer(prompt, add_special_tokens=False)["input_ids"]])
        output = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            eos_token_id=tokenizer.eos_token_id,
        )
        row = output[0, ids.shape[1] :].tolist()
        stopped = tokenizer.eos_token_id in row
        completions.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return completions


# %% mutant: library_call
# misconception: The course's package does it.
# fails: gsm8k-evaluate-generate_batch-tests
# says: functions of course_utils that ran
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    from course_utils.generation import generate

    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    found = generate(model, tokenizer, prompts, max_new_tokens=max_new_tokens)
    return [(group[0].text, group[0].stopped) for group in found]


# %% mutant: stopped_by_any_row
# misconception: If one row has an end token, generation has stopped.
# fails: gsm8k-evaluate-generate_batch-tests
# says: stopped
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append(
            (tokenizer.decode(row, skip_special_tokens=True), tokenizer.eos_token_id in output[:, width:])
        )
    return completions


# %% mutant: flags_are_tensors
# misconception: A comparison of tensors is a bool.
# fails: gsm8k-evaluate-generate_batch-tests
# says: stopped
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(len(row) for row in rows)
    input_ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    completions = []
    for row in output[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        if stopped:
            row = row[: row.index(tokenizer.eos_token_id)]
        completions.append((tokenizer.decode(row, skip_special_tokens=True), int(stopped)))
    return completions


# %% mutant: toy_answer
# misconception: The toy's completions are known.
# fails: gsm8k-evaluate-generate_batch-tests
# says: texts
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    return [("#### 5", True) for _ in prompts]


# %% mutant: mask_by_id
# misconception: What has the padding's id is padding.
# fails: gsm8k-evaluate-generate_batch-tests
# says: Make the mask from the lengths
# edit: attention_mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows]) -> attention_mask = (input_ids != tokenizer.pad_token_id).long()


# %% mutant: shorter_than_the_limit
# misconception: A completion has stopped if it is shorter than the limit.
# fails: gsm8k-evaluate-generate_batch-tests
# says: the last one allowed
# breaks: stopped: whether an end token was written
# edit: completions.append((tokenizer.decode(written, skip_special_tokens=True), stopped)) -> completions.append((tokenizer.decode(written, skip_special_tokens=True), sum(t != tokenizer.pad_token_id for t in row) < max_new_tokens))


# %% mutant: prompts_cut_off
# misconception: A limit on the prompt's length is good practice.
# fails: gsm8k-evaluate-generate_batch-tests
# says: Cut nothing off
# edit: tokenizer(prompt, add_special_tokens=False) -> tokenizer(prompt, add_special_tokens=False, truncation=True, max_length=256)


# %% variant: tokenizer_pads
# note: The tokenizer pads, with its side set for the call.
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token is None:
        raise ValueError("this tokenizer has no token for padding")
    if len(prompts) == 0:
        return []
    side, tokenizer.padding_side = tokenizer.padding_side, "left"
    try:
        batch = tokenizer(list(prompts), padding=True, add_special_tokens=False, return_tensors="pt")
    finally:
        tokenizer.padding_side = side
    with torch.inference_mode():
        output = model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            max_new_tokens=max_new_tokens,
            do_sample=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    new = output[:, batch["input_ids"].shape[1] :]
    stopped = (new == tokenizer.eos_token_id).any(dim=1).tolist()
    return list(zip(tokenizer.batch_decode(new, skip_special_tokens=True), stopped))


# %% variant: filled_tensors
# note: Tensors full of padding, filled from the right.
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    if pad is None:
        raise ValueError("Padding needs a token of its own")
    if not prompts:
        return []
    rows = [torch.tensor(tokenizer.encode(prompt, add_special_tokens=False)) for prompt in prompts]
    ids = torch.full((len(rows), max(map(len, rows))), pad)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, -len(row) :] = row
        mask[i, -len(row) :] = 1
    output = model.generate(
        ids,
        attention_mask=mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=pad,
        eos_token_id=end,
    )
    result = []
    for new in output[:, ids.shape[1] :]:
        ends = (new == end).nonzero().flatten()
        text = new[: ends[0]] if len(ends) else new
        result.append((tokenizer.decode(text, skip_special_tokens=True), len(ends) > 0))
    return result


# %% variant: flipped_pad_sequence
# note: pad_sequence of the reversed rows, reversed again.
from torch.nn.utils.rnn import pad_sequence


def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("no padding token")
    if prompts == []:
        return []
    rows = [torch.tensor(tokenizer(p, add_special_tokens=False).input_ids).flip(0) for p in prompts]
    ids = pad_sequence(rows, batch_first=True, padding_value=tokenizer.pad_token_id).flip(1)
    mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True).flip(1)
    output = model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=max_new_tokens,
        num_beams=1,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    ).tolist()
    pairs = []
    for row in output:
        written = []
        for token in row[ids.shape[1] :]:
            if token == tokenizer.eos_token_id:
                break
            written.append(token)
        done = tokenizer.eos_token_id in row[ids.shape[1] :]
        pairs.append((tokenizer.decode(written, skip_special_tokens=True), done))
    return pairs


# %% variant: loop_over_tokens
# note: Greedy decoding by hand: the whole batch through the model for every token.
@torch.no_grad()
def generate_batch(model, tokenizer, prompts, max_new_tokens):
    if tokenizer.pad_token_id is None:
        raise ValueError("padding token missing")
    if not prompts:
        return []
    rows = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    width = max(map(len, rows))
    ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    for _ in range(max_new_tokens):
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        logits = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits[:, -1]
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], 1)
        mask = torch.cat([mask, torch.ones_like(mask[:, :1])], 1)
        if (ids[:, width:] == tokenizer.eos_token_id).any(1).all():
            break
    result = []
    for row in ids[:, width:].tolist():
        stopped = tokenizer.eos_token_id in row
        row = row[: row.index(tokenizer.eos_token_id)] if stopped else row
        result.append((tokenizer.decode(row, skip_special_tokens=True), stopped))
    return result
