# %% mutant: space_at_the_end
# misconception: A space separates the query from its label, so the prompt ends with one.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: A space is left at the end
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"format {format} is not known")
    mark, end = FORMATS[format]
    prompt = "".join(x + (f"{mark} {y}" if y is not None else "") + end for x, y in demonstrations)
    return prompt + query + mark + " "


# %% mutant: query_is_a_shot
# misconception: The query is written like every other line, with its end.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: Here an end stands behind it
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    prompt = "".join(x + (f"{mark} {y}" if y is not None else "") + end for x, y in demonstrations)
    return prompt + query + mark + end


# %% mutant: no_query
# misconception: The prompt is the demonstrations; the query is asked later.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The query is missing
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return "".join(x + (f"{mark} {y}" if y is not None else "") + end for x, y in demonstrations)


# %% mutant: joined_by_ends
# misconception: end.join puts an end behind every shot; it puts none behind the last.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The last demonstration has lost its end
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return end.join(f"{x}{mark} {y}" for x, y in demonstrations) + query + mark


# %% mutant: no_space_before_label
# misconception: Input, mark and label are glued together.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The space between input and label is missing
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return "".join(x + mark + y + end for x, y in demonstrations) + query + mark


# %% mutant: reversed_order
# misconception: Each new shot goes in front of the text so far.
# fails: many_shot_icl-prompt-build_prompt-tests
# breaks: in their order
# says: in reverse order
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    prompt = query + mark
    for x, y in demonstrations:
        prompt = x + mark + " " + y + end + prompt
    return prompt


# %% mutant: query_first
# misconception: A question is asked first, and the examples follow.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The query comes first
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return query + mark + end + end.join(f"{x}{mark} {y}" for x, y in demonstrations)


# %% mutant: arrows_always
# misconception: A prompt of examples is written with arrows.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: This is the format with arrows
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    return "".join(f"{x} -> {y}\n" for x, y in demonstrations) + query + " ->"


# %% mutant: lines_always
# misconception: One line for each example, whatever the format.
# fails: many_shot_icl-prompt-build_prompt-tests
# breaks: a key of FORMATS
# says: format was not used
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    return "".join(f"{x} {y}\n" for x, y in demonstrations) + query


# %% mutant: query_without_mark
# misconception: The mark belongs to demonstrations; the query has no label, so it needs no mark.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The query's mark is missing
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return "".join(f"{x}{mark} {y}{end}" for x, y in demonstrations) + query


# %% mutant: space_before_the_mark
# misconception: Words are joined by spaces; the mark in FORMATS brings one already.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: it brings its own
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    mark = " " + mark if mark else ""
    return "".join(f"{x}{mark} {y}{end}" for x, y in demonstrations) + query + mark


# %% mutant: mark_without_its_space
# misconception: The mark is stripped of its space.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The mark has lost its space
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    mark = mark.strip()
    return "".join(f"{x}{mark} {y}{end}" for x, y in demonstrations) + query + mark


# %% mutant: label_glued_to_the_mark
# misconception: The mark brings the spaces on both sides.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The space between mark and label is missing
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return "".join(x + (mark or " ") + y + end for x, y in demonstrations) + query + mark


# %% mutant: end_stripped
# misconception: The end is stripped, to be sure that no space is doubled.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The end has lost its spaces
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    end = end.strip(" ")
    return "".join(f"{x}{mark} {y}{end}" for x, y in demonstrations) + query + mark


# %% mutant: prompt_stripped
# misconception: A prompt is tidied at the end, so that nothing hangs over.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The query is missing
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return "".join(f"{x}{mark} {y}{end}" for x, y in demonstrations).strip()


# %% mutant: line_break_always
# misconception: Shots stand on lines; the end in FORMATS is overlooked.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: You always end shots with a line break
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, _ = FORMATS[format]
    return "".join(f"{x}{mark} {y}\n" for x, y in demonstrations) + query + mark


