# %% mutant: all_problems_each_round
# misconception: More problems are better, so each round has all.
# fails: expert_iteration-loop-expert_iteration-tests
# says: Every round has all problems
# breaks: Rounds of sampling
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: same_piece
# misconception: The first piece is used in every round.
# fails: expert_iteration-loop-expert_iteration-tests
# says: same piece
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[:size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: dealt_out
# misconception: Slices with a step cut a list into pieces too.
# fails: expert_iteration-loop-expert_iteration-tests
# says: dealt out in turns
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[number - 1 :: rounds]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: rest_in_last_round
# misconception: What is left over goes to the last round.
# fails: expert_iteration-loop-expert_iteration-tests
# says: left over went to the last round
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size if number < rounds else None]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: first_piece_missing
# misconception: Round r has the piece from r·size on.
# fails: expert_iteration-loop-expert_iteration-tests
# says: first piece is missing
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[number * size : (number + 1) * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: rounded_up
# misconception: Pieces are rounded up so that nothing is lost.
# fails: expert_iteration-loop-expert_iteration-tests
# says: rounded up
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = math.ceil(len(problems) / rounds)
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: one_round_too_few
# misconception: range(1, rounds) has rounds rounds.
# fails: expert_iteration-loop-expert_iteration-tests
# says: A round is missing
# breaks: rounds >= 1
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: one_round_too_many
# misconception: Round 0 samples as well.
# fails: expert_iteration-loop-expert_iteration-tests
# says: One round too many
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 2):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: shuffled
# misconception: Problems are shuffled first, so that the pieces are alike.
# fails: expert_iteration-loop-expert_iteration-tests
# says: in order
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    problems = sorted(problems, key=lambda problem: -int(problem["question"][1:] or 0))
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: same_seed
# misconception: The seed makes the run reproducible, so it is the same everywhere.
# fails: expert_iteration-loop-expert_iteration-tests
# says: same random numbers come again
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed))
        if kept:
            model = train(start if restart else model, kept, seed)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: seed_from_zero
