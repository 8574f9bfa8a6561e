# %% mutant: not_put_in
# misconception: A layer that holds the old one replaces it.
# fails: lora-model-add_lora-tests
# says: Nothing was replaced
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
    return names


# %% mutant: variable_rebound
# misconception: The variable is the module, so assigning to it changes the model.
# fails: lora-model-add_lora-tests
# says: Nothing was replaced
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        module = model.get_submodule(name)
        module = layer
    return names


# %% mutant: first_block_only
# misconception: The names are those of one block.
# fails: lora-model-add_lora-tests
# says: Only the first block
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
        names = [name for name in names if ".layers.0." in name]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: targets_ignored
# misconception: All linear layers get an adapter.
# fails: lora-model-add_lora-tests
# says: All linear layers were adapted
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = list(linear)
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: base_not_frozen
# misconception: The layer freezes what must be frozen.
# fails: lora-model-add_lora-tests
# says: Freeze the whole model first
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: norms_train
# misconception: Norms are small, they may be trained along.
# fails: lora-model-add_lora-tests
# says: Norms, embeddings
# breaks: freeze all other weights
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = parameter.ndim == 1
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: biases_train
# misconception: LoRA freezes the weights.
# fails: lora-model-add_lora-tests
# says: Freeze the whole model first
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
        if layer.base.bias is not None:
            layer.base.bias.requires_grad = True
    return names


# %% mutant: frozen_afterwards
# misconception: Freezing comes at the end, when all layers are in.
# fails: lora-model-add_lora-tests
# says: parameters that are trained
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    for parameter in model.parameters():
        parameter.requires_grad = False
    return names


# %% mutant: head_adapted
# misconception: The head is a linear layer like the others.
# fails: lora-model-add_lora-tests
# says: The output head was adapted too
# breaks: every nn.Linear but the output head
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: attention_only
# misconception: all-linear means the four matrices of attention.
# fails: lora-model-add_lora-tests
# says: Attention only
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = [name for name in linear if "self_attn" in name]
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: wrong_order
# misconception: One target after the other.
# fails: lora-model-add_lora-tests
# says: in the model's order
# breaks: in the model's order
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for target in target_modules for name in linear if name.endswith("." + target)]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: last_pieces
# misconception: The names are the targets.
# fails: lora-model-add_lora-tests
# says: full names such as
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return [name.split(".")[-1] for name in names]


# %% mutant: parameter_names
# misconception: What was adapted are the weights.
# fails: lora-model-add_lora-tests
# says: full names such as
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return [name + ".weight" for name in names]


# %% mutant: model_returned
# misconception: As with peft, the model comes back.
# fails: lora-model-add_lora-tests
# says: gave back a Qwen2ForCausalLM
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return model


# %% mutant: nothing_returned
# misconception: The model is changed in place, so there is nothing to return.
# fails: lora-model-add_lora-tests
# says: names is None
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return None