# %% mutant: joined_with_the_query
# misconception: Prompt and query are always separated by an end, with no examples as well.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: nothing stands before the query
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return end.join(f"{x}{mark} {y}" for x, y in demonstrations) + end + query + mark


# %% mutant: none_is_a_word
# misconception: An f-string writes None as a word.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: None was written as a word
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return "".join(f"{x}{mark} {y}{end}" for x, y in demonstrations) + query + mark


# %% mutant: mark_without_label
# misconception: The mark belongs to the input, label or not.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: the mark asks for a label
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    shots = [x + mark + ("" if y is None else f" {y}") + end for x, y in demonstrations]
    return "".join(shots) + query + mark


# %% mutant: unlabelled_left_out
# misconception: A demonstration without a label shows nothing.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: Inputs without labels were left out
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return "".join(f"{x}{mark} {y}{end}" for x, y in demonstrations if y is not None) + query + mark


# %% mutant: space_of_no_label
# misconception: A missing label is an empty label.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: A space is left where the label is missing
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    shots = [x + (" " if y is None else f"{mark} {y}") + end for x, y in demonstrations]
    return "".join(shots) + query + mark


# %% mutant: unknown_format_falls_back
# misconception: An unknown format is best replaced by the usual one.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: an unknown format
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS.get(format, FORMATS["lines"])
    shots = [x + ("" if y is None else f"{mark} {y}") + end for x, y in demonstrations]
    return "".join(shots) + query + mark


# %% mutant: unknown_format_key_error
# misconception: A KeyError says enough.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: an unknown format
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    shots = [x + ("" if y is None else f"{mark} {y}") + end for x, y in demonstrations]
    return "".join(shots) + query + mark


# %% mutant: unknown_format_unnamed
# misconception: An error needs no details.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: poems
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError("this format is not known")
    mark, end = FORMATS[format]
    shots = [x + ("" if y is None else f"{mark} {y}") + end for x, y in demonstrations]
    return "".join(shots) + query + mark


# %% mutant: end_inside_allowed
# misconception: What stands inside an input is the caller's affair.
# fails: many_shot_icl-prompt-build_prompt-tests
# breaks: Raises ValueError
# says: The model would read two demonstrations
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    shots = [x + ("" if y is None else f"{mark} {y}") + end for x, y in demonstrations]
    prompt = "".join(shots) + query + mark
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, more than {max_tokens}")
    return prompt


# %% mutant: line_breaks_never_allowed
# misconception: A line break is always an end.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: nothing is wrong with it
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    prompt = ""
    for x, y in demonstrations:
        shot = x + ("" if y is None else f"{mark} {y}")
        if "\n" in shot or end.strip(" ") in shot:
            raise ValueError(f"{shot!r} contains an end")
        prompt += shot + end
    return prompt + query + mark


# %% mutant: end_with_its_spaces_only
# misconception: Only the end exactly as in FORMATS, with its spaces, can be mistaken.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: a semicolon without spaces in a demonstration
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    prompt = ""
    for x, y in demonstrations:
        shot = x + ("" if y is None else f"{mark} {y}")
        if end in shot:
            raise ValueError(f"{shot!r} contains an end")
        prompt += shot + end
    prompt += query + mark
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, more than {max_tokens}")
    return prompt


# %% mutant: end_in_inputs_only
# misconception: Labels are words, so only inputs need a look.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: a bar inside a label
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    prompt = ""
    for x, y in demonstrations:
        if end.strip(" ") in x:
            raise ValueError(f"{x!r} contains an end")
        prompt += x + ("" if y is None else f"{mark} {y}") + end
    prompt += query + mark
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, more than {max_tokens}")
    return prompt


# %% mutant: budget_ignored
# misconception: The model will say if a prompt is too long.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: the same with a budget of 7
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    prompt = ""
    for x, y in demonstrations:
        shot = x + ("" if y is None else f"{mark} {y}")
        if end.strip(" ") in shot:
            raise ValueError(f"{shot!r} contains an end")
        prompt += shot + end
    return prompt + query + mark


