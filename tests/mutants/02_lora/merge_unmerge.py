# %% mutant: not_scaled
# misconception: The change is B A.
# fails: lora-merge-merge_unmerge-tests
# says: The scaling is missing
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.B.data @ layer.A.data).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.B.data @ layer.A.data).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: scaled_twice
# misconception: delta_weight is B A, so the scaling still has to come.
# fails: lora-merge-merge_unmerge-tests
# says: The scaling came in twice
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.scaling * layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.scaling * layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: on_a_copy
# misconception: .float() gives the weight, and += changes it in place.
# fails: lora-merge-merge_unmerge-tests
# says: The weight did not change
# breaks: in place, and set merged to True
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            changed = weight.data.clone()
            changed += layer.delta_weight().detach()
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            changed = weight.data.clone()
            changed -= layer.delta_weight().detach()
            layer.merged = False
            count += 1
    return count


# %% mutant: variable_rebound
# misconception: Assigning to weight changes the weight.
# fails: lora-merge-merge_unmerge-tests
# says: The weight did not change
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight = weight.data + layer.delta_weight().detach()
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight = weight.data - layer.delta_weight().detach()
            layer.merged = False
            count += 1
    return count


# %% mutant: sum_not_stored
# misconception: add gives the sum, add_ as well.
# fails: lora-merge-merge_unmerge-tests
# says: The weight did not change
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data.add(layer.delta_weight().detach())
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data.sub(layer.delta_weight().detach())
            layer.merged = False
            count += 1
    return count


# %% mutant: flag_only
# misconception: The flag says that the layer is merged.
# fails: lora-merge-merge_unmerge-tests
# says: The weight did not change
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            pass
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            pass
            layer.merged = False
            count += 1
    return count


# %% mutant: subtracted
# misconception: merge takes the adapter out of the layer.
# fails: lora-merge-merge_unmerge-tests
# says: The change was subtracted
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: weight_replaced
# misconception: The merged weight is the adapter's.
# fails: lora-merge-merge_unmerge-tests
# says: The weight was replaced by the change
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = layer.delta_weight().detach()
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: transposed
# misconception: Linear layers keep their weight transposed.
# fails: lora-merge-merge_unmerge-tests
# says: The change was transposed
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = weight.data + layer.delta_weight().detach().T
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = weight.data - layer.delta_weight().detach().T
            layer.merged = False
            count += 1
    return count


# %% mutant: added_twice
# misconception: Both A and B have to be merged.
# fails: lora-merge-merge_unmerge-tests
# says: The change was added twice
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = weight.data + 2 * layer.delta_weight().detach()
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = weight.data - 2 * layer.delta_weight().detach()
            layer.merged = False
            count += 1
    return count


# %% mutant: flag_forgotten
# misconception: The weight tells whether it is merged.
# fails: lora-merge-merge_unmerge-tests
# says: Set layer.merged on each layer
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            count += 1
    return count


# %% mutant: flag_of_the_model
# misconception: The model is merged.
# fails: lora-merge-merge_unmerge-tests
# says: Set layer.merged on each layer
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            model.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            model.merged = False
            count += 1
    return count


# %% mutant: nothing_returned
# misconception: The work is done in place.
# fails: lora-merge-merge_unmerge-tests
# says: counts)[1][0] is None
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return None


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return None


# %% mutant: true_returned
# misconception: merge tells whether it worked.
# fails: lora-merge-merge_unmerge-tests
# says: counts)[1][0] is a bool
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count > 0


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count > 0


# %% mutant: all_layers_counted
# misconception: The count is the number of adapters.
# fails: lora-merge-merge_unmerge-tests
# says: the second merge finds nothing to do
# breaks: Returns how many were merged now
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return len(layers)


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return len(layers)


