"""Bounds of whole runs: memory, start, a cost that does not grow, and two runs beside each other.

Runs the built program as a user would and writes performance-bounds.md. Exit code 1 if a bound does not hold.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

MEMORY_MIB, START_MS, GROWTH, MORE_LOSS, EVALUATION_S = 64, 50, 1.10, 1.10, 1.0
PEAK_ROUNDS = 1_000_000_000


def run(command, core=None):
    """Start a program, pinned to a core."""
    pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=pin, text=True)


def finish(process):
    """Wait for a program. Returns its output and the resources it used."""
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(process.args)}: failed")
    return output, usage


def seconds_of(commands):
    """Wall-clock seconds until the last of some commands, each on a core of its own, is done."""
    began = time.monotonic()
    for process in [run(command, core) for core, command in enumerate(commands)]:
        finish(process)
    return time.monotonic() - began


def train(program, folder, *options):
    return [program, "train", "--force", "--out", folder, *options]


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def tenths(folder):
    """Microseconds a training step (update, action, environment) in each tenth of a run's episodes that have updates.

    Of a tenth it is the cost that a tenth of its episodes stay below: what other programs do to the machine only adds to it.
    """
    metrics, timing = read_lines(f"{folder}/metrics.jsonl"), read_lines(f"{folder}/timing.jsonl")
    costs = [1e6 / t["updates_per_second"] for m, t in zip(metrics, timing) if t["updates_per_second"] > 0 and m["loss"] is not None]
    costs = costs[1:]  # in the first episode with updates they begin midway
    return [statistics.quantiles(costs[i * len(costs) // 10 : (i + 1) * len(costs) // 10], n=10)[0] for i in range(10)]


def whole_run(program, folder, episodes):
    _, usage = finish(run(train(program, folder, "--episodes", str(episodes)), 0))
    costs = tenths(folder)
    growth = costs[-1] / costs[0]
    shown = ", ".join(f"{c:.0f}" for c in costs)
    return [
        ("resident memory of a whole run, MiB", usage.ru_maxrss / 1024, MEMORY_MIB, f"{episodes} episodes of shared, the greatest"),
        ("cost of a training step, last tenth of a run over the first", growth, GROWTH, f"the lowest deciles of the tenths, us: {shown}"),
    ]


def start(program, folder):
    options = ["--episodes", "1", "--set", "final_episodes=1"]
    times = [1e3 * seconds_of([train(program, folder, *options)]) for _ in range(11)]
    note = f"a whole run of one episode, start to end, which the first step precedes; median of 11, {min(times):.0f} to {max(times):.0f}"
    return [("start of the program to the first step, ms, at most", statistics.median(times), START_MS, note)]


def two_at_once(program, peak, folder, rounds):
    options = ["--episodes", "120", "--set", "final_episodes=1", "--set", "evaluation_period=1000"]
    runs = [train(program, f"{folder}-{i}", *options) for i in range(2)]
    loops = [[peak, str(PEAK_ROUNDS)]] * 2
    losses = {"run": [], "loop": []}
    for _ in range(rounds):
        for name, commands in (("run", runs), ("loop", loops)):
            losses[name].append(seconds_of(commands) / seconds_of(commands[:1]))
    run_ratio, loop_ratio = statistics.median(losses["run"]), statistics.median(losses["loop"])
    note = f"two runs take {run_ratio:.3f} times one alone, two fma loops {loop_ratio:.3f} times; medians of {rounds}"
    return [("two runs on two cores, their loss over that of two fma loops", run_ratio / loop_ratio, MORE_LOSS, note)]


def evaluation(program, folder):
    times = [seconds_of([[program, "evaluate", folder, "--json"]]) for _ in range(7)]
    note = f"`sharedqn evaluate` of that run, start to end; median of 7, {min(times):.2f} to {max(times):.2f}"
    return [("evaluation of 300 episodes, s", statistics.median(times), EVALUATION_S, note)]


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def page(rows, commit, load):
    lines = [
        "# Bounds of whole runs",
        "",
        f"Written by `make bench` at commit {commit}: {processor()}, {os.cpu_count()} processors, load average {load[0]:.1f} before and",
        f"{load[1]:.1f} after, this included.",
        "",
        "| bound | measured | limit | holds | how |",
        "|---|---|---|---|---|",
    ]
    for name, value, limit, note in rows:
        lines.append(f"| {name} | {value:.3g} | {limit:g} | {'yes' if value <= limit else 'NO'} | {note} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default="build/sharedqn")
    parser.add_argument("--peak", default="build/bench/fma_peak", help="the fma loop alone")
    parser.add_argument("--episodes", type=int, default=1500, help="of the whole run")
    parser.add_argument("--rounds", type=int, default=5, help="of two at once")
    parser.add_argument("--out", default="docs/performance-bounds.md")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    arguments = parser.parse_args()
    load = [os.getloadavg()[0]]
    work = tempfile.mkdtemp(prefix="sharedqn-bounds-")
    try:
        rows = start(arguments.program, f"{work}/short") + whole_run(arguments.program, f"{work}/whole", arguments.episodes)
        rows += evaluation(arguments.program, f"{work}/whole")
        if os.cpu_count() >= 2:
            rows += two_at_once(arguments.program, arguments.peak, f"{work}/pair", arguments.rounds)
    finally:
        shutil.rmtree(work)
    load.append(os.getloadavg()[0])
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    text = page(rows, commit, load)
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write(text)
    if arguments.json:
        json.dump([{"bound": n, "measured": v, "limit": l, "holds": v <= l, "how": h} for n, v, l, h in rows], sys.stdout, indent=2)
        print()
    else:
        print(text)
    return 0 if all(value <= limit for _, value, limit, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
