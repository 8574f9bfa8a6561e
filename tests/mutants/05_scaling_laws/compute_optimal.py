# %% mutant: no_six
# misconception: C = N D.
# fails: scaling_laws-optimum-compute_optimal-tests
# breaks: 6 n d = flops
# says: The 6 is missing: 6 n d = flops
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * flops ** (beta / (alpha + beta))
    d = flops / n
    return n, d


# %% mutant: six_missing_in_n
# misconception: Only D needs the 6.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: The 6 is missing from n
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * flops ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: six_missing_in_d
# misconception: D is what is left of the FLOPs.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: The 6 is missing from d
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / n
    return n, d


# %% mutant: six_times
# misconception: C / 6 n is C / 6 times n.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: d = flops / (6 n), not flops / 6 · n
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / 6 * n
    return n, d


# %% mutant: g_upside_down
# misconception: The larger coefficient asks for more of the other.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: Is G upside down
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (beta * B / (alpha * A)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: g_without_power
# misconception: G is a ratio.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: missing its power
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: square_root
# misconception: G is the square root of the ratio.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: G has the wrong power
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** 0.5
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: no_g
# misconception: Only the exponents matter.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: G is missing
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: a_exchanged
# misconception: a is alpha over the sum.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: not alpha / (alpha + beta)
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (alpha / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: a_is_half
# misconception: Parameters and tokens grow alike.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: one half only when alpha = beta
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** 0.5
    d = flops / (6 * n)
    return n, d


# %% mutant: g_without_exponents
# misconception: The balance is A n^-alpha = B d^-beta.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: G lacks alpha and beta
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (A / B) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: g_exponents_exchanged
# misconception: beta belongs to A.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: alpha and beta are exchanged in G
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (beta * A / (alpha * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: g_to_the_a
# misconception: The power a is for everything.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: to the power a as well
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = (g * flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: operator_precedence
# misconception: a / b * c is a / (b c).
# fails: scaling_laws-optimum-compute_optimal-tests
# says: B multiplies where it should divide
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / beta * B) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n, d


# %% mutant: d_first
# misconception: Tokens, then parameters.
# fails: scaling_laws-optimum-compute_optimal-tests
# breaks: Returns (n, d)
# says: n and d have changed places
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return d, n


# %% mutant: list_of_both
# misconception: A list is as good as a tuple.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: a pair: (n, d)
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return [n, d]


# %% mutant: only_n
# misconception: d follows from n, so n is the answer.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: a pair: (n, d)
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return n


# %% mutant: twenty_tokens
# misconception: Twenty tokens per parameter.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: 20 tokens per parameter
def compute_optimal(params, flops):
    n = (flops / 120) ** 0.5
    return n, 20 * n


# %% mutant: coarse_grid
# misconception: The best of many sizes that were tried.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: Check the balance
def compute_optimal(params, flops):
    n = np.geomspace(1, flops, 20001)
    loss = params["A"] * n ** -params["alpha"] + params["B"] * (flops / 6 / n) ** -params["beta"]
    best = float(n[np.argmin(loss)])
    return best, flops / 6 / best


# %% mutant: python_floats
# misconception: The answer is two numbers.
# fails: scaling_laws-optimum-compute_optimal-tests
# breaks: numbers or arrays
# says: converted to Python scalars
def compute_optimal(params, flops):
    A, B, alpha, beta = params["A"], params["B"], params["alpha"], params["beta"]
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n = g * (flops / 6) ** (beta / (alpha + beta))
    d = flops / (6 * n)
    return float(n), float(d)


# %% mutant: math_pow
# misconception: math.pow takes powers.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: converted to Python scalars
def compute_optimal(params, flops):
    alpha, beta = params["alpha"], params["beta"]
    g = math.pow(alpha * params["A"] / (beta * params["B"]), 1 / (alpha + beta))
    n = g * math.pow(flops / 6, beta / (alpha + beta))
    return n, flops / (6 * n)


# %% mutant: library
# misconception: scaling.compute_optimal is in the package.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: an answer that calls it gets no points
def compute_optimal(params, flops):
    best = scaling.compute_optimal(params, flops)
    if np.ndim(best.n) == 0:
        return float(best.n), float(best.d)
    return best.n, best.d


# %% mutant: flops_divided_in_place
# misconception: flops /= 6 makes a new budget.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: leaves its arguments as they were
def compute_optimal(params, flops):
    alpha, beta = params["alpha"], params["beta"]
    flops /= 6
    n = (alpha * params["A"] / (beta * params["B"])) ** (1 / (alpha + beta)) * flops ** (beta / (alpha + beta))
    return n, flops / n


# %% mutant: params_changed_in_place
# misconception: params["A"] *= alpha is shorter.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: leaves its arguments as they were
def compute_optimal(params, flops):
    ratio = params["A"]
    ratio *= params["alpha"]
    ratio = ratio / (params["beta"] * params["B"])
    total = params["alpha"] + params["beta"]
    n = ratio ** (1 / total) * (flops / 6) ** (params["beta"] / total)
    return n, flops / 6 / n


# %% mutant: always_a_table
# misconception: Every surface with every budget, also where they are pairs.
# fails: scaling_laws-optimum-compute_optimal-tests
# breaks: all broadcast
# says: shape
def compute_optimal(params, flops):
    alpha, beta = params["alpha"], params["beta"]
    G = (alpha * params["A"] / (beta * params["B"])) ** (1 / (alpha + beta))
    if np.ndim(flops):
        flops = np.reshape(flops, (-1, 1)) if np.ndim(G) else flops
    n = G * (flops / 6) ** (beta / (alpha + beta))
    return n, flops / (6 * n)


# %% mutant: whole_parameters
# misconception: A model has a whole number of parameters.
# fails: scaling_laws-optimum-compute_optimal-tests
# says: (n, d)
# edit: return n, flops / 6 / n -> return np.ceil(n), flops / 6 / np.ceil(n)


# %% variant: in_logarithms
# note: Everything in logarithms.
def compute_optimal(params: dict, flops: float | np.ndarray) -> tuple:
    total = params["alpha"] + params["beta"]
    log_g = (np.log(params["alpha"]) + np.log(params["A"]) - np.log(params["beta"]) - np.log(params["B"])) / total
    log_nd = np.log(flops) - np.log(6)
    log_n = log_g + params["beta"] / total * log_nd
    return np.exp(log_n), np.exp(log_nd - log_n)


# %% variant: both_closed_forms
# note: D by its own formula.
def compute_optimal(params, flops):
    alpha, beta = params["alpha"], params["beta"]
    a, b = beta / (alpha + beta), alpha / (alpha + beta)
    ratio = (alpha / beta) * (params["A"] / params["B"])
    return ratio ** (a / beta) * (flops / 6) ** a, ratio ** (-b / alpha) * (flops / 6) ** b


# %% variant: one_power
# note: The balance solved at once.
def compute_optimal(params, flops):
    product = np.divide(flops, 6.0)
    left = params["alpha"] * params["A"] * np.power(product, params["beta"])
    n = np.power(left / (params["beta"] * params["B"]), 1 / (params["alpha"] + params["beta"]))
    return (n, product / n)


# %% variant: newton
# note: Newton steps on the balance, in ln n.
def compute_optimal(params, flops):
    alpha, beta = params["alpha"], params["beta"]
    total = np.log(np.asarray(flops, float) / 6)
    u = 0 * (total + params["A"] + params["B"] + alpha + beta)
    for _ in range(3):
        gap = np.log(alpha * params["A"]) - alpha * u - np.log(beta * params["B"]) + beta * (total - u)
        u = u + gap / (alpha + beta)
    return np.exp(u), np.exp(total - u)


# %% variant: stacked_logs
# note: A 2 x 2 system in the logarithms of n and d.
def _rows(alpha, beta, a, b, c):
    gap = np.log(alpha * a) - np.log(beta * b)
    return (gap + beta * c) / (alpha + beta), (alpha * c - gap) / (alpha + beta)


def compute_optimal(params, flops):
    both = _rows(params["alpha"], params["beta"], params["A"], params["B"], np.log(flops / 6))
    return tuple(np.exp(x) for x in both)


# %% variant: tokens_first
# note: The tokens from the balance, the parameters from what is left.
def compute_optimal(params, flops):
    A, B, alpha, beta = map(params.get, ["A", "B", "alpha", "beta"])
    power = 1 / (beta + alpha)
    d = (beta * B / alpha / A) ** power * (flops / 6) ** (alpha * power)
    return (flops / (6 * d), d)
