"""Bounds of whole runs: memory, start, a cost that does not grow, evaluation, and two runs beside each other.

Runs the built program as a user would and writes performance-bounds.md. Exit code 1 if a bound does not hold.
"""

import argparse
import dataclasses
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

MEMORY_MIB, START_MS, GROWTH, MORE_LOSS, EVALUATION_S, GRADIENTS = 64, 50, 1.10, 1.10, 1.0, 1.3
EVALUATED_EPISODES = 300
STARTS, EVALUATIONS, BENCHES = 11, 7, 3
LEAST_EPISODES = 100  # of a run whose tenths are compared; it has updates from its twentieth episode or so on
PEAK_ROUNDS = 1_000_000_000
POLL_SECONDS = 2e-4


@dataclasses.dataclass
class Bound:
    name: str
    unit: str
    limit: float
    how: str
    values: list  # one a repeat; empty: it cannot be measured here

    @property
    def measured(self):
        return statistics.median(self.values) if self.values else None

    @property
    def holds(self):
        return self.measured <= self.limit if self.values else None


# ---- running programs ----


class Runner:
    """Runs programs, pinned to a processor, and stops with what they said if one fails. None outlives the `with` block."""

    def __init__(self, work):
        self.log, self.started = f"{work}/stderr", []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()

    def start(self, command, cpu):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=lambda: os.sched_setaffinity(0, {cpu})
            )
        self.started.append(process)
        return process

    def fail(self, process, what):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            said = log.read().splitlines()[-5:]
        sys.exit("\n".join([*said, f"{' '.join(process.args)}: {what}"]))

    def finish(self, process):
        """Wait for a program. Returns its output and the resources it used."""
        output = process.stdout.read()
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            self.fail(process, f"exit code {process.returncode}")
        return output, usage

    def seconds_of(self, commands, cpus):
        """Wall-clock seconds until the last of some commands, each on a processor of its own, is done."""
        began = time.monotonic()
        for process in [self.start(command, cpu) for command, cpu in zip(commands, cpus)]:
            self.finish(process)
        return time.monotonic() - began


def train(program, folder, *options):
    return [program, "train", "--force", "--out", folder, *options]


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


# ---- the machine ----


def core_of(cpu):
    """The core a processor belongs to. Two of one core share its units, so runs on them are not on two cores."""
    values = []
    for name in ("physical_package_id", "core_id"):
        try:
            with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/{name}", encoding="utf-8") as file:
                values.append(file.read().strip())
        except OSError:
            return cpu
    return tuple(values)


def one_of_each_core(cpus, core_of_cpu):
    """The first processor of each core, in order."""
    first = {}
    for cpu in sorted(cpus):
        first.setdefault(core_of_cpu(cpu), cpu)
    return list(first.values())


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def commit():
    described = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return described.stdout.strip() or "unknown"


# ---- what is measured ----


def start_bound(runner, program, folder, cpu):
    """A run with the default settings, from before it is started until the line of its first episode is in the folder."""
    times, path = [], f"{folder}/metrics.jsonl"
    for _ in range(STARTS):
        shutil.rmtree(folder, ignore_errors=True)
        began = time.monotonic()
        process = runner.start(train(program, folder), cpu)
        while not (os.path.exists(path) and os.path.getsize(path) > 0):
            if process.poll() is not None:
                process.communicate()
                runner.fail(process, "ended before its first episode was over")
            time.sleep(POLL_SECONDS)
        times.append(1e3 * (time.monotonic() - began))
        process.kill()
        process.communicate()
    steps = read_lines(path)[0]["steps"]
    how = f"default settings; from outside: until the folder has the line of the first episode, {steps} steps after the first"
    return Bound("start of the program to the first environment step, at most", "ms", START_MS, how, times)