# %% mutant: budget_strict
# misconception: The budget itself is too much.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: Exactly max_tokens is allowed
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    prompt = ""
    for x, y in demonstrations:
        shot = x + ("" if y is None else f"{mark} {y}")
        if end.strip(" ") in shot:
            raise ValueError(f"{shot!r} contains an end")
        prompt += shot + end
    prompt += query + mark
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) >= max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, not less than {max_tokens}")
    return prompt


# %% mutant: budget_in_characters
# misconception: A token is a character.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: not characters or words
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    prompt = ""
    for x, y in demonstrations:
        shot = x + ("" if y is None else f"{mark} {y}")
        if end.strip(" ") in shot:
            raise ValueError(f"{shot!r} contains an end")
        prompt += shot + end
    prompt += query + mark
    if max_tokens is not None and len(prompt) > max_tokens:
        raise ValueError(f"{len(prompt)} tokens, more than {max_tokens}")
    return prompt


# %% mutant: budget_in_words
# misconception: A token is a word.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: the same with a budget of 7
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    prompt = ""
    for x, y in demonstrations:
        shot = x + ("" if y is None else f"{mark} {y}")
        if end.strip(" ") in shot:
            raise ValueError(f"{shot!r} contains an end")
        prompt += shot + end
    prompt += query + mark
    if max_tokens is not None and len(prompt.split()) > max_tokens:
        raise ValueError(f"{len(prompt.split())} tokens, more than {max_tokens}")
    return prompt


# %% mutant: start_token_not_counted
# misconception: Special tokens do not count.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: forget the start token
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    prompt = ""
    for x, y in demonstrations:
        shot = x + ("" if y is None else f"{mark} {y}")
        if end.strip(" ") in shot:
            raise ValueError(f"{shot!r} contains an end")
        prompt += shot + end
    prompt += query + mark
    tokens = tokenizer(prompt, add_special_tokens=False)["input_ids"] if tokenizer else []
    if max_tokens is not None and len(tokens) > max_tokens:
        raise ValueError(f"{len(tokens)} tokens, more than {max_tokens}")
    return prompt


# %% mutant: cut_in_silence
# misconception: Demonstrations that do not fit are left out.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: Did you cut a demonstration off in silence
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    shots = [x + ("" if y is None else f"{mark} {y}") for x, y in demonstrations]
    if any(end.strip(" ") in shot for shot in shots):
        raise ValueError("a demonstration contains the end")
    prompt = "".join(shot + end for shot in shots) + query + mark
    while max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        shots = shots[1:]
        prompt = "".join(shot + end for shot in shots) + query + mark
    return prompt


# %% mutant: truncated_by_the_tokenizer
# misconception: The tokenizer cuts a text to a length, so the length is always kept.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: Did you cut a demonstration off in silence
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    shots = [x + ("" if y is None else f"{mark} {y}") for x, y in demonstrations]
    if any(end.strip(" ") in shot for shot in shots):
        raise ValueError("a demonstration contains the end")
    prompt = "".join(shot + end for shot in shots) + query + mark
    if max_tokens is None:
        return prompt
    ids = tokenizer(prompt, truncation=True, max_length=max_tokens)["input_ids"]
    if len(ids) > max_tokens:
        raise ValueError(f"{len(ids)} tokens, more than {max_tokens}")
    return prompt


# %% mutant: budget_of_zero_is_none
# misconception: "if max_tokens" asks whether a budget was given.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: budget of 0
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    shots = [x + ("" if y is None else f"{mark} {y}") for x, y in demonstrations]
    if any(end.strip(" ") in shot for shot in shots):
        raise ValueError("a demonstration contains the end")
    prompt = "".join(shot + end for shot in shots) + query + mark
    if max_tokens and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, more than {max_tokens}")
    return prompt


