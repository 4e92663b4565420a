"""Writes tests/data/statistics.json: scores, and what rliable and scipy say of them.

Run in a virtual environment with tools/requirements-statistics.txt. test_statistics.c compares; it needs neither.
"""

import json
import sys

import numpy as np
from rliable import library, metrics
from scipy import stats
from scipy.special import betainc

REPEATS = 50000


def make_scores(seed, arms, tasks, seeds, kind):
    """[arms, tasks, seeds]"""
    generator = np.random.default_rng(seed)
    scores = generator.normal(100, 50, (arms, tasks, seeds)) + 20 * np.arange(arms)[:, None, None] - 60 * np.arange(tasks)[None, :, None]
    if kind == "ties":
        scores = np.round(scores / 40) * 40
    elif kind == "skewed":
        scores = 200 - np.exp(generator.normal(3, 1, scores.shape))
    elif kind == "correlated":
        scores += generator.normal(0, 60, (arms, 1, seeds))
    return scores


def estimate(value, interval):
    return {"value": float(value), "low": float(interval[0]), "high": float(interval[1])}


def describe_arm(scores, target):
    """rliable wants [seeds, tasks]."""
    functions = {
        "iqm": metrics.aggregate_iqm,
        "mean": metrics.aggregate_mean,
        "median": metrics.aggregate_median,
        "optimality_gap": lambda x: metrics.aggregate_optimality_gap(x, target),
    }
    table = {"a": scores.T}
    values, intervals = library.get_interval_estimates(
        table, lambda x: np.array([function(x) for function in functions.values()]), reps=REPEATS, random_state=np.random.RandomState(1)
    )
    found = {name: estimate(values["a"][i], intervals["a"][:, i]) for i, name in enumerate(functions)}
    found["std"] = float(scores.mean(axis=0).std(ddof=1))
    return found


def describe_pair(a, b):
    values, intervals = library.get_interval_estimates(
        {"a,b": (a.T, b.T)}, metrics.probability_of_improvement, reps=2000, random_state=np.random.RandomState(2)
    )
    x, y = a.mean(axis=0), b.mean(axis=0)
    exact = a.shape[1] <= 10

    def difference(u, v, axis):
        return np.mean(u, axis=axis) - np.mean(v, axis=axis)

    draws = {"n_resamples": np.inf if exact else 200000, "vectorized": True, "rng": np.random.default_rng(3)}
    paired = stats.permutation_test(
        (x - y,), lambda d, axis: np.mean(d, axis=axis), permutation_type="samples", vectorized=True, n_resamples=np.inf if len(x) <= 12 else 200000,
        rng=np.random.default_rng(4),
    )
    return {
        "probability_of_improvement": estimate(values["a,b"], np.ravel(intervals["a,b"])),
        "welch_p": float(stats.ttest_ind(x, y, equal_var=False).pvalue),
        "permutation_p": float(stats.permutation_test((x, y), difference, permutation_type="independent", **draws).pvalue),
        "exact": exact,
        "paired_permutation_p": float(paired.pvalue),
    }


TAUS = [-150.0, -100.0, -40.0, 0.0, 25.0, 40.0, 80.0, 100.0, 120.0, 150.0, 200.0, 300.0]


def describe_profiles(scores):
    """Share of the scores above each tau: [arms][tau] value, low, high."""
    table = {str(i): arm.T for i, arm in enumerate(scores)}
    values, intervals = library.create_performance_profile(table, np.array(TAUS), reps=REPEATS)
    return [[estimate(values[a][i], intervals[a][:, i]) for i in range(len(TAUS))] for a in table]


def holm(p):
    """Holm 1979, by his definition."""
    order, largest, corrected = np.argsort(p, kind="stable"), 0.0, [0.0] * len(p)
    for rank, i in enumerate(order):
        largest = max(largest, (len(p) - rank) * p[i])
        corrected[i] = float(min(1.0, largest))
    return corrected


def make_case(seed, arms, tasks, seeds, kind):
    np.random.seed(seed)  # rliable draws the strata from numpy's global generator, whatever random_state it is given
    scores = make_scores(seed, arms, tasks, seeds, kind)
    pairs = [describe_pair(scores[i], scores[j]) for i in range(arms) for j in range(i + 1, arms)]
    for pair, corrected in zip(pairs, holm([pair["welch_p"] for pair in pairs])):
        pair["holm_p"] = corrected
    return {
        "tasks": tasks,
        "seeds": seeds,
        "target": 200.0,
        "scores": scores.tolist(),
        "arms": [describe_arm(arm, 200.0) for arm in scores],
        "pairs": pairs,
        "profiles": describe_profiles(scores),
    }


def make_functions():
    """Single functions at many places: [arguments..., value]."""
    generator = np.random.default_rng(9)
    beta, student, quantile, power = [], [], [], []
    for _ in range(200):
        a, b, x = float(np.exp(generator.uniform(-2, 6))), float(np.exp(generator.uniform(-2, 6))), float(generator.uniform())
        beta.append([a, b, x, float(betainc(a, b, x))])
        t, freedom = float(generator.normal(0, 4)), float(np.exp(generator.uniform(0, 6)))
        student.append([t, freedom, float(2 * stats.t.sf(abs(t), freedom))])
        share = float(generator.uniform(0.01, 0.999))
        quantile.append([share, freedom, float(stats.t.ppf(0.5 + share / 2, freedom))])
    for n in (2, 3, 5, 10, 20, 50, 200):
        for difference in (5.0, 20.0, 60.0):
            for deviations in ((40.0, 40.0), (10.0, 60.0)):
                a, b = (d * d / n for d in deviations)
                freedom = (a + b) ** 2 / (a * a / (n - 1) + b * b / (n - 1))
                delta, critical = difference / np.sqrt(a + b), stats.t.ppf(0.975, freedom)
                other_tail = stats.nct.cdf(-critical, freedom, delta)  # NaN where it is far below the smallest double
                value = stats.nct.sf(critical, freedom, delta) + (0.0 if np.isnan(other_tail) else other_tail)
                power.append([difference, *deviations, n, 0.05, float(value)])
    return {"incomplete_beta": beta, "student_p": student, "student_quantile": quantile, "welch_power": power}


def main():
    cases = [
        make_case(1, 2, 3, 10, "plain"),
        make_case(2, 3, 3, 20, "plain"),
        make_case(3, 3, 4, 7, "ties"),
        make_case(4, 2, 1, 5, "skewed"),
        make_case(5, 2, 3, 20, "correlated"),
        make_case(6, 4, 2, 3, "plain"),
    ]
    with open(sys.argv[1] if len(sys.argv) > 1 else "tests/data/statistics.json", "w", encoding="utf-8") as file:
        json.dump({"repeats": REPEATS, "taus": TAUS, "cases": cases, "functions": make_functions()}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
