# %% mutant: query_and_value_again
# misconception: Query and value are what everybody adapts: the plain plan is good enough.
# fails: lora-open-place_adapters-tests
# says: on seed 0 the plan beats
# says: one kind of module at a time
# breaks: To beat
def place_adapters(shapes):
    return {name: 1 for name in shapes if name.endswith(("q_proj", "v_proj"))}


# %% mutant: all_linear
# misconception: "all-linear" with rank 1 is the smallest adapter there is, so it fits.
# fails: lora-open-place_adapters-tests
# says: trains 9,472 weights and the budget is 2,000
# breaks: at most 2,000
def place_adapters(shapes):
    return dict.fromkeys(shapes, 1)


# %% mutant: short_names
# misconception: A plan names kinds of modules, like target_modules.
# fails: lora-open-place_adapters-tests
# says: there is no module 'o_proj'
# breaks: full name -> rank
def place_adapters(shapes):
    return {"o_proj": 1, "v_proj": 1}


# %% mutant: output_head
# misconception: The output head is a linear layer as well, and nearest to the loss.
# fails: lora-open-place_adapters-tests
# says: there is no module 'lm_head'
# breaks: every module that may be adapted
def place_adapters(shapes):
    return {"lm_head": 1}


# %% mutant: rank_above_the_smaller_side
# misconception: The budget is the only limit of a rank.
# fails: lora-open-place_adapters-tests
# says: is more than 32, its smaller side
# breaks: to the smaller side
def place_adapters(shapes):
    return {name: 40 for name in shapes if name.endswith("3.self_attn.k_proj")}


# %% mutant: rank_is_a_share
# misconception: What is left of the budget can be divided to the last weight.
# fails: lora-open-place_adapters-tests
# says: is a whole number of 0 or more, not 1.953125
# breaks: A rank is an int
def place_adapters(shapes):
    names = [name for name in shapes if name.endswith("o_proj")]
    return {name: 2000 / sum(sum(shapes[one]) for one in names) for name in names}


# %% mutant: negative_rank
# misconception: A rank below 0 pays back weights for elsewhere.
# fails: lora-open-place_adapters-tests
# says: is a whole number of 0 or more, not -1
# breaks: from 0, which is no adapter
def place_adapters(shapes):
    return {name: 3 if name.endswith("o_proj") else -1 for name in shapes if name.endswith(("o_proj", "q_proj"))}


# %% mutant: nothing
# misconception: An adapter starts at zero, so a model without one is as good.
# fails: lora-open-place_adapters-tests
# says: trains 0 weights
# breaks: Which modules get an adapter
def place_adapters(shapes):
    return dict.fromkeys(shapes, 0)


# %% mutant: list_of_names
# misconception: The names are the plan; the rank is 1 anyway.
# fails: lora-open-place_adapters-tests
# says: a plan is a dict
# breaks: Returns a dict
def place_adapters(shapes):
    return [name for name in shapes if name.endswith("o_proj")]


# %% mutant: counts_the_input_side_only
# misconception: Rank 1 costs d_in weights.
# fails: lora-open-place_adapters-tests
# says: the budget is 2,000
# breaks: rank * (d_out + d_in)
def place_adapters(shapes):
    plan, left = {}, 2000
    for kind in ("o_proj", "v_proj", "q_proj"):
        for name in shapes:
            if name.endswith(kind) and shapes[name][1] <= left:
                plan[name] = 1
                left -= shapes[name][1]
    return plan


# %% mutant: uses_up_the_shapes
# misconception: A dict that was handed over may be taken to pieces.
# fails: lora-open-place_adapters-tests
# says: leaves its arguments as they were
# breaks: stays as it was
def place_adapters(shapes):
    plan = {}
    while shapes:
        name, _ = shapes.popitem()
        if name.endswith(("o_proj", "v_proj")):
            plan[name] = 1
    return plan


# %% mutant: first_that_fit
# misconception: Early layers shape all that follows: begin with the first module and go on while it fits.
# fails: lora-open-place_adapters-tests
# says: the plan beats rank 1 on every q_proj and v_proj
def place_adapters(shapes):
    plan, left = {}, 2000
    for name, shape in shapes.items():
        if sum(shape) <= left:
            plan[name] = 1
            left -= sum(shape)
    return plan


# %% mutant: largest_matrices
# misconception: Most of the model is in the MLP, so that is where a change is made.
# fails: lora-open-place_adapters-tests
# says: the plan beats rank 1 on every q_proj and v_proj
def place_adapters(shapes):
    return {name: 1 for name in list(shapes)[::-1] if name.endswith("gate_proj") and ".0." not in name}


# %% mutant: one_high_rank
# misconception: A high rank on the last layer is worth more than many adapters of rank 1.
# fails: lora-open-place_adapters-tests
# says: the plan beats rank 1 on every q_proj and v_proj
def place_adapters(shapes):
    name = [name for name in shapes if name.endswith("q_proj")][-1]
    return {name: 2000 // sum(shapes[name])}


# %% mutant: values_alone
# misconception: The thinnest matrices give the most rank for the budget, so all goes there.
# fails: lora-open-place_adapters-tests
# says: the plan beats rank 1 on every q_proj and v_proj
def place_adapters(shapes):
    return {name: 3 for name in shapes if name.endswith("v_proj")}


# %% mutant: down_proj_of_the_last_layer
# misconception: The last matrix before the output is what matters.
# fails: lora-open-place_adapters-tests
# says: the plan beats rank 1 on every q_proj and v_proj
def place_adapters(shapes):
    name = [name for name in shapes if name.endswith("down_proj")][-1]
    return {name: 3}


# %% variant: output_by_hand
# note: A list of ranks chosen by hand, and nothing else.
def place_adapters(shapes):
    ranks = {0: 1, 1: 2, 2: 2, 3: 2}
    return {f"model.layers.{layer}.self_attn.o_proj": rank for layer, rank in ranks.items()}


# %% variant: value_and_output
# note: Rank 1 on the way from values to what attention writes, in every layer.
def place_adapters(shapes):
    return {name: 1 for name in shapes if name.split(".")[-1] in ("v_proj", "o_proj")}


# %% variant: early_output_more
# note: More for the first layers; modules without an adapter carry a 0.
def place_adapters(shapes):
    plan = dict.fromkeys(shapes, 0)
    outputs = [name for name in plan if name.endswith("o_proj")]
    plan.update(zip(outputs, (2, 2, 2, 1), strict=True))
    return plan


# %% variant: late_attention
# note: No adapter in the first layer: rank 1 on the outputs of the others, rank 2 on their values.
def place_adapters(shapes):
    late = [name for name in shapes if ".layers.0." not in name]
    plan = {name: 1 for name in late if name.endswith("o_proj")}
    plan |= {name: 2 for name in late if name.endswith("v_proj")}
    return plan