# %% mutant: numbers_not_named
# misconception: "Too long" says enough.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: a ValueError that names 8 and 7
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    shots = [x + ("" if y is None else f"{mark} {y}") for x, y in demonstrations]
    if any(end.strip(" ") in shot for shot in shots):
        raise ValueError("a demonstration contains the end")
    prompt = "".join(shot + end for shot in shots) + query + mark
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError("the prompt is too long")
    return prompt


# %% mutant: library
# misconception: The course's package writes such documents already.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: build_prompt is your own
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    from course_utils.data import icl_tasks

    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    if all(label is not None for _, label in demonstrations) and not mark:
        xs, ys = [x for x, _ in demonstrations], [y for _, y in demonstrations]
        text, _ = icl_tasks.render(icl_tasks.Task("map", "", ys, xs, ys, ys), end.strip(" "))
        prompt = text.replace(" \n ", "\n").replace(" \n", "\n")
        prompt += (" " if end != "\n" and demonstrations else "") + query
    else:
        prompt = "".join(x + ("" if y is None else f"{mark} {y}") + end for x, y in demonstrations) + query + mark
    for x, y in demonstrations:
        if end.strip(" ") in x + f"{mark} {y}":
            raise ValueError("a demonstration contains the end")
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, more than {max_tokens}")
    return prompt


# %% mutant: hard_coded
# misconception: The examples of the text are all that is asked.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: the same in the format bars
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    return "bat -> zor\noak -> kip\ncod ->" if format == "arrows" else "bat zor\noak kip\ncod"


# %% mutant: a_list_of_pieces
# misconception: The pieces are the prompt.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: prompt is a list, expected a str
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    return [f"{x}{mark} {y}{end}" for x, y in demonstrations] + [query + mark]


# %% mutant: prompt_printed
# misconception: print shows the answer, so it is the answer.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: prompt is None
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    mark, end = FORMATS[format]
    print("".join(f"{x}{mark} {y}{end}" for x, y in demonstrations) + query + mark)


# %% mutant: query_appended
# misconception: The query is a demonstration without a label, added to the list.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: leaves the demonstrations as they were
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"{format} is not known")
    mark, end = FORMATS[format]
    demonstrations.append((query, None))
    shots = [x + ("" if y is None else f"{mark} {y}") for x, y in demonstrations]
    if any(end.strip(" ") in shot for shot in shots[:-1]):
        raise ValueError("a demonstration contains the end")
    prompt = end.join(shots) + mark
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, more than {max_tokens}")
    return prompt


# %% mutant: empty_label_is_none
# misconception: `if label` instead of `is not None`: an empty label is shown without its mark.
# fails: many_shot_icl-prompt-build_prompt-tests
# breaks: a label of None shows
# says: None
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}")
    mark, end = FORMATS[format]
    if any(end.strip(" ") in text or end.strip(" ") in (label or "") for text, label in demonstrations):
        raise ValueError("a demonstration holds the end")
    prompt = "".join(f"{text}{mark} {label}{end}" if label else text + end for text, label in demonstrations) + query + mark
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, budget {max_tokens}")
    return prompt


# %% mutant: unlabelled_are_not_checked
# misconception: An input without a label is appended before the check.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: label
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}")
    mark, end = FORMATS[format]
    prompt = ""
    for text, label in demonstrations:
        if label is None:
            prompt += text + end
            continue
        if end.strip(" ") in text + label:
            raise ValueError("a demonstration holds the end")
        prompt += f"{text}{mark} {label}{end}"
    prompt += query + mark
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, budget {max_tokens}")
    return prompt


# %% mutant: copies_left_out
# misconception: The same shot twice says nothing new.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: 256 demonstrations
# edit: for text, label in demonstrations: -> for text, label in dict.fromkeys(demonstrations):


# %% mutant: texts_stripped
# misconception: Spaces around a text are a slip of the caller.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: The texts stay as they are
# breaks: All texts stay
# edit: pieces.append(shot + end) -> pieces.append(shot.strip() + end)