# %% mutant: misspelt_passes
# misconception: A name that matches nothing changes nothing.
# fails: lora-model-add_lora-tests
# says: v_prj
# says: spelling mistake
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: any_match_is_enough
# misconception: If something was found the targets are right.
# fails: lora-model-add_lora-tests
# says: v_prj
# says: spelling mistake
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        if not any(name.split(".")[-1] in target_modules for name in linear):
            raise ValueError(f"no linear layer is called {target_modules}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: substring_match
# misconception: A target is contained in the name.
# fails: lora-model-add_lora-tests
# says: a phi3 model, targets ['up_proj']
# says: up_proj is not gate_up_proj
# breaks: last pieces of module names
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(target in name for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if any(target in name for target in target_modules)]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: suffix_match
# misconception: A target is the end of the name.
# fails: lora-model-add_lora-tests
# says: a phi3 model, targets ['up_proj']
# says: up_proj is not gate_up_proj
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.endswith(target) for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.endswith(tuple(target_modules))]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: check_while_replacing
# misconception: LoRALinear looks at the rank, so that is done.
# fails: lora-model-add_lora-tests
# says: rank 9 the model is as it was
# says: freeze and replace afterwards
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: frozen_before_checks
# misconception: First freeze everything, then look.
# fails: lora-model-add_lora-tests
# says: after the refusal of targets ['q_proj', 'v_prj']
# breaks: and leaves the model as it was
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    model.requires_grad_(False)
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: replaced_before_checks
# misconception: Each target is checked when its turn comes.
# fails: lora-model-add_lora-tests
# says: after the refusal of targets ['q_proj', 'v_prj']
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("already adapted")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        target_modules = {name.split(".")[-1]: None for name in linear}
    done = []
    for target in target_modules:
        names = [name for name in linear if name.split(".")[-1] == target]
        if not names:
            raise ValueError(f"no linear layer is called {target}")
        for name in names:
            parent, last = name.rsplit(".", 1)
            layer = LoRALinear(linear[name], rank, 2 * rank if alpha is None else alpha, dropout, rank_stabilised)
            setattr(model.get_submodule(parent), last, layer)
            done.append(name)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.endswith((".A", ".B"))
    return [name for name in linear if name in done]


# %% mutant: twice_passes
# misconception: A second adapter goes on top of the first.
# fails: lora-model-add_lora-tests
# says: a second time: ValueError that says 'already'
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: twice_keeps_the_first
# misconception: If the model has adapters there is nothing to do.
# fails: lora-model-add_lora-tests
# says: no error
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        return [name for name, module in model.named_modules() if isinstance(module, LoRALinear)]
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: disturbed_start
# misconception: A small B makes learning faster at the start.
# fails: lora-model-add_lora-tests
# says: B is zero: leave both
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
        nn.init.normal_(layer.B, std=1e-3)
    return names


# %% mutant: new_base
# misconception: The layer gets a fresh linear layer of the same shape.
# fails: lora-model-add_lora-tests
# says: keeps the given layer
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        old = linear[name]
        linear[name] = nn.Linear(old.in_features, old.out_features, bias=old.bias is not None)
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: alpha_is_rank
# misconception: Without alpha the scaling is 1.
# fails: lora-model-add_lora-tests
# says: alpha is 2 x rank if not given
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: alpha_sixteen
# misconception: alpha is 16, as in most examples.
# fails: lora-model-add_lora-tests
# says: alpha is 2 x rank if not given
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 16
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: alpha_not_passed
# misconception: alpha is always twice the rank.
# fails: lora-model-add_lora-tests
# says: Is alpha passed on
# breaks: alpha: 2 * rank if not given
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: stabilised_not_passed
# misconception: The last option is rarely used.
# fails: lora-model-add_lora-tests
# says: rank-stabilised
# says: Is rank_stabilised?
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: dropout_not_passed
# misconception: Dropout is for later.
# fails: lora-model-add_lora-tests
# says: dropout is passed on
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, rank_stabilised=rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: dropout_and_stabilised_exchanged
# misconception: The last two arguments, in any order.
# fails: lora-model-add_lora-tests
# says: rank-stabilised
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, rank_stabilised, dropout)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: empty_list_passes
# misconception: No targets means no adapters.
# fails: lora-model-add_lora-tests
# says: targets []
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: empty_list_is_all
# misconception: No targets given means all.
# fails: lora-model-add_lora-tests
# says: targets []
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear" or not target_modules:
        names = list(linear)
    else:
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: embeddings_match
# misconception: Every module with a weight can have an adapter.
# fails: lora-model-add_lora-tests
# says: embed_tokens
# breaks: only nn.Linear modules count
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        known = {name.split(".")[-1] for name, m in model.named_modules() if hasattr(m, "weight")}
        for target in target_modules:
            if target not in known:
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: rank_not_checked_below
# misconception: A rank is never 0.
# fails: lora-model-add_lora-tests
# says: rank 0
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if rank > min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: rank_of_first_layer
# misconception: All layers of a model have the same sides.
# fails: lora-model-add_lora-tests
# says: targets all-linear with rank 9
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names[:1]:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: one_layer_shared
# misconception: Layers of the same name share an adapter.
# fails: lora-model-add_lora-tests
# says: where LoRALinear stands
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    made = {}
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = made.setdefault(last, LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised))
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: on_a_copy
# misconception: The given model stays as it was; the adapters are in a copy.
# fails: lora-model-add_lora-tests
# says: Nothing was replaced
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    model = copy.deepcopy(model)
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% mutant: list_emptied
# misconception: Found targets are crossed off.
# fails: lora-model-add_lora-tests
# says: leaves the list target_modules
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    if target_modules != "all-linear":
        target_modules.clear()
    return names


