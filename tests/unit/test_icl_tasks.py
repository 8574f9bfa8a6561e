"""Tasks for in-context learning: drawn alike from one seed, held out by construction, true to their options."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from course_utils.data import icl_tasks, icl_words
from course_utils.data.icl_tasks import BITS, FAMILIES
from course_utils.errors import CourseError

CASES = [
    ("map", {}),
    ("map", {"keys": 40, "labels": 8, "zipf": 1.0}),
    ("categories", {}),
    ("categories", {"names": "default"}),
    ("categories", {"names": "flipped"}),
    ("categories", {"names": "flipped", "categories": 2}),
    *(("linear", {"dimensions": d}) for d in (1, 2, 3, 8)),
    ("clusters", {}),
    ("parity", {}),
    ("homographs", {}),
]
CATEGORY = {word: category for category, words in icl_words.WORDS.items() for word in words}


@pytest.mark.parametrize(("family", "options"), CASES)
def test_the_seed_decides_everything(family: str, options: dict) -> None:
    first = icl_tasks.draw(family, 4, 12, seed=3, **options)
    assert first == icl_tasks.draw(family, 4, 12, seed=3, **options)
    assert first != icl_tasks.draw(family, 4, 12, seed=4, **options)
    for task in first:
        assert len(task.inputs) == len(task.outputs) == len(task.clean) == 12
        assert task.outputs == task.clean
        assert set(task.outputs) <= set(task.labels)
        assert (task.rationales is not None) == (family == "parity")


@pytest.mark.parametrize(("family", "options"), CASES)
def test_no_definition_is_in_both_splits(family: str, options: dict) -> None:
    """Many training tasks are drawn; each is on its own side of the hash, and none of the test tasks occurs."""
    drawn = {
        split: {task.definition for task in icl_tasks.draw(family, 300, 6, seed=0, split=split, **options)}
        for split in icl_tasks.SPLITS
    }
    for split, definitions in drawn.items():
        assert {icl_tasks.split_of(definition) for definition in definitions} == {split}
    assert drawn["train"] & drawn["test"] == set()
    assert len(drawn["test"]) >= 2


def test_about_one_definition_in_five_is_kept_for_test() -> None:
    splits = Counter(icl_tasks.split_of(f"definition {i}") for i in range(2000))
    assert splits["test"] / 2000 == pytest.approx(0.2, abs=0.03)


def test_the_split_is_the_same_for_ever() -> None:
    """A changed hash would put trained tasks into test: these sides belong to the weights that are shipped."""
    sides = "".join(icl_tasks.split_of(f"definition {i}")[1] for i in range(20))
    assert sides == "rrrerrrrrrrrerrrerrr"


@pytest.mark.parametrize("names", ["arbitrary", "flipped"])
def test_a_category_task_is_one_assignment_however_its_words_are_drawn(names: str) -> None:
    for task in icl_tasks.draw("categories", 50, 30, seed=1, names=names):
        pairs = dict(pair.split("=") for pair in task.definition.removeprefix("categories ").split())
        assert [pairs[CATEGORY[word]] for word in task.inputs] == task.outputs
        if names == "flipped":
            assert all(category != label for category, label in pairs.items())
            assert set(pairs) == set(pairs.values())
        else:
            assert set(pairs.values()) <= set(icl_words.LABELS)


def test_a_map_task_is_its_pairs() -> None:
    for task in icl_tasks.draw("map", 20, 40, seed=1, keys=20, labels=5):
        pairs = dict(pair.split("=") for pair in task.definition.removeprefix("map ").split())
        assert len(pairs) == 20
        assert [pairs[key] for key in task.inputs] == task.outputs


def test_zipf_makes_the_commonest_key_common() -> None:
    """Of 10 keys the first has 1 / (1 + 1/2 + … + 1/10) = 0.341 of the shots."""
    shares = {}
    for zipf in (0.0, 1.0):
        tasks = icl_tasks.draw("map", 20, 400, seed=2, keys=10, zipf=zipf)
        shares[zipf] = np.mean([Counter(task.inputs).most_common(1)[0][1] / 400 for task in tasks])
    assert shares[1.0] == pytest.approx(0.341, abs=0.03)
    assert shares[0.0] < 0.16


@pytest.mark.parametrize("dimensions", [1, 2, 4, 8])
def test_a_linear_task_can_be_separated_by_its_direction(dimensions: int) -> None:
    for task in icl_tasks.draw("linear", 20, 200, seed=5, dimensions=dimensions):
        points = np.array([[int(n) for n in text.split()] for text in task.inputs])
        assert points.min() >= 0
        assert points.max() <= 15
        direction = [1] if dimensions == 1 else [int(n) for n in task.definition.split()[2:]]
        along = (2 * points - 15) @ np.array(direction)
        first = np.array(task.outputs) == task.labels[0]
        assert 0 < first.sum() < 200
        assert along[first].max() < along[~first].min() or along[~first].max() < along[first].min()


def test_opposite_and_multiple_weights_are_one_definition() -> None:
    directions = {
        tuple(int(n) for n in task.definition.split()[2:])
        for task in icl_tasks.draw("linear", 500, 2, seed=0, split="train")
    }
    for direction in directions:
        assert next(n for n in direction if n) > 0
        assert np.gcd.reduce(direction) == 1


def test_clusters_lie_around_their_centres() -> None:
    for task in icl_tasks.draw("clusters", 20, 100, seed=6, clusters=3):
        centres = [pair.split("=") for pair in task.definition.removeprefix("clusters ").split("; ")]
        for text, output in zip(task.inputs, task.outputs, strict=True):
            point = np.array([int(n) for n in text.split()])
            near = [
                label
                for place, label in centres
                if abs(point - np.array([int(n) for n in place.split()])).max() <= 4
            ]
            assert output in near


def test_a_rationale_counts_along_and_its_last_state_gives_the_answer() -> None:
    for task in icl_tasks.draw("parity", 10, 30, seed=7):
        names = dict(pair.split("=") for pair in task.definition.removeprefix("parity ").split())
        for bits, rationale, output in zip(task.inputs, task.rationales, task.outputs, strict=True):
            ones = 0
            words = rationale.split()
            assert len(bits.split()) == BITS
            assert words.pop() == "so"
            for bit, state in zip(bits.split(), words, strict=True):
                ones += int(bit)
                assert state == ("odd" if ones % 2 else "even")
            assert output == names[words[-1]]


def test_homographs_are_read_as_their_domain_reads_them() -> None:
    seen = 0
    for task in icl_tasks.draw("homographs", 60, 30, seed=8):
        domain = task.definition.split()[1]
        for word, output in zip(task.inputs, task.outputs, strict=True):
            assert output in icl_words.DOMAINS[domain]
            if word in icl_words.HOMOGRAPHS:
                seen += 1
                assert output == icl_words.HOMOGRAPHS[word][domain == "people"]
            else:
                assert output == CATEGORY[word]
    assert seen / (60 * 30) == pytest.approx(0.3, abs=0.05)
    assert {t.definition.split()[1] for t in icl_tasks.draw("homographs", 9, 3, 0, domain="people")} == {
        "people"
    }


@pytest.mark.parametrize("family", ["map", "categories", "linear", "clusters", "parity"])
def test_noise_is_the_share_of_wrong_labels(family: str) -> None:
    tasks = icl_tasks.draw(family, 40, 100, seed=9, noise=0.2)
    wrong = np.mean([[a != b for a, b in zip(t.outputs, t.clean, strict=True)] for t in tasks])
    assert wrong == pytest.approx(0.2, abs=0.025)  # four standard errors of 4,000 shots
    assert all(set(task.outputs) <= set(task.labels) for task in tasks)
    assert [t.definition for t in tasks] != [t.definition for t in icl_tasks.draw(family, 40, 100, seed=10)]


def test_a_rendered_task_can_be_read_back() -> None:
    for separator in (*icl_words.SEPARATORS, icl_words.UNTRAINED_SEPARATOR):
        for task in icl_tasks.draw("linear", 3, 10, seed=1, dimensions=3):
            text, predicted = icl_tasks.render(task, separator)
            shots = [shot.split() for shot in text.split(separator) if shot.strip()]
            assert [" ".join(shot[:-1]) for shot in shots] == task.inputs
            assert [shot[-1] for shot in shots] == task.outputs
            words = text.split(" ")
            assert [word for word, answer in zip(words, predicted, strict=True) if answer] == task.outputs


def test_rationales_and_bare_inputs_stand_where_they_should() -> None:
    task = icl_tasks.draw("parity", 1, 2, seed=1)[0]
    text, predicted = icl_tasks.render(task, ";", rationales=True)
    first = f"{task.inputs[0]} {task.rationales[0]} {task.outputs[0]} ; "
    assert text.startswith(first)
    assert predicted[: 2 * BITS + 3] == [False] * BITS + [True] * (BITS + 3)
    words = icl_tasks.draw("homographs", 1, 3, seed=1)[0]
    text, predicted = icl_tasks.render(words, unlabelled=2)
    assert text.split(" ") == [
        words.inputs[0],
        "\n",
        words.inputs[1],
        "\n",
        words.inputs[2],
        words.outputs[2],
        "\n",
    ]
    assert predicted == [False] * 5 + [True, False]


def test_every_word_is_in_the_vocabulary_once_and_reads_as_one_thing() -> None:
    vocabulary = icl_words.vocabulary()
    assert len(set(vocabulary)) == len(vocabulary)
    assert set(CATEGORY) & set(icl_words.HOMOGRAPHS) == set()
    nature, people = icl_words.DOMAINS.values()
    readings = sorted(icl_words.HOMOGRAPHS.values())
    assert readings == sorted((a, b) for a in nature for b in people)
    for family, options in CASES:
        for split in icl_tasks.SPLITS:
            for task in icl_tasks.draw(family, 20, 20, seed=2, split=split, **options):
                assert set(icl_tasks.render(task)[0].split(" ")) <= set(vocabulary)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"family": "chess"}, "chess"),
        ({"family": "map", "split": "valid"}, "valid"),
        ({"family": "map", "shots": 0}, "shots=0"),
        ({"family": "map", "documents": 0}, "documents=0"),
        ({"family": "map", "dimensions": 2}, "'dimensions'"),
        ({"family": "map", "keys": 1}, "keys=1"),
        ({"family": "map", "labels": 11}, "labels=11"),
        ({"family": "map", "noise": 1.5}, "noise=1.5"),
        ({"family": "categories", "categories": 7}, "categories=7"),
        ({"family": "categories", "names": "odd"}, "'odd'"),
        ({"family": "linear", "dimensions": 9}, "dimensions=9"),
        ({"family": "clusters", "clusters": 1}, "clusters=1"),
        ({"family": "homographs", "domain": "sea"}, "'sea'"),
    ],
)
def test_a_wrong_request_is_named(arguments: dict, word: str) -> None:
    with pytest.raises(CourseError, match=word):
        icl_tasks.draw(**{"documents": 1, "shots": 4, "seed": 0, **arguments})


def test_only_parity_has_rationales_to_render() -> None:
    with pytest.raises(CourseError, match="map has no rationales"):
        icl_tasks.render(icl_tasks.draw("map", 1, 2, seed=0)[0], rationales=True)


def test_every_family_has_a_case() -> None:
    assert {family for family, _ in CASES} == set(FAMILIES)