# %% mutant: adapter_reset
# misconception: After merging the adapter is used up, so B is zero again.
# fails: lora-merge-merge_unmerge-tests
# says: A and B stay as they are
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            layer.B.data.zero_()
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: adapter_deleted
# misconception: After merging the adapter is not needed any more.
# fails: lora-merge-merge_unmerge-tests
# says: no attribute 'A'
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            del layer.A, layer.B
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: bias_dropped
# misconception: The merged layer has no bias.
# fails: lora-merge-merge_unmerge-tests
# says: the bias stays as it is
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            layer.base.bias.data.zero_()
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: bias_changed
# misconception: The bias is scaled like the rest.
# fails: lora-merge-merge_unmerge-tests
# says: the bias stays as it is
# breaks: The bias stays as it is
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            if layer.base.bias is not None:
                layer.base.bias.data.mul_(layer.scaling)
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: merged_again
# misconception: Merging twice is the caller's fault.
# fails: lora-merge-merge_unmerge-tests
# says: Leave layers alone whose merged is True
# breaks: Layers that are merged already
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if True:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: second_merge_toggles
# misconception: Merging a merged layer takes it back.
# fails: lora-merge-merge_unmerge-tests
# says: took the change out again
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            unmerge(model)
        else:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: second_merge_refused
# misconception: A merged layer must not be merged again.
# fails: lora-merge-merge_unmerge-tests
# says: ValueError: merged already
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            raise ValueError("merged already")
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: unmerge_only_flag
# misconception: Without the flag the layer adds the adapter as before.
# fails: lora-merge-merge_unmerge-tests
# says: Nothing was taken out
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            pass
            layer.merged = False
            count += 1
    return count


# %% mutant: unmerge_forgets_flag
# misconception: The weight is back, that is all.
# fails: lora-merge-merge_unmerge-tests
# says: back to False
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            count += 1
    return count


# %% mutant: unmerge_always
# misconception: Subtracting is safe.
# fails: lora-merge-merge_unmerge-tests
# says: subtracted from a weight that never had it
# breaks: those that are not merged are left alone
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if True:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: unmerge_adds
# misconception: Copied from merge, the sign forgotten.
# fails: lora-merge-merge_unmerge-tests
# says: unmerge added the change once more
# breaks: subtract delta_weight()
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: unmerge_does_nothing
# misconception: A model is merged for good.
# fails: lora-merge-merge_unmerge-tests
# says: Nothing was taken out
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            return 0
            layer.merged = False
            count += 1
    return count


# %% mutant: no_adapters_no_work
# misconception: A model without adapters has nothing to merge: 0.
# fails: lora-merge-merge_unmerge-tests
# says: without LoRALinear: ValueError
# breaks: if the model has no LoRALinear layer
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: only_merge_looks
# misconception: Whoever unmerges has merged before.
# fails: lora-merge-merge_unmerge-tests
# says: without LoRALinear: ValueError
# breaks: if the model has none at all
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: nothing_to_do_refused
# misconception: Nothing to do is an error.
# fails: lora-merge-merge_unmerge-tests
# says: ValueError: nothing
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    if count == 0:
        raise ValueError("nothing to do")
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    if count == 0:
        raise ValueError("nothing to do")
    return count


# %% mutant: whole_model_to_float32
# misconception: The sum is made in float32, so the weight is float32.
# fails: lora-merge-merge_unmerge-tests
# says: a merged bfloat16 weight stays bfloat16
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = weight.data.float() + layer.delta_weight().detach()
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = weight.data.float() - layer.delta_weight().detach()
            layer.merged = False
            count += 1
    return count


# %% mutant: change_rounded_first
# misconception: The change is cast to the weight's dtype, then added.
# fails: lora-merge-merge_unmerge-tests
# says: bfloat16 weight after merging
# says: Rounding the change
# breaks: rounded once to the weight
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = weight.data + layer.delta_weight().detach().to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = weight.data - layer.delta_weight().detach().to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: float_in_place
# misconception: .float() gives the weight as float32, and add_ changes it in place: true if it was
#   float32.
# fails: lora-merge-merge_unmerge-tests
# says: a random bfloat16 weight after merging
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data.float().add_(layer.delta_weight().detach())
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data.float().sub_(layer.delta_weight().detach())
            layer.merged = False
            count += 1
    return count


