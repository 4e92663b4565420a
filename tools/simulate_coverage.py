"""How often a nominal 95 % bootstrap interval holds the true mean: the table in docs/studies.md.

    python3 tools/simulate_coverage.py          (needs numpy; a few minutes)

Scores of three tasks that correlate by a half within a run; each line is 4,000 made studies of 2,000 bootstrap samples.
"""
import numpy as np

TASKS, STUDIES, SAMPLES = 3, 4000, 2000


def normal(rng, seeds):
    return np.sqrt(0.5) * rng.standard_normal((1, seeds)) + np.sqrt(0.5) * rng.standard_normal((TASKS, seeds))


def collapsing(rng, seeds):
    """15 % of the runs fail on all tasks; mean 0, correlation a half."""
    failed = np.where(rng.random((1, seeds)) < 0.15, -0.85, 0.15) / np.sqrt(0.15 * 0.85)
    return np.sqrt(0.5) * failed + np.sqrt(0.5) * rng.standard_normal((TASKS, seeds))


def difference(rng, seeds):
    return collapsing(rng, seeds) - collapsing(rng, seeds)


def interval_of_seeds(rng, scores):
    means = scores.mean(axis=0)
    return means[rng.integers(0, means.size, (SAMPLES, means.size))].mean(axis=1)


def interval_of_tasks(rng, scores):
    return sum(interval_of_seeds(rng, row[np.newaxis]) for row in scores) / TASKS


def coverage(draw, resample, seeds):
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(STUDIES):
        low, high = np.percentile(resample(rng, draw(rng, seeds)), [2.5, 97.5])
        hits += low <= 0.0 <= high
    return 100.0 * hits / STUDIES


def main():
    for draw in (normal, collapsing, difference):
        for resample in (interval_of_seeds, interval_of_tasks):
            found = ", ".join(f"{seeds} seeds {coverage(draw, resample, seeds):.1f} %" for seeds in (20, 10, 5))
            print(f"{draw.__name__:10}  {resample.__name__:17}  {found}", flush=True)


if __name__ == "__main__":
    main()
