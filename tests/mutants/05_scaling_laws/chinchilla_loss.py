# %% mutant: no_floor
# misconception: The loss goes to zero.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: E is missing
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return A * n**-alpha + B * d**-beta


# %% mutant: n_and_d_exchanged
# misconception: A belongs to the data.
# fails: scaling_laws-surface-chinchilla_loss-tests
# breaks: n: parameters, d: tokens
# says: A and B belong to the other variable
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * d**-alpha + B * n**-beta


# %% mutant: exponents_exchanged
# misconception: alpha belongs to the data.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: The exponents are exchanged
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * n**-beta + B * d**-alpha


# %% mutant: powers_grow
# misconception: n ** alpha, as in the formula under the bar.
# fails: scaling_laws-surface-chinchilla_loss-tests
# breaks: Returns E +
# says: The powers grow
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * n**alpha + B * d**beta


# %% mutant: A_inside
# misconception: The fraction as a whole is raised to alpha.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: do not stand inside
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + (A / n) ** alpha + (B / d) ** beta


# %% mutant: values_are_logarithms
# misconception: E, A and B come as logarithms.
# fails: scaling_laws-surface-chinchilla_loss-tests
# breaks: in nats a token
# says: natural values, not logarithms
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return np.exp(E) + np.exp(A) * n**-alpha + np.exp(B) * d**-beta


# %% mutant: log_of_the_loss
# misconception: The fit works on log loss.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: logarithm of the loss
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return np.log(E + A * n**-alpha + B * d**-beta)


# %% mutant: no_data_term
# misconception: Size decides.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: The data term is missing
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * n**-alpha


# %% mutant: no_model_term
# misconception: Data decide.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: The model term is missing
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + B * d**-beta


# %% mutant: terms_multiplied
# misconception: Both terms belong together.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: are added, not multiplied
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * n**-alpha * B * d**-beta


# %% mutant: no_beta
# misconception: Data help in proportion.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: beta was not used
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * n**-alpha + B / d


# %% mutant: alpha_for_both
# misconception: One exponent is enough.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: alpha was used for both
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * n**-alpha + B * d**-alpha


# %% mutant: natural_exponential
# misconception: A falling power is exp(-alpha n).
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: easy to tell apart
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * np.exp(-alpha * n) + B * np.exp(-beta * d)


# %% mutant: integer_floor
# misconception: // is a fraction.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: easy to tell apart
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return E + A // n**alpha + B // d**beta


# %% mutant: hard_coded
# misconception: The example of the text gives 2.5.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: easy to tell apart
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return 2.5


# %% mutant: one_number
# misconception: The loss is a float.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: converted to Python scalars
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return float(E + A * n**-alpha + B * d**-beta)


# %% mutant: float_parameters
# misconception: Parameters are numbers.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: converted to Python scalars
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (float(params[name]) for name in ("E", "A", "B", "alpha", "beta"))
    return E + A * n**-alpha + B * d**-beta


# %% mutant: pairs
# misconception: n and d come in pairs.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: a row of sizes against a column
def chinchilla_loss(params, n, d):
    def one(n, d):
        return params["E"] + params["A"] / n ** params["alpha"] + params["B"] / d ** params["beta"]

    if np.ndim(n) == 0 and np.ndim(d) == 0:
        return one(n, d)
    return np.array([one(a, b) for a, b in zip(np.ravel(n), np.ravel(d))])


# %% mutant: mean_of_all
# misconception: One loss for all runs.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: a row of sizes against a column
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return np.mean(E + A * n**-alpha + B * d**-beta)


# %% mutant: single_precision
# misconception: float32 is enough for a loss.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: a row of sizes against a column
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return np.float32(E + A * n**-alpha + B * d**-beta)


# %% mutant: library
# misconception: scaling.loss knows the surface.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: an answer that calls it gets no points
def chinchilla_loss(params, n, d):
    value = scaling.loss(params, form="chinchilla", n=n, d=d)
    return value if np.ndim(value) else float(value)


# %% mutant: in_place
# misconception: n **= makes a new n.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: leaves its arguments as they were
def chinchilla_loss(params, n, d):
    n **= -params["alpha"]
    d **= -params["beta"]
    return params["E"] + params["A"] * n + params["B"] * d


# %% mutant: summed_up_in_place
# misconception: loss += takes whatever comes.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: non-broadcastable output
def chinchilla_loss(params, n, d):
    loss = params["E"]
    loss += params["A"] * n ** -params["alpha"]
    loss += params["B"] * d ** -params["beta"]
    return loss


# %% mutant: sum_into_E
# misconception: loss += does not touch params.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: also where the parameters are arrays
def chinchilla_loss(params, n, d):
    loss = params["E"]
    loss += params["A"] * n ** -params["alpha"] + params["B"] * d ** -params["beta"]
    return loss


# %% mutant: parameters_in_a_row
# misconception: Arrays of parameters are surfaces, one for each run.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: each parameter may be an array
# breaks: arrays that broadcast with n and d
# edit:
#   return params["E"] + params["A"] * n ** -params["alpha"] + params["B"] * d ** -params["beta"]
# ->
#   out = params["E"] + params["A"] * n ** -params["alpha"] + params["B"] * d ** -params["beta"]
#   many = any(np.ndim(value) for value in params.values())
#   return np.ravel(out)[: np.ndim(out) and max(np.size(value) for value in params.values())] if many else out


# %% mutant: by_order
# misconception: A dict's values come in the order E, A, B, alpha, beta.
# fails: scaling_laws-surface-chinchilla_loss-tests
# says: each parameter by its name
def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = params.values()
    return E + A * n**-alpha + B * d**-beta


# %% variant: fractions
# note: Divisions.
# edit: * n ** -params["alpha"] + params["B"] * d ** -params -> / n ** params["alpha"] + params["B"] / d ** params

# %% variant: exponentials
# note: exp(-alpha ln n).
def chinchilla_loss(params, n, d):
    model = params["A"] * np.exp(-params["alpha"] * np.log(n))
    data = params["B"] * np.exp(-params["beta"] * np.log(d))
    return model + data + params["E"]


# %% variant: sum_of_terms
# note: A loop over the terms.
def chinchilla_loss(params, n, d):
    loss = 0.0
    for factor, exponent, variable in (("B", "beta", d), ("A", "alpha", n)):
        loss = loss + params[factor] * np.power(variable, -np.asarray(params[exponent], dtype=float))
    return loss + params["E"]


# %% variant: unpacked
# note: Keyword arguments of an inner function.
def chinchilla_loss(params, n, d):
    def surface(E, A, B, alpha, beta):
        return np.add(E, np.divide(A, np.float_power(n, alpha))) + np.divide(B, np.float_power(d, beta))

    return surface(**params)


# %% variant: reduced
# note: functools.reduce over pairs of coefficient and power.
def chinchilla_loss(params, n, d):
    pairs = [("A", n, "alpha"), ("B", d, "beta")]
    return __import__("functools").reduce(lambda total, p: total + params[p[0]] / p[1] ** params[p[2]], pairs, params["E"])


# %% variant: powers_of_two
# note: exp2 of logarithms, in a helper with a test's name.
def _one(coefficient, base, exponent):
    return coefficient * np.exp2(-exponent * np.log2(base))


def chinchilla_loss(params, n, d):
    E, A, B, alpha, beta = (params[name] for name in ("E", "A", "B", "alpha", "beta"))
    return _one(A, n, alpha) + _one(B, d, beta) + E