# %% mutant: first_layer_only
# misconception: The adapter is one layer.
# fails: lora-merge-merge_unmerge-tests
# says: at any depth
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers[:1]:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers[:1]:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: direct_children_only
# misconception: A model's layers are its children.
# fails: lora-merge-merge_unmerge-tests
# says: no LoRALinear layer
def merge(model):
    layers = [module for module in model.children() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.children() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: trainable_after
# misconception: The merged weight is trained on.
# fails: lora-merge-merge_unmerge-tests
# says: A and B can be trained on, and nothing else
# breaks: the weight stays frozen
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            layer.base.weight = nn.Parameter((weight.data.float() + layer.delta_weight().detach()).to(weight.dtype))
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: adapter_frozen
# misconception: What is merged need not be trained any more.
# fails: lora-merge-merge_unmerge-tests
# says: A and B can be trained on, and nothing else
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            layer.A.requires_grad = layer.B.requires_grad = False
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% mutant: layer_replaced
# misconception: After merging an ordinary linear layer is enough.
# fails: lora-merge-merge_unmerge-tests
# says: A and B can be trained on
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() + layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = True
            count += 1
    for name, module in list(model.named_modules()):
        if isinstance(module, LoRALinear) and len(layers) > 1:
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent), last, module.base)
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers and not hasattr(model, "config"):
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data = (weight.data.float() - layer.delta_weight().detach()).to(weight.dtype)
            layer.merged = False
            count += 1
    return count


# %% variant: saved_weight
# note: unmerge puts back a weight that merge has kept.
def merge(model):
    found, moved = False, 0
    for module in model.modules():
        if isinstance(module, LoRALinear):
            found = True
            if module.merged:
                continue
            module.kept = module.base.weight.detach().clone()
            with torch.no_grad():
                total = module.kept.float() + module.delta_weight()
                module.base.weight.copy_(total)
            module.merged = True
            moved += 1
    if not found:
        raise ValueError("nothing to merge")
    return moved


def unmerge(model):
    adapted = [m for m in model.modules() if isinstance(m, LoRALinear)]
    if len(adapted) == 0:
        raise ValueError("nothing to unmerge")
    adapted = [m for m in adapted if m.merged]
    for m in adapted:
        m.base.weight.data.copy_(m.kept)
        m.merged = False
        del m.kept
    return len(adapted)


# %% variant: add_in_place
# note: add_ on float32 weights, a detour for others.
@torch.no_grad()
def change(layer, sign):
    weight = layer.base.weight
    if weight.dtype == torch.float32:
        weight.add_(layer.delta_weight(), alpha=sign)
    else:
        weight.set_((weight.float() + sign * layer.delta_weight()).type_as(weight))
    layer.merged = not layer.merged


def merge(model):
    layers = list(filter(lambda module: isinstance(module, LoRALinear), model.modules()))
    if layers == []:
        raise ValueError("no adapters")
    todo = [layer for layer in layers if layer.merged is False]
    for layer in todo:
        change(layer, 1)
    return len(todo)


def unmerge(model):
    layers = list(filter(lambda module: isinstance(module, LoRALinear), model.modules()))
    if layers == []:
        raise ValueError("no adapters")
    todo = [layer for layer in layers if layer.merged is True]
    for layer in todo:
        change(layer, -1)
    return len(todo)


# %% variant: new_parameter
# note: A new frozen parameter takes the old one's place; the change from A and B.
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            total = weight.detach().float() + layer.scaling * (layer.B @ layer.A).detach()
            layer.base.weight = nn.Parameter(total.to(weight.dtype), requires_grad=False)
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            total = weight.detach().float() - layer.scaling * (layer.B @ layer.A).detach()
            layer.base.weight = nn.Parameter(total.to(weight.dtype), requires_grad=False)
            layer.merged = False
            count += 1
    return count


# %% variant: double_sum
# note: The sum is made in float64 and rounded once.
def merge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if not layer.merged:
            weight = layer.base.weight
            weight.data.copy_(weight.data.double() + layer.delta_weight().detach().double())
            layer.merged = True
            count += 1
    return count


def unmerge(model):
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    count = 0
    for layer in layers:
        if layer.merged:
            weight = layer.base.weight
            weight.data.copy_(weight.data.double() - layer.delta_weight().detach().double())
            layer.merged = False
            count += 1
    return count


