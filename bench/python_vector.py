"""64 LunarLanders from Python on one core: sharedqn.LunarLanderVector beside Gymnasium's SyncVectorEnv and EnvPool, in turn.

Every round measures everything once, with the same random actions, so that what disturbs the machine disturbs all alike. Medians over the
rounds and of the rounds' ratios are written as a table (docs/python-speed.md). Exit code 1 if a bound does not hold.
"""

import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ENVIRONMENTS = 64
BOUNDS = {"gymnasium": 10.0, "envpool": 5.0}  # least ratios to the default of LunarLanderVector
TITLES = {
    "ours": "sharedqn.LunarLanderVector(64)",
    "ours_shared": "sharedqn.LunarLanderVector(64, copy=False)",
    "envpool": "EnvPool, 64 environments, 1 thread",
    "gymnasium": "Gymnasium, SyncVectorEnv of 64",
}


def peers(numpy):
    """Functions that make so many steps of the 64 environments, by name."""
    import envpool
    import gymnasium

    import sharedqn

    actions = numpy.random.default_rng(1).integers(0, 4, (1000, ENVIRONMENTS)).astype(numpy.int32)
    made = {
        "ours": sharedqn.LunarLanderVector(ENVIRONMENTS),
        "ours_shared": sharedqn.LunarLanderVector(ENVIRONMENTS, copy=False),
        "envpool": envpool.make("LunarLander-v3", env_type="gymnasium", num_envs=ENVIRONMENTS, num_threads=1, seed=1),
        "gymnasium": gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("LunarLander-v3")] * ENVIRONMENTS),
    }

    def stepper(envs):
        def run(count):
            for k in range(count):
                envs.step(actions[k % len(actions)])

        return run

    for name, envs in made.items():
        envs.reset(**({} if name == "envpool" else {"seed": 1}))
    return {name: stepper(envs) for name, envs in made.items()}


def microseconds_of_a_step(run, seconds):
    """Processor time of a step of one environment, over at least so many seconds. What others take meanwhile does not count."""
    count, spent = 10, 0.0
    steps = 0
    while spent < seconds:
        began = time.process_time()
        run(count)
        spent += time.process_time() - began
        steps += count
        count = min(1000, count * 2)
    return spent / steps / ENVIRONMENTS * 1e6


def measure(rounds, seconds):
    import numpy

    runs = peers(numpy)
    for run in runs.values():
        run(100)
    figures = {name: [] for name in runs}
    for i in range(rounds):
        for name, run in runs.items():
            figures[name].append(microseconds_of_a_step(run, seconds))
        print(f"round {i + 1} of {rounds}: " + ", ".join(f"{name} {figures[name][-1]:.2f} us" for name in runs), file=sys.stderr)
    return figures


def ratios(figures, peer, name="ours"):
    return [theirs / mine for theirs, mine in zip(figures[peer], figures[name], strict=True)]


def spread(values, digits):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def table(figures, arguments, load):
    import importlib.metadata as metadata

    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False).stdout.strip()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("sharedqn", "gymnasium", "Box2D", "envpool", "numpy"))
    text = [
        "# Speed from Python",
        "",
        f"Written by `make bench-python` at commit {commit or 'unknown'}: {ENVIRONMENTS} environments, random actions, resets included, on one core",
        f"({processor()}); {arguments.rounds} rounds in turn, each of {arguments.seconds:g} s of processor time; medians (lowest to highest).",
        f"Load average {load[0]:.1f} before and {load[1]:.1f} after (1 is this measurement's own). Python {platform.python_version()}, {versions}.",
        "",
        "| | us an environment step | steps/s | times as slow as ours |",
        "|---|---|---|---|",
    ]
    for name, title in TITLES.items():
        values = figures[name]
        rate = 1e6 / statistics.median(values)
        text.append(f"| {title} | {spread(values, 2)} | {rate:,.0f} | {spread(ratios(figures, name), 1)} |")
    text += ["", "A ratio is taken within each round; the last column is their median. Whole steps count, with all that Python does, and the processor time",
             "of all threads: what else the machine did meanwhile was not counted, but may have slowed all alike."]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Measure 64 environments from Python beside Gymnasium and EnvPool.")
    parser.add_argument("--rounds", type=int, default=9, help="alternating rounds (default 9)")
    parser.add_argument("--seconds", type=float, default=1.0, help="processor time of each measurement (default 1)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core to run on (default: the last)")
    parser.add_argument("--out", default="docs/python-speed.md", help="the table (default docs/python-speed.md)")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    before = os.getloadavg()[0]
    figures = measure(arguments.rounds, arguments.seconds)
    text = table(figures, arguments, (before, os.getloadavg()[0]))
    pathlib.Path(arguments.out).write_text(text)
    print(text)
    failed = [(peer, bound) for peer, bound in BOUNDS.items() if statistics.median(ratios(figures, peer)) < bound]
    for peer, bound in failed:
        print(f"{TITLES[peer]}: less than {bound:g} times as slow", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