def costs_by_tenths(timings):
    """Microseconds a training step (action, environment, update) of the episodes with updates, in ten parts as equal as can be.

    Every run of a seed does the same work, so an episode's cost is the least of all runs'. The first of the episodes is left out: its
    updates begin midway.
    """
    rates = [max(line["updates_per_second"] for line in lines) for lines in zip(*timings)]
    costs = [1e6 / rate for rate in rates if rate > 0][1:]
    return [costs[i * len(costs) // 10 : (i + 1) * len(costs) // 10] for i in range(10)]


def lowest_decile(values):
    """The value below which a tenth of some values stays. What other programs do to the machine only adds to a cost, mostly for a while."""
    return statistics.quantiles(values, n=10, method="inclusive")[0]


def growth(tenths, statistic):
    return statistic(tenths[-1]) / statistic(tenths[0])


def whole_runs(runner, program, folder, cpu, episodes, runs):
    """Bounds that need whole runs, their tenths, and their summary."""
    memory, timings = [], []
    for _ in range(runs):
        _, usage = runner.finish(runner.start(train(program, folder, "--episodes", str(episodes)), cpu))
        memory.append(usage.ru_maxrss / 1024)
        timings.append(read_lines(f"{folder}/timing.jsonl"))
    tenths = costs_by_tenths(timings)
    with open(f"{folder}/summary.json", encoding="utf-8") as file:
        summary = json.load(file)
    # Linux counts what this script had before it became the program, too: so much is found at least.
    _, least = runner.finish(runner.start(["true"], cpu))
    how = f"its peak over {episodes} episodes and all evaluations; `true` measured likewise: {least.ru_maxrss / 1024:.1f}"
    memory = Bound("resident memory of a whole run", "MiB", MEMORY_MIB, how, memory)
    how = f"lowest deciles of the tenths below; by medians {growth(tenths, statistics.median):.3f}"
    cost = Bound("cost of a training step, last tenth of a run over the first", "", GROWTH, how, [growth(tenths, lowest_decile)])
    return [memory, cost], tenths, summary


def evaluation_bound(runner, program, folder, cpu):
    times = []
    for _ in range(EVALUATIONS):
        began = time.monotonic()
        output, _ = runner.finish(runner.start([program, "evaluate", folder, "--json"], cpu))
        times.append(time.monotonic() - began)
        episodes = sum(len(task["episodes"]) for task in json.loads(output)["tasks"].values())
        if episodes != EVALUATED_EPISODES:
            sys.exit(f"sharedqn evaluate made {episodes} episodes instead of {EVALUATED_EPISODES}")
    return Bound("evaluation of 300 episodes", "s", EVALUATION_S, "`sharedqn evaluate` of that run, start to end", times)


def gradients_bound(runner, program, cpu):
    ratios = []
    for _ in range(BENCHES):
        output, _ = runner.finish(runner.start([program, "bench", "--seconds", "3", "--json"], cpu))
        found = json.loads(output)
        ratios.append(found["update_by_task_us"] / found["update_192_us"])
    how = f"`sharedqn bench`, kernels {found['isa']}: `mean` with 3 x 64 transitions, `shared` with 192"
    return Bound("update with a gradient of each of three tasks over one on as many transitions", "", GRADIENTS, how, ratios)


def two_at_once_bound(runner, program, peak, folder, cpus, rounds):
    """Two runs beside each other over one alone, and over the same of two fma loops: what a machine takes from any two programs."""
    name = "two runs at once over one alone, over the same of two fma loops"
    if len(cpus) < 2:
        return Bound(name, "", MORE_LOSS, "needs two cores: not measured", [])
    options = ["--episodes", "120", "--set", "final_episodes=1", "--set", "evaluation_period=1000"]
    commands = {"run": [train(program, f"{folder}-{i}", *options) for i in range(2)], "loop": [[peak, str(PEAK_ROUNDS)]] * 2}
    ratios = {"run": [], "loop": []}
    for i in range(rounds):
        for kind, both in commands.items():
            seconds = {}
            for count in (1, 2) if i % 2 else (2, 1):
                seconds[count] = runner.seconds_of(both[:count], cpus)
            ratios[kind].append(seconds[2] / seconds[1])
    run, loop = (statistics.median(ratios[kind]) for kind in ("run", "loop"))
    how = f"120 episodes each, pinned: two runs take {run:.3f} times as long as one, two loops {loop:.3f} times, in turn"
    return Bound(name, "", MORE_LOSS, how, [r / l for r, l in zip(ratios["run"], ratios["loop"])])


# ---- what is written ----


def number(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def row(bound):
    limit = f"{bound.limit:g} {bound.unit}".strip()
    if bound.holds is None:
        return f"| {bound.name} | | {limit} | not measured | | 0 | {bound.how} |"
    measured = f"{number(bound.measured)} {bound.unit}".strip()
    spread = f"{number(min(bound.values))} to {number(max(bound.values))}" if len(bound.values) > 1 else ""
    return f"| {bound.name} | {measured} | {limit} | {'yes' if bound.holds else 'NO'} | {spread} | {len(bound.values)} | {bound.how} |"


def page(bounds, tenths, machine):
    """The bounds as Markdown."""
    lines = [
        "# Bounds of whole runs",
        "",
        f"Written by `make bench` at commit {machine['commit']}: {machine['cpu']}, {machine['processors']} processors, kernels {machine['isa']},"
        f" compiler {machine['compiler']};",
        f"load average {machine['load_before']:.1f} before and {machine['load_after']:.1f} after, this included. Medians of the repeats.",
        "",
        "| bound | measured | limit | holds | least to greatest | repeats | how |",
        "|---|---|---|---|---|---|---|",
        *map(row, bounds),
        "",
        "Microseconds a training step (action, environment, update), by tenths of the run's episodes that have updates. An update is cheaper",
        "where episodes are long, because more TD targets are remembered between two copies of the target network.",
        "",
        "| tenth | " + " | ".join(str(i + 1) for i in range(10)) + " |",
        "|---|" + "---|" * 10,
    ]
    for name, statistic in (("lowest decile", lowest_decile), ("median", statistics.median)):
        lines.append(f"| {name} | " + " | ".join(f"{statistic(tenth):.0f}" for tenth in tenths) + " |")
    return "\n".join(lines) + "\n"


def document(bounds, tenths, machine):
    """The same for a program."""
    return {
        **machine,
        "bounds": [
            {
                "bound": b.name,
                "measured": b.measured,
                "unit": b.unit,
                "limit": b.limit,
                "holds": b.holds,
                "least": min(b.values, default=None),
                "greatest": max(b.values, default=None),
                "repeats": len(b.values),
                "how": b.how,
            }
            for b in bounds
        ],
        "training_step_us_by_tenths": {
            "lowest_decile": [lowest_decile(tenth) for tenth in tenths],
            "median": [statistics.median(tenth) for tenth in tenths],
        },
    }


def at_least(least):
    def convert(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    convert.__name__ = "int"  # in the message about what is no number
    return convert


def read_arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default="build/sharedqn")
    parser.add_argument("--peak", default="build/bench/fma_peak", help="the fma loop alone")
    parser.add_argument("--episodes", type=at_least(LEAST_EPISODES), default=1500, help="of the whole run (default 1500)")
    parser.add_argument("--runs", type=at_least(1), default=1, help="whole runs; of an episode's times the least counts (default 1)")
    parser.add_argument("--rounds", type=at_least(1), default=5, help="of two at once (default 5)")
    parser.add_argument("--out", default="docs/performance-bounds.md")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the page")
    return parser.parse_args(words)


def main():
    arguments = read_arguments(None)
    cpus = one_of_each_core(os.sched_getaffinity(0), core_of)
    load_before = os.getloadavg()[0]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an ordinary end, so that nothing is left running or lying about
    with tempfile.TemporaryDirectory(prefix="sharedqn-bounds-") as work, Runner(work) as runner:
        bounds = [start_bound(runner, arguments.program, f"{work}/start", cpus[0])]
        more, tenths, summary = whole_runs(runner, arguments.program, f"{work}/whole", cpus[0], arguments.episodes, arguments.runs)
        bounds += more
        bounds.append(evaluation_bound(runner, arguments.program, f"{work}/whole", cpus[0]))
        bounds.append(gradients_bound(runner, arguments.program, cpus[0]))
        bounds.append(two_at_once_bound(runner, arguments.program, arguments.peak, f"{work}/pair", cpus, arguments.rounds))
    machine = {
        "commit": commit(),
        "cpu": processor(),
        "processors": os.cpu_count(),
        "isa": summary["isa"],
        "compiler": summary["compiler"],
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
    }
    text = page(bounds, tenths, machine)
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write(text)
    if arguments.json:
        json.dump(document(bounds, tenths, machine), sys.stdout, indent=2)
        print()
    else:
        print(text, end="")
    return 1 if any(bound.holds is False for bound in bounds) else 0


if __name__ == "__main__":
    sys.exit(main())