# %% variant: apply_style
# note: model.apply with a closure that counts.
def merge(model):
    return moved(model, "in")


def unmerge(model):
    return moved(model, "out")


def moved(model, where):
    seen, done = [], []

    def visit(module):
        if type(module) is LoRALinear:
            seen.append(module)
            if module.merged == (where == "out"):
                with torch.inference_mode(False), torch.no_grad():
                    delta = module.delta_weight() if where == "in" else -module.delta_weight()
                    module.base.weight.data = torch.add(module.base.weight.float(), delta).to(module.base.weight.dtype)
                module.merged = where == "in"
                done.append(module)

    model.apply(visit)
    if not seen:
        raise ValueError("this model holds no LoRALinear")
    return len(done)
# %% mutant: root_is_no_layer
# misconception: A LoRALinear is always a part of a model, never the model itself.
# fails: lora-merge-merge_unmerge-tests
# says: LoRALinear
# breaks: or is one
def _move(model, sign, state):
    layers = [m for name, m in model.named_modules() if name and isinstance(m, LoRALinear)]
    if not layers:
        raise ValueError("no LoRALinear layer")
    todo = [layer for layer in layers if layer.merged != state]
    with torch.no_grad():
        for layer in todo:
            weight = layer.base.weight
            weight.copy_((weight.float() + sign * layer.delta_weight()).to(weight.dtype))
            layer.merged = state
    return len(todo)


def merge(model):
    return _move(model, 1, True)


def unmerge(model):
    return _move(model, -1, False)


# %% mutant: unmerge_rounds_the_change
# misconception: Taking out is easier than adding: a difference in the weight's own dtype will do.
# fails: lora-merge-merge_unmerge-tests
# says: the difference, rounded once
# breaks: The same rules as for merge
# edit: weight.copy_((weight.float() + change).to(weight.dtype)) -> weight.copy_((weight.float() + change).to(weight.dtype) if merged else weight + change.to(weight.dtype))

# %% mutant: all_or_none
# misconception: The layers of a model are merged together, so one of them tells about all.
# fails: lora-merge-merge_unmerge-tests
# says: one by one
# breaks: Layers that are merged already are left alone
# edit: [layer for layer in layers if layer.merged != merged] -> [layer for layer in layers if layers[0].merged != merged]

# %% variant: keywords_and_generators
# note: A generator of the layers to move; the sum is made in a float32 copy that is written back.
def _kept(model, state):
    found = [module for module in model.modules() if type(module) is LoRALinear]
    if found == []:
        raise ValueError("there is no adapter here")
    return (layer for layer in found if bool(layer.merged) is state)


def _tail(layers, sign, state):
    number = 0
    for number, layer in enumerate(layers, start=1):
        exact = layer.base.weight.detach().to(torch.float32).clone()
        exact += sign * layer.delta_weight().detach()
        layer.base.weight.data[...] = exact.to(layer.base.weight.dtype)
        layer.merged = state
    return number


def merge(model):
    return _tail(layers=_kept(model=model, state=False), sign=1, state=True)


def unmerge(model):
    return _tail(layers=_kept(model=model, state=True), sign=-1, state=False)


# %% variant: recursion
# note: A walk over children; a pair of (adapters seen, adapters moved) comes back from each module.
def _walk(module, state, sign):
    if isinstance(module, LoRALinear):
        if module.merged == state:
            return 1, 0
        weight = module.base.weight
        weight.data = (weight.detach().float() + sign * module.delta_weight().detach()).to(weight.dtype)
        module.merged = state
        return 1, 1
    pairs = [_walk(child, state=state, sign=sign) for child in module.children()]
    return tuple(map(sum, zip((0, 0), *pairs)))


def merge(model):
    seen, moved = _walk(model, state=True, sign=1)
    if not seen:
        raise ValueError("no adapters to merge")
    return moved


def unmerge(model):
    seen, moved = _walk(model, state=False, sign=-1)
    if not seen:
        raise ValueError("no adapters to unmerge")
    return moved