# %% mutant: asked_peft
# misconception: LoraConfig looks at the arguments, so one need not do it.
# fails: lora-model-add_lora-tests
# says: functions of peft that ran
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    from peft import LoraConfig

    LoraConfig(r=rank, target_modules=[name.split(".")[-1] for name in names])
    return names


# %% mutant: toy_names
# misconception: The visible tests are the specification.
# fails: lora-model-add_lora-tests
# says: gate_up_proj
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head and (name.split(".")[-1] in ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"))}
    if target_modules == "all-linear":
        names = list(linear)
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% variant: parents_walked
# note: Walks over parents and their children instead of paths.
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    places = []
    for path, parent in model.named_modules():
        if isinstance(parent, LoRALinear):
            raise ValueError("already adapted")
        for last, child in parent.named_children():
            if isinstance(child, nn.Linear) and (target_modules != "all-linear" or child is not model.get_output_embeddings()):
                places.append((f"{path}.{last}" if path else last, parent, last, child))
    if target_modules != "all-linear":
        for target in target_modules:
            if target not in [place[2] for place in places]:
                raise ValueError(f"{target}?")
        places = [place for place in places if place[2] in target_modules]
    if not places:
        raise ValueError("there must be a target")
    if rank < 1 or any(rank > min(child.weight.shape) for _, _, _, child in places):
        raise ValueError(f"rank={rank}")
    model.requires_grad_(False)
    for _, parent, last, child in places:
        parent._modules[last] = LoRALinear(child, rank, 2 * rank if alpha is None else alpha, dropout, rank_stabilised)
    return [path for path, *_ in places]


# %% variant: set_submodule
# note: torch's set_submodule puts the layers in; they are built before anything is changed.
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    modules = dict(model.named_modules())
    if LoRALinear in map(type, modules.values()):
        raise ValueError("Already has LoRA")
    linear = {path: module for path, module in modules.items() if type(module) is nn.Linear}
    ends = {path: path[path.rfind(".") + 1 :] for path in linear}
    if target_modules == "all-linear":
        linear = {path: module for path, module in linear.items() if module is not model.get_output_embeddings()}
        target_modules = {ends[path] for path in linear}
    unknown = set(target_modules).difference(ends.values())
    if unknown or not target_modules:
        raise ValueError(f"target not found: {unknown}")
    chosen = [path for path in linear if ends[path] in target_modules]
    for path in chosen:
        lora_parameter_count(linear[path].out_features, linear[path].in_features, rank)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for path in chosen:
        model.set_submodule(path, LoRALinear(linear[path], rank, 2 * rank if alpha is None else alpha, dropout, rank_stabilised))
    return chosen


# %% variant: changes_while_walking
# note: Replaces each module when named_modules comes to it: only values of the dictionaries change.
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    if target_modules == "all-linear":
        names = [name for name in linear if linear[name] is not head]
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name, module in model.named_modules():
        if name not in names:
            continue
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(module, rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return names


# %% variant: freezes_by_name
# note: Adds first and freezes afterwards by the parameters' names; all checks stand before.
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("the model has adapters already")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    if target_modules == "all-linear":
        names = [name for name in linear if linear[name] is not head]
    else:
        if not target_modules:
            raise ValueError("no target given")
        for target in target_modules:
            if not any(name.split(".")[-1] == target for name in linear):
                raise ValueError(f"no linear layer is called {target}")
        names = [name for name in linear if name.split(".")[-1] in target_modules]
    for name in names:
        if not 1 <= rank <= min(linear[name].in_features, linear[name].out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    if alpha is None:
        alpha = 2 * rank
    for name in names:
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(linear[name], rank, alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.endswith((".A", ".B")))
    return names


# %% variant: own_walk
# note: A nested recursive function instead of named_modules.
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    everything, head = target_modules == "all-linear", model.get_output_embeddings()
    found = []

    def walk(module, path):
        for name, child in module._modules.items():
            here = path + [name]
            if isinstance(child, LoRALinear):
                raise ValueError("This model was adapted ALREADY")
            if isinstance(child, nn.Linear):
                if (everything and child is not head) or (not everything and name in target_modules):
                    found.append((here, module, child))
            elif child is not None:
                walk(child, here)

    walk(model, [])
    wanted = [] if everything else target_modules
    absent = [target for target in wanted if target not in [path[-1] for path, _, _ in found]]
    if absent:
        raise ValueError(" ".join(absent))
    if not found:
        raise ValueError("no TARGET given")
    sides = [side for _, _, child in found for side in child.weight.shape]
    if rank > min(sides) or rank <= 0:
        raise ValueError("Rank does not fit")
    for p in model.parameters():
        p.requires_grad = False
    factor = 2 * rank if alpha is None else alpha
    for path, module, child in found:
        setattr(module, path[-1], LoRALinear(child, rank, factor, dropout=dropout, rank_stabilised=rank_stabilised))
    return [".".join(path) for path, _, _ in found]
# %% mutant: already_among_the_targets
# misconception: A second adapter on other layers is fine; only the same layer twice is not.
# fails: lora-model-add_lora-tests
# says: already
# breaks: whatever they adapt
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    adapted = {name for name, m in model.named_modules() if isinstance(m, LoRALinear)}
    linear = {
        name: m
        for name, m in model.named_modules()
        if isinstance(m, nn.Linear) and name.removesuffix(".base") not in adapted
    }
    if target_modules == "all-linear":
        if adapted:
            raise ValueError("the model already has LoRALinear layers")
        head = model.get_output_embeddings()
        chosen = {name: m for name, m in linear.items() if m is not head}
    else:
        if not target_modules:
            raise ValueError("no target is given")
        if any(name.rpartition(".")[2] in target_modules for name in adapted):
            raise ValueError("these layers are LoRALinear already")
        for target in target_modules:
            if target not in {name.rpartition(".")[2] for name in linear}:
                raise ValueError(f"no linear layer is called {target}")
        chosen = {name: m for name, m in linear.items() if name.rpartition(".")[2] in target_modules}
    for name, m in chosen.items():
        if not 1 <= rank <= min(m.in_features, m.out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    model.requires_grad_(False)
    for name, m in chosen.items():
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(m, rank, 2 * rank if alpha is None else alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return list(chosen)


# %% mutant: head_never
# misconception: The output head can never be adapted, not even by name.
# fails: lora-model-add_lora-tests
# says: lm_head
# breaks: has to be named to be adapted
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    if any(isinstance(m, LoRALinear) for m in model.modules()):
        raise ValueError("the model already has LoRALinear layers")
    head = model.get_output_embeddings()
    linear = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and m is not head}
    if target_modules == "all-linear":
        chosen = linear
    else:
        if not target_modules:
            raise ValueError("no target is given")
        for target in target_modules:
            if target not in {name.rpartition(".")[2] for name in linear}:
                raise ValueError(f"no linear layer is called {target}")
        chosen = {name: m for name, m in linear.items() if name.rpartition(".")[2] in target_modules}
    for name, m in chosen.items():
        if not 1 <= rank <= min(m.in_features, m.out_features):
            raise ValueError(f"rank {rank} does not fit {name}")
    model.requires_grad_(False)
    for name, m in chosen.items():
        parent, _, last = name.rpartition(".")
        layer = LoRALinear(m, rank, 2 * rank if alpha is None else alpha, dropout, rank_stabilised)
        setattr(model.get_submodule(parent), last, layer)
    return list(chosen)


# %% mutant: zero_alpha_is_no_alpha
# misconception: alpha or 2 * rank gives the default.
# fails: lora-model-add_lora-tests
# says: 0 is a number
# breaks: alpha: 2 * rank if not given
# edit: 2 * rank if alpha is None else alpha -> alpha or 2 * rank

# %% mutant: every_model_has_a_head
# misconception: The output head is model.lm_head.
# fails: lora-model-add_lora-tests
# says: without an output head
# breaks: every nn.Linear but the output head
# edit: module is not model.get_output_embeddings() -> module is not model.lm_head


# %% variant: parts_in_a_dict
# note: Parents and last pieces in a dict; all calls by keyword, the order from named_modules.
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    modules = dict(model.named_modules())
    if any(type(module) is LoRALinear for module in modules.values()):
        raise ValueError("there are already adapters in this model")
    head = model.get_output_embeddings()

    def _kept(name, module):
        if type(module) is not nn.Linear:
            return False
        return module is not head if target_modules == "all-linear" else name.split(".")[-1] in target_modules

    chosen = {name: module for name, module in modules.items() if _kept(name=name, module=module)}
    _tail = {name.split(".")[-1] for name in chosen}
    if target_modules != "all-linear" and _tail != set(target_modules):
        raise ValueError(f"not found: {sorted(set(target_modules) - _tail)}")
    if not chosen:
        raise ValueError("an empty list is no target")
    for module in chosen.values():
        lora_parameter_count(d_out=module.out_features, d_in=module.in_features, rank=rank)
    [p.requires_grad_(False) for p in model.parameters()]
    factor = {True: 2 * rank, False: alpha}[alpha is None]
    for name, module in chosen.items():
        layer = LoRALinear(base=module, rank=rank, alpha=factor, dropout=dropout, rank_stabilised=rank_stabilised)
        modules[name.rpartition(".")[0]].register_module(name.split(".")[-1], layer)
    return [*chosen]


# %% variant: generator_of_places
# note: A generator yields what matches; exceptions are raised by one helper.
def add_lora(model, rank, target_modules="all-linear", alpha=None, dropout=0.0, rank_stabilised=False):
    def _refuse(words):
        raise ValueError(words)

    def _places():
        for name, module in model.named_modules():
            if isinstance(module, nn.Linear):
                yield name, name[name.rfind(".") + 1 :], module

    if sum(isinstance(module, LoRALinear) for module in model.modules()):
        _refuse("adapted already")
    places = list(_places())
    if isinstance(target_modules, str):
        places = [place for place in places if place[2] is not model.get_output_embeddings()]
    else:
        for target in target_modules or _refuse("which target?"):
            if all(last != target for _, last, _ in places):
                _refuse(f"{target}: no such layer")
        places = [place for place in places if place[1] in target_modules]
    if not all(0 < rank <= min(module.weight.shape) for *_, module in places):
        _refuse("this rank does not fit everywhere")
    model.requires_grad_(requires_grad=False)
    if alpha is None:
        alpha = rank + rank
    for name, last, module in places:
        model.get_submodule(name[: -len(last) - 1] if name != last else "")._modules[last] = LoRALinear(
            module, rank, alpha, dropout, rank_stabilised
        )
    return [name for name, *_ in places]


# %% mutant: head_by_its_usual_name
# misconception: The output head is always called lm_head.
# fails: lora-model-add_lora-tests
# says: called generator_lm_head
# edit: if module is not model.get_output_embeddings() -> if name != "lm_head"