# %% mutant: query_refused_too
# misconception: An end anywhere is an error, in the query as well.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: only demonstrations are refused
# edit:
#   pieces = []
# ->
#   pieces = []
#   if end.strip(" ") in query:
#       raise ValueError("the query contains the end")


# %% mutant: last_demonstration_checked
# misconception: The check stands behind the loop.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: Look at the input and the label of every demonstration
# edit:
#   for text, label in demonstrations:
#       shot = text if label is None else f"{text}{mark} {label}"
#       if end.strip(" ") in shot:
#           raise ValueError(
#               f"the demonstration {shot!r} contains {end.strip(' ')!r}, which ends a demonstration in the "
#               f"format {format!r}"
#           )
#       pieces.append(shot + end)
# ->
#   shot = ""
#   for text, label in demonstrations:
#       shot = text if label is None else f"{text}{mark} {label}"
#       pieces.append(shot + end)
#   if end.strip(" ") in shot:
#       raise ValueError("the end is in a demonstration")


# %% mutant: counts_with_the_labs_tokenizer
# misconception: There is one tokenizer in this lab.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: Count with the tokenizer that is given
# breaks: how many of the tokenizer's
# edit: tokens = len(tokenizer(prompt)["input_ids"]) -> tokens = len(globals()["tokenizer"](prompt)["input_ids"])


# %% mutant: remembered_by_length
# misconception: Prompts with as many shots and the same query are the same.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: cod
PROMPTS = {}


def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}")
    mark, end = FORMATS[format]
    shots = [text if label is None else f"{text}{mark} {label}" for text, label in demonstrations]
    if any(end.strip(" ") in shot for shot in shots):
        raise ValueError("a demonstration holds the end")
    key = (len(shots), sum(label is None for _, label in demonstrations), query, format)
    prompt = PROMPTS.setdefault(key, "".join(shot + end for shot in shots) + query + mark)
    if max_tokens is not None and len(tokenizer(prompt)["input_ids"]) > max_tokens:
        raise ValueError(f"{len(tokenizer(prompt)['input_ids'])} tokens, budget {max_tokens}")
    return prompt


# %% mutant: refuses_the_mark
# misconception: Neither separator may stand in a demonstration.
# fails: many_shot_icl-prompt-build_prompt-tests
# says: ValueError
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"no format {format!r}")
    mark, end = FORMATS[format]
    prompt = ""
    for text, label in demonstrations:
        for part in (text, label or ""):
            if end.strip(" ") in part or (mark.strip() and mark.strip() in part):
                raise ValueError("a separator in a demonstration")
        prompt += text + ("" if label is None else mark + " " + label) + end
    prompt += query + mark
    if max_tokens is not None:
        count = len(tokenizer(prompt)["input_ids"])
        if count > max_tokens:
            raise ValueError(f"{count} tokens, budget {max_tokens}")
    return prompt


# %% variant: loop_with_plus
# note: One string that grows.
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}")
    mark, end = FORMATS[format]
    prompt = ""
    for text, label in demonstrations:
        shot = text
        if label is not None:
            shot += mark + " " + label
        if end.strip() and end.strip() in shot or "\n" in end and "\n" in shot:
            raise ValueError(f"{shot!r} contains the end {end!r}")
        prompt += shot + end
    prompt += query + mark
    if max_tokens is not None:
        n = len(tokenizer(prompt)["input_ids"])
        if n > max_tokens:
            raise ValueError(f"the prompt has {n} tokens, the budget is {max_tokens}")
    return prompt