# misconception: Rounds count from 0, and so do their seeds.
# fails: expert_iteration-loop-expert_iteration-tests
# says: first round has seed + 1
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number - 1))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: seed_ignored
# misconception: The number of the round is seed enough.
# fails: expert_iteration-loop-expert_iteration-tests
# says: argument seed is not used
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: seed_times_number
# misconception: A seed for each round: seed·round.
# fails: expert_iteration-loop-expert_iteration-tests
# says: first round has seed + 1
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed * number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: training_seed
# misconception: Only sampling is random.
# fails: expert_iteration-loop-expert_iteration-tests
# says: All rounds train with the same seed
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: start_samples
# misconception: The start model is the one that samples.
# fails: expert_iteration-loop-expert_iteration-tests
# says: start model samples in every round
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(start, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: restart_samples_from_start
# misconception: Restart means that everything begins anew.
# fails: expert_iteration-loop-expert_iteration-tests
# says: Only training restarts
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(start if restart else model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: always_restart
# misconception: STaR restarts.
# fails: expert_iteration-loop-expert_iteration-tests
# says: You restarted
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: never_restart
# misconception: The newest model is trained.
# fails: expert_iteration-loop-expert_iteration-tests
# says: did not restart
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: restart_reversed
# misconception: restart=True goes on.
# fails: expert_iteration-loop-expert_iteration-tests
# says: You restarted
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(model if restart else start, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: restart_from_round_one
# misconception: The start is the model of the first round.
# fails: expert_iteration-loop-expert_iteration-tests
# says: restarted from the model of round 1
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
            if number == 1:
                start = model
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: growing_pool
# misconception: Old examples are still right, so they are trained on again.
# fails: expert_iteration-loop-expert_iteration-tests
# says: examples of earlier rounds
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    pool = []
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            pool += kept
            model = train(start if restart else model, list(pool), seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: unfiltered
# misconception: All samples are training data.
# fails: expert_iteration-loop-expert_iteration-tests
# says: what keep gave
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, list(questions), seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: round_zero_missing
# misconception: Before the first round nothing has happened.
# fails: expert_iteration-loop-expert_iteration-tests
# says: entry of the start model
# breaks: Returns (model, history)
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = []
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: measured_before_training
# misconception: Measure, then train.
# fails: expert_iteration-loop-expert_iteration-tests
# says: measured before it was trained
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        value = measure(model)
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": value})
    return model, history


# %% mutant: start_measured
# misconception: The model at the beginning is measured.
# fails: expert_iteration-loop-expert_iteration-tests
# says: start model was measured
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(start)})
    return model, history


# %% mutant: solved_counts_examples
# misconception: Each example is a solved problem.
# fails: expert_iteration-loop-expert_iteration-tests
# says: solved counts examples
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len(kept)
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: kept_counts_questions
# misconception: kept is how many problems were kept.
# fails: expert_iteration-loop-expert_iteration-tests
# says: kept counts questions
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": solved, "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: kept_adds_up
# misconception: kept is what was kept so far.
# fails: expert_iteration-loop-expert_iteration-tests
# says: adds up over the rounds
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append(
            {
                "round": number,
                "kept": len(kept) + history[-1]["kept"],
                "solved": solved,
                "measured": measure(model),
            }
        )
    return model, history


# %% mutant: kept_is_the_list
# misconception: kept holds the examples.
# fails: expert_iteration-loop-expert_iteration-tests
# says: kept counts examples
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": kept, "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: history_only
# misconception: The history says all.
# fails: expert_iteration-loop-expert_iteration-tests
# says: model and history
# breaks: Returns (model, history)
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return history


# %% mutant: history_first
# misconception: History and model.
# fails: expert_iteration-loop-expert_iteration-tests
# says: The other way round
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return history, model


# %% mutant: start_returned
# misconception: model was given another name and came back unchanged.
# fails: expert_iteration-loop-expert_iteration-tests
# says: start model came back
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return start, history


# %% mutant: best_returned
# misconception: The best model so far is the result.
# fails: expert_iteration-loop-expert_iteration-tests
# says: last model
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return (start if history[-1]["measured"] >= history[0]["measured"] else model), history


# %% mutant: ends_when_nothing_kept
# misconception: Without examples the loop has converged.
# fails: expert_iteration-loop-expert_iteration-tests
# says: Go on
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
            break
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: ends_after_entry
# misconception: The round without examples is the last one.
# fails: expert_iteration-loop-expert_iteration-tests
# says: Go on
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
        if not kept:
            break
    return model, history


# %% mutant: no_entry
# misconception: A round without examples is skipped.
# fails: expert_iteration-loop-expert_iteration-tests
# says: has no entry
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
            continue
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: error_when_nothing_kept
# misconception: Nothing to train on is an error.
# fails: expert_iteration-loop-expert_iteration-tests
# says: RuntimeError
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            raise RuntimeError(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: trains_on_nothing
# misconception: train does nothing with an empty list.
# fails: expert_iteration-loop-expert_iteration-tests
# says: train was called with an empty list
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        model = train(start if restart else model, kept, seed + number)
        if not kept:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: back_to_start
# misconception: With restart, a round without examples gives the start model.
# fails: expert_iteration-loop-expert_iteration-tests
# says: went back to the start model
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            model = start if restart else model
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: printed
# misconception: print tells the user.
# fails: expert_iteration-loop-expert_iteration-tests
# says: not print
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            print(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: silent
# misconception: Nobody needs to know.
# fails: expert_iteration-loop-expert_iteration-tests
# says: call report
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: reports_without_number
# misconception: One sentence is enough.
# fails: expert_iteration-loop-expert_iteration-tests
# says: round's number
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report("no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: reports_counted_from_zero
# misconception: Rounds count from 0.
# fails: expert_iteration-loop-expert_iteration-tests
# says: round's number
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number - 1}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: reports_the_size
# misconception: How many problems were tried says it all.
# fails: expert_iteration-loop-expert_iteration-tests
# says: its own round's number
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"no correct sample for {len(questions)} problems")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: reports_each_round
# misconception: Every round is reported.
# fails: expert_iteration-loop-expert_iteration-tests
# says: only in such a round
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        report(f"round {number}: {len(kept)} kept")
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_not_checked
# misconception: Splits are disjoint anyway.
# fails: expert_iteration-loop-expert_iteration-tests
# says: trained on test problems
# breaks: Raises ValueError
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_dropped
# misconception: Held-out problems are taken out without a word.
# fails: expert_iteration-loop-expert_iteration-tests
# says: trained on test problems
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    problems = [p for p in problems if " ".join(p["question"].split()) not in forbidden]
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_exact
# misconception: Equal strings are equal questions.
# fails: expert_iteration-loop-expert_iteration-tests
# says: superfluous white space
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {problem["question"] for problem in held_out}
    if any(problem["question"] in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_stripped
# misconception: strip takes the white space out.
# fails: expert_iteration-loop-expert_iteration-tests
# says: superfluous white space
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {problem["question"].strip() for problem in held_out}
    if any(problem["question"].strip() in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_first_only
# misconception: One comparison will do.
# fails: expert_iteration-loop-expert_iteration-tests
# says: a training problem is held out
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems[:1]):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_one_side
# misconception: Only the training questions can have superfluous white space.
# fails: expert_iteration-loop-expert_iteration-tests
# says: without superfluous white space
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {problem["question"] for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_in_the_loop
# misconception: The check belongs to the sampling.
# fails: expert_iteration-loop-expert_iteration-tests
# says: before anything else
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        if any(" ".join(problem["question"].split()) in forbidden for problem in questions):
            raise ValueError("some of the problems are held out")
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_unused_rest
# misconception: Only problems that are used can leak.
# fails: expert_iteration-loop-expert_iteration-tests
# says: left-over problem
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(
        " ".join(problem["question"].split()) in forbidden
        for problem in problems[: len(problems) // rounds * rounds]
    ):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_whole_problem
# misconception: The problems are compared as dicts.
# fails: expert_iteration-loop-expert_iteration-tests
# says: superfluous white space
# breaks: problems, held_out
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    if any(problem in list(held_out) for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_assert
# misconception: assert stops it.
# fails: expert_iteration-loop-expert_iteration-tests
# says: ValueError
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    assert not any(" ".join(problem["question"].split()) in forbidden for problem in problems), "held out"
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: held_out_words
# misconception: The error needs no text.
# fails: expert_iteration-loop-expert_iteration-tests
# says: says held out
# breaks: Raises ValueError
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("leak")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: fixed_measure
# misconception: measure is called once and kept.
# fails: expert_iteration-loop-expert_iteration-tests
# says: start model was measured
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    value = history[0]["measured"]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": value})
    return model, history


# %% mutant: problems_used_up
# misconception: pop takes the next piece from the list.
# fails: expert_iteration-loop-expert_iteration-tests
# says: left as they were
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = [problems.pop(0) for _ in range(size)]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: library_pieces
# misconception: The package has a function for the samples kept.
# fails: expert_iteration-loop-expert_iteration-tests
# says: loop is your own
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    forbidden = {" ".join(problem["question"].split()) for problem in held_out}
    if any(" ".join(problem["question"].split()) in forbidden for problem in problems):
        raise ValueError("some of the problems are held out")
    start = model
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    size = len(problems) // rounds
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        from course_utils.experiments.expert_iteration import describe

        describe([{**example, "gold": "#### 1"} for example in kept])
        solved = len({example["question"] for example in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% mutant: questions_with_their_answers
# misconception: The same problem has the same answer.
# fails: expert_iteration-loop-expert_iteration-tests
# says: Compare questions alone
# edit:
#   forbidden = {" ".join(problem["question"].split()) for problem in held_out}
#   leaked = [p["question"] for p in problems if " ".join(p["question"].split()) in forbidden]
# ->
#   forbidden = {tuple(" ".join(v.split()) for v in problem.values()) for problem in held_out}
#   leaked = [p["question"] for p in problems if tuple(" ".join(str(v).split()) for v in p.values()) in forbidden]


# %% mutant: held_out_only_stripped
# misconception: White space matters at the ends only.
# fails: expert_iteration-loop-expert_iteration-tests
# says: superfluous white space
# edit: forbidden = {" ".join(problem["question"].split()) for problem in held_out} -> forbidden = {problem["question"].strip() for problem in held_out}


# %% mutant: no_empty_rounds
# misconception: A round without problems is none.
# fails: expert_iteration-loop-expert_iteration-tests
# says: still a round
# breaks: rounds + 1 dicts
# edit:
#   questions = problems[(number - 1) * size : number * size]
# ->
#   questions = problems[(number - 1) * size : number * size]
#   if not questions:
#       continue


# %% mutant: restart_needs_two
# misconception: One example is too few to start anew.
# fails: expert_iteration-loop-expert_iteration-tests
# says: however little it kept
# edit: train(start if restart else model, -> train(start if restart and len(kept) > 1 else model,


# %% mutant: or_the_old_one
# misconception: train may give nothing back.
# fails: expert_iteration-loop-expert_iteration-tests
# says: whatever it is
# edit: model = train(start if restart else model, kept, seed + number) -> model = train(start if restart else model, kept, seed + number) or model


# %% mutant: pieces_spread_out
# misconception: Begin each piece at its share of the whole.
# fails: expert_iteration-loop-expert_iteration-tests
# says: where the one before ended
# edit: questions = problems[(number - 1) * size : number * size] -> questions = problems[(number - 1) * len(problems) // rounds :][:size]


# %% variant: while_loop
# note: while, and a list of pieces beforehand.
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    def normal(problem):
        return re.sub(r"\s+", " ", problem["question"]).strip()

    leaked = set(map(normal, problems)) & set(map(normal, held_out))
    if leaked:
        raise ValueError(f"held out, and yet here: {leaked}")
    size = len(problems) // rounds
    pieces = [problems[i * size : (i + 1) * size] for i in range(rounds)]
    newest, history = model, [dict(round=0, kept=0, solved=0, measured=measure(model))]
    i = 0
    while i < rounds:
        i += 1
        kept = keep(pieces[i - 1], sample(newest, pieces[i - 1], seed + i))
        if not kept:
            report(f"No correct sample in round {i}.")
        else:
            base = model if restart else newest
            newest = train(base, kept, seed + i)
        history.append(
            dict(
                round=i,
                kept=len(kept),
                solved=len(set(e["question"] for e in kept)),
                measured=measure(newest),
            )
        )
    return newest, history


# %% variant: helper
# note: The entries come from a helper.
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    for problem in problems:
        for other in held_out:
            if problem["question"].split() == other["question"].split():
                raise ValueError(f"{problem['question']!r} is held out")

    def entry(number, kept, model):
        return {
            "round": number,
            "kept": len(kept),
            "solved": len(Counter(e["question"] for e in kept)),
            "measured": measure(model),
        }

    models, history = [model], [entry(0, [], model)]
    size = len(problems) // rounds
    for number in range(rounds):
        questions = list(problems)[number * size :][:size]
        samples = sample(models[-1], questions, seed + number + 1)
        kept = keep(questions, samples)
        if len(kept) == 0:
            report(f"There was no correct sample in round {number + 1}")
        else:
            models.append(train(models[0] if restart else models[-1], kept, seed + number + 1))
        history.append(entry(number + 1, kept, models[-1]))
    return models[-1], history


# %% variant: recursive
# note: A round calls the next one.
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    words = [tuple(problem["question"].split()) for problem in held_out]
    if any(tuple(problem["question"].split()) in words for problem in problems):
        raise ValueError("A problem is held out.")
    start, size = model, len(problems) // rounds

    def from_round(number, model, history):
        if number > rounds:
            return model, history
        questions = problems[size * (number - 1) : size * number]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train((model, start)[bool(restart)], kept, seed + number)
        else:
            report(f"no correct sample: round {number}")
        solved = len({example["question"] for example in kept})
        return from_round(
            number + 1,
            model,
            [*history, {"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)}],
        )

    return from_round(1, start, [{"round": 0, "kept": 0, "solved": 0, "measured": measure(start)}])


# %% variant: iterator
# note: Pieces from an iterator, the seed counted up.
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    from itertools import islice

    if not {" ".join(p["question"].split()) for p in problems}.isdisjoint(
        " ".join(p["question"].split()) for p in held_out
    ):
        raise ValueError("training on held out problems")
    start, rest = model, iter(problems)
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    for number in range(1, rounds + 1):
        seed += 1
        questions = list(islice(rest, len(problems) // rounds))
        kept = keep(questions, sample(model, questions, seed))
        if kept and restart:
            model = train(start, kept, seed)
        elif kept:
            model = train(model, kept, seed)
        else:
            report(f"Round {number} has no correct sample; it changes nothing.")
        history.append(
            {
                "round": number,
                "kept": len(kept),
                "solved": len({e["question"] for e in kept}),
                "measured": measure(model),
            }
        )
    return model, history


# %% mutant: two_spaces_become_one
# misconception: replace("  ", " ") takes repeated spaces out. Three become two.
# fails: expert_iteration-loop-expert_iteration-tests
# says: spaces
# breaks: Raises ValueError
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    held = {p["question"].strip().replace("  ", " ") for p in held_out}
    if any(p["question"].strip().replace("  ", " ") in held for p in problems):
        raise ValueError("a training problem is held out")
    start, size = model, len(problems) // rounds
    history = [{"round": 0, "kept": 0, "solved": 0, "measured": measure(model)}]
    for number in range(1, rounds + 1):
        questions = problems[(number - 1) * size : number * size]
        kept = keep(questions, sample(model, questions, seed + number))
        if kept:
            model = train(start if restart else model, kept, seed + number)
        else:
            report(f"round {number}: no correct sample")
        solved = len({e["question"] for e in kept})
        history.append({"round": number, "kept": len(kept), "solved": solved, "measured": measure(model)})
    return model, history


# %% variant: called_by_keyword
# note: Everything that comes in is called by the names that the text prints.
def expert_iteration(
    model, problems, rounds, sample, keep, train, measure, restart=False, held_out=(), seed=0, report=print
):
    def _bare(problem):
        return re.sub(r" +", " ", re.sub(r"\s", " ", problem["question"])).strip()

    if set(map(_bare, problems)) & set(map(_bare, held_out)):
        raise ValueError("problems that were held out")
    first, newest = model, model
    history = [dict(round=0, kept=0, solved=0, measured=measure(model=newest))]
    size = len(problems) // rounds
    for number in range(rounds):
        questions = problems[number * size :][:size]
        samples = sample(model=newest, questions=questions, seed=seed + number + 1)
        kept = keep(questions=questions, samples=samples)
        if len(kept) == 0:
            report(f"No correct sample in round {number + 1}.")
        else:
            newest = train(model=first if restart else newest, kept=kept, seed=seed + number + 1)
        different = dict.fromkeys(example["question"] for example in kept)
        entry = dict(round=number + 1, kept=len(kept), solved=len(different), measured=measure(model=newest))
        history.append(entry)
    return newest, history