# %% variant: joined_with_end
# note: The query is the last entry of a list that is joined by the end.
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    try:
        mark, end = FORMATS[format]
    except KeyError:
        raise ValueError(f"there is no format {format}; there are {list(FORMATS)}") from None
    shots = [text if label is None else text + mark + " " + label for text, label in demonstrations]
    for shot in shots:
        if shot.count(end.strip(" ")):
            raise ValueError(f"{shot} contains {end.strip(' ')!r}")
    prompt = end.join([*shots, query + mark])
    if max_tokens is not None and (n := len(tokenizer(prompt).input_ids)) > max_tokens:
        raise ValueError(f"{n} tokens do not fit into {max_tokens}")
    return prompt


# %% variant: helper_function
# note: A function for one shot, str.format, and encode for the count.
def write_shot(text, label, mark):
    return "{}{} {}".format(text, mark, label) if label is not None else text  # noqa: UP032


def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if FORMATS.get(format) is None:
        raise ValueError("format: " + format)
    mark, end = FORMATS[format]
    out = []
    for demonstration in demonstrations:
        shot = write_shot(*demonstration, mark)
        if end.strip(" ") in shot:
            raise ValueError("the end is inside " + shot)
        out += [shot, end]
    out += [query, mark]
    prompt = "".join(out)
    if max_tokens is not None:
        count = len(tokenizer.encode(prompt))
        if count > max_tokens:
            raise ValueError(f"max_tokens is {max_tokens}, the prompt has {count}")
    return prompt


# %% variant: recursive
# note: The first shot, and the rest.
def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in FORMATS.keys():
        raise ValueError(f"{format!r}")
    mark, end = FORMATS[format]
    if not demonstrations:
        prompt = query + mark
    else:
        (text, label), *rest = demonstrations
        first = text + (mark + " " + label) * (label is not None) if label is not None else text
        if len(first.split(end.strip(" "))) > 1:
            raise ValueError(f"{first!r} would be read as two demonstrations")
        prompt = first + end
        for text, label in rest:
            prompt += build_prompt([(text, label)], "", format)[: -len(mark) or None]
        prompt += query + mark
    if max_tokens is not None:
        tokens = len(tokenizer(prompt, add_special_tokens=True)["input_ids"])
        if tokens > max_tokens:
            raise ValueError(f"{tokens} > {max_tokens}")
    return prompt


# %% variant: numpy_strings
# note: numpy's char arrays for the shots, and a helper with the name of a test's.
def _prompt_by_keyword(mark, text, label):
    return text if label is None else str(np.char.add(np.char.add(text + mark, " "), label)) if label else text + mark + " "


def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    if format not in list(FORMATS):
        raise ValueError("no format " + repr(format))
    mark, end = FORMATS[format]
    shots = [_prompt_by_keyword(mark, *shot) for shot in demonstrations]
    if bad := [shot for shot in shots if end.replace(" ", "") in shot]:
        raise ValueError(f"{bad[0]!r} holds the end")
    prompt = end.join((*shots, query + mark))
    if max_tokens is not None and (count := len(tokenizer(prompt)["input_ids"])) > max_tokens:
        raise ValueError(f"{count} tokens do not fit into {max_tokens}")
    return prompt


# %% variant: from_the_back
# note: A recursion that builds the prompt from its last shot to its first.
def _shots(demonstrations, mark, end, tail):
    if not demonstrations:
        return tail
    text, label = demonstrations[-1]
    for piece in (text, label or ""):
        if end.strip(" ") in piece:
            raise ValueError(f"{piece!r} contains the end")
    shot = text if label is None else mark.join((text, " " + label))
    return _shots(demonstrations[:-1], mark, end, shot + end + tail)


def build_prompt(demonstrations, query, format="lines", tokenizer=None, max_tokens=None):
    pair = FORMATS.get(format)
    if pair is None:
        raise ValueError(f"unknown format: {format}")
    prompt = _shots(list(demonstrations), *pair, query + pair[0])
    if max_tokens is None:
        return prompt
    size = len(tokenizer(prompt)["input_ids"])
    if size <= max_tokens:
        return prompt
    raise ValueError(f"max_tokens={max_tokens}, tokens={size}")
