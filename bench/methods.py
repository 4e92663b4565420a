"""Every method, three seeds each: final results beside the original figures, wall time, and what an update costs.

    methods.py run [PAGE ...]   trains what is not finished yet, as a user would; a run that was stopped goes on
    methods.py cost             times an update of each, beside each other, and what recording the tasks' gradients adds
    methods.py table            writes docs/methods/results.md and the results of each method's page

Runs the built program. What it found is kept in docs/methods/results.json, so that a clone without the runs has the results.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys

SEEDS = (1, 2, 3)
BEGIN, END = "<!-- results: made by bench/methods.py -->", "<!-- end of results -->"


@dataclasses.dataclass(frozen=True)
class Arm:
    name: str
    page: str  # docs/methods/PAGE.md
    options: tuple = ()
    original: str = ""  # mean over tasks that the original authors report for a single run

    @property
    def command(self):
        return ["--config", f"configs/{self.page}.yaml", *self.options]


ARMS = [
    Arm("shared", "shared", original="205.6; 202.9"),
    Arm("shared, onehot", "shared", ("--conditioning", "onehot")),
    Arm("shared, id", "shared", ("--conditioning", "id")),
    Arm("shared, blind", "shared", ("--conditioning", "blind"), "187.7"),
    Arm("shared-wide", "shared-wide"),
    Arm("independent", "independent", original="174.0"),
    Arm("independent-500", "independent-500"),
    Arm("independent-equal", "independent-equal"),
    Arm("mean", "mean"),
    Arm("sum", "sum"),
    Arm("pcgrad", "pcgrad", original="-35.1"),
    Arm("pcgrad, blind", "pcgrad", ("--conditioning", "blind"), "146.0"),
    Arm("gradvac", "gradvac"),
    Arm("cagrad", "cagrad"),
    Arm("mgda", "mgda"),
    Arm("imtl_g", "imtl_g"),
    Arm("nash_mtl", "nash_mtl"),
    Arm("aligned_mtl", "aligned_mtl"),
    Arm("upgrad", "upgrad"),
    Arm("gradnorm", "gradnorm", original="-67.8"),
    Arm("gradnorm, blind", "gradnorm", ("--conditioning", "blind"), "220.3"),
    Arm("famo", "famo"),
    Arm("brc", "brc"),
    Arm("brc, projection original", "brc", ("--projection", "original")),
    Arm("brc-small", "brc-small", original="66.6"),
    Arm("brc-published", "brc-published"),
    Arm("varshare", "varshare"),
    Arm("varshare, learned prior", "varshare", ("--learned-prior", "true", "--prior-scale", "0.1")),
    Arm("varshare, rank 4", "varshare", ("--residual-rank", "4")),
    Arm("varshare-deterministic", "varshare-deterministic"),
]


def folder_of(arm, seed, root):
    return os.path.join(root, re.sub("[^a-z0-9_-]+", "-", arm.name) + f"-{seed}")


# ---- training ----


def train(program, arm, seed, root):
    """One run. What was stopped or killed goes on; a folder whose settings or version are others' is left alone, with its error."""
    out = folder_of(arm, seed, root)
    command = [program, "train", *arm.command, "--seed", str(seed), "--out", out, *(["--resume"] if os.path.exists(out) else [])]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    print(f"{out}: {'done' if done.returncode == 0 else done.stderr.strip().splitlines()[-1]}", flush=True)
    return done.returncode == 0


def run(arguments):
    """An arm that is whole in the store is not trained again; another is from its first seed, as the store keeps means over the seeds."""
    os.makedirs(arguments.root, exist_ok=True)
    store = read_store(arguments.store)
    todo = [(arm, seed) for arm in chosen(arguments) for seed in SEEDS if arguments.again or not is_whole(store, arm)]
    todo = [(arm, seed) for arm, seed in todo if not os.path.exists(os.path.join(folder_of(arm, seed, arguments.root), "summary.json"))]
    print(f"{len(todo)} runs to do, {arguments.jobs} at a time", flush=True)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda job: train(arguments.program, job[0], job[1], arguments.root), todo))
    return 0 if all(results) else 1


def chosen(arguments):
    known = {arm.page for arm in ARMS}
    unknown = [name for name in arguments.methods if name not in known]
    if unknown:
        sys.exit(f"methods.py: no method is called {unknown[0]}; there are {', '.join(sorted(known))}")
    return [arm for arm in ARMS if not arguments.methods or arm.page in arguments.methods]


# ---- cost of an update ----


def microseconds(program, options, work):
    """Median over the episodes with updates, but the first of them, of the time of an update and its environment step."""
    out = os.path.join(work, "cost")
    shutil.rmtree(out, ignore_errors=True)
    command = [program, "train", *options, "--evaluation-period", "1000", "--final-episodes", "1", "--out", out]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    with open(os.path.join(out, "timing.jsonl"), encoding="utf-8") as file:
        rates = [json.loads(line)["updates_per_second"] for line in file]
    with open(os.path.join(out, "summary.json"), encoding="utf-8") as file:
        parameters = json.load(file)["parameters"]
    shutil.rmtree(out)
    return 1e6 / statistics.median([rate for rate in rates if rate > 0][1:]), parameters


def cost(arguments):
    """Rounds of all methods in turn. Before each `mean` is timed too: ratios are those of neighbours, which a slow minute meets alike."""
    short = ["--episodes", "14", "--min-replay-size", "300"]
    # Long enough for reports every 1,000 updates, and a report every 20 to see what one costs.
    recording = ["--episodes", "60", "--method", "shared"]
    names, rounds, parameters, load = [arm.name for arm in ARMS], [], {}, round(os.getloadavg()[0], 1)
    for number in range(arguments.rounds):
        found, ratios = {}, {}
        for arm in ARMS:
            base, _ = microseconds(arguments.program, ["--method", "mean", *short], arguments.root)
            found[arm.name], parameters[arm.name] = microseconds(arguments.program, [*arm.command, *short], arguments.root)
            ratios[arm.name] = found[arm.name] / base
        base, _ = microseconds(arguments.program, ["--method", "mean", *short], arguments.root)
        plain, _ = microseconds(arguments.program, ["--method", "shared", "--batch-size", "192", *short], arguments.root)
        found["mean to plain"] = base / plain
        found["ratios"] = ratios
        for period in ("0", "20"):
            found[f"gradient_period {period}"], _ = microseconds(arguments.program, [*recording, "--gradient-period", period], arguments.root)
        rounds.append(found)
        print(f"round {number + 1} of {arguments.rounds}", flush=True)
    report = max(0.0, statistics.median(found["gradient_period 20"] - found["gradient_period 0"] for found in rounds) * 20)
    base = statistics.median(found["gradient_period 0"] for found in rounds)
    result = {
        "machine": machine(),
        "load": load,
        "rounds": arguments.rounds,
        "microseconds": {name: statistics.median(found[name] for found in rounds) for name in names},
        "to_mean": {name: statistics.median(found["ratios"][name] for found in rounds) for name in names},
        "parameters": parameters,
        "mean_to_plain": statistics.median(found["mean to plain"] for found in rounds),
        "report_microseconds": report,
        "report_share": report / 1000 / base,
    }
    store = read_store(arguments.store)
    store["cost"] = result
    write_store(arguments.store, store)
    return 0


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    names, families = re.findall(r"model name\s*: (.*)", text), re.findall(r"cpu family\s*: (.*)", text)
    level = next((name for word, name in (("avx512dq", "AVX-512"), ("avx2", "AVX2")) if word in text.split()), "plain C")
    family = f"family {families[0]}, " if families else ""
    return f"{names[0] if names else platform.machine()} ({family}{level}), {os.cpu_count()} cores"


# ---- the store ----


@dataclasses.dataclass
class Result:
    """Of one finished run."""

    tasks: dict  # mean return by task
    mean: float
    updates: int
    seconds: float
    sha256: str


def read_result(folder):
    """None if the run is not finished."""
    try:
        with open(os.path.join(folder, "summary.json"), encoding="utf-8") as file:
            summary = json.load(file)
        with open(os.path.join(folder, "timing.jsonl"), encoding="utf-8") as file:
            seconds = json.loads(file.readlines()[-1])["seconds"]
    except FileNotFoundError:
        return None
    tasks = {name: task["mean"] for name, task in summary["evaluation"]["tasks"].items()}
    return Result(tasks, summary["evaluation"]["mean"], summary["updates"], seconds, summary["weights_sha256"])


def entry_of(results):
    """What the store keeps of an arm: as many digits as the tables show."""
    done = [result for result in results if result]
    tasks = {name: round(statistics.mean(result.tasks[name] for result in done), 1) for name in done[0].tasks}
    return {
        "seeds": [{"mean": round(result.mean, 1), "sha256": result.sha256[:16]} if result else None for result in results],
        "mean": round(statistics.mean(result.mean for result in done), 1),
        "tasks": tasks,
        "updates": round(statistics.mean(result.updates for result in done)),
        "minutes": round(statistics.mean(result.seconds for result in done) / 60, 1),
    }


def count_seeds(entry):
    return sum(seed is not None for seed in entry["seeds"]) if entry else 0


def is_whole(store, arm):
    return count_seeds(store["arms"].get(arm.name)) == len(SEEDS)


def read_store(path):
    if not os.path.exists(path):
        return {"arms": {}, "cost": None}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_store(path, store):
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        json.dump(store, file, indent=1)
        file.write("\n")
    os.replace(path + ".tmp", path)


def take_runs(store, root):
    """Put the finished runs of each arm in the place of what the store has of it, unless it has more of them.

    The same settings and seed give the same bytes, so a run that both know must have one SHA-256: another is an error."""
    for arm in ARMS:
        results = [read_result(folder_of(arm, seed, root)) for seed in SEEDS]
        if not any(results):
            continue
        old, new = store["arms"].get(arm.name), entry_of(results)
        for seed, a, b in zip(SEEDS, old["seeds"] if old else [None] * len(SEEDS), new["seeds"]):
            if a and b and a["sha256"] != b["sha256"]:
                sys.exit(f"methods.py: {arm.name}, seed {seed}: weights {b['sha256']}, but the store has {a['sha256']}: other numerics")
        if count_seeds(new) >= count_seeds(old):
            store["arms"][arm.name] = new


# ---- tables ----


def cells(values):
    return " / ".join("not run" if value is None else f"{value:.1f}" for value in values)


def result_row(arm, entry):
    if not entry:
        return f"| {arm.name} | not run | | | | | {arm.original} | | |"
    each = cells([seed["mean"] if seed else None for seed in entry["seeds"]])
    tasks = " | ".join(f"{value:.1f}" for value in entry["tasks"].values())
    return f"| {arm.name} | {each} | {entry['mean']:.1f} | {tasks} | {arm.original} | {entry['updates']:,} | {entry['minutes']:.1f} |"


HEAD = """| method | seeds 1 / 2 / 3 | mean | standard | windy | heavy | original | updates | minutes |
|---|---|---|---|---|---|---|---|---|"""


def results_text(entries, costs):
    rows = sorted(ARMS, key=lambda arm: -entries[arm.name]["mean"] if arm.name in entries else 1e9)
    lines = [
        "# Results",
        "",
        "Made by `make methods` (bench/methods.py): each method trained from its own configuration file, 1,500 episodes, with seeds 1, 2 and 3.",
        "Mean return of 100 greedy episodes a task with the final weights; `seeds` and `mean` are means over the three tasks. Sorted by mean.",
        "",
        "**Three seeds rank nothing.** The spread between seeds of one method is as large as that between most methods: read the three values, not",
        "the order of the rows. Verdicts need the statistics and the seeds of a study.",
        "",
        "`original`: single runs that the authors of the starting document report, 20 episodes a task (`shared`: theirs, and a later one); their",
        "gradient methods began updating at 64 transitions a task, their BRC small had the lossy projection. `minutes`: wall time of training with",
        "its evaluations, on shared machines with two to ten programs at a time: the cost below is measured apart.",
        "",
        HEAD,
        *[result_row(arm, entries.get(arm.name)) for arm in rows],
        "",
        "## Cost of an update",
        "",
    ]
    if costs:
        lines += [
            f"With its environment step; median of {costs['rounds']} rounds on {costs['machine']}, one run at a time beside a load average of {costs['load']}.",
            "`to mean`: median of the ratios to a run of `mean` just before it, the control of the gradient methods: as many transitions (192), one",
            "gradient a task, averaged.",
            "",
            "| method | parameters | us | to mean |",
            "|---|---|---|---|",
            *[
                f"| {arm.name} | {costs['parameters'][arm.name]:,} | {costs['microseconds'][arm.name]:,.0f} | {costs['to_mean'][arm.name]:.2f} |"
                for arm in ARMS
            ],
            "",
            f"The gradients of three tasks (`mean`) cost {costs['mean_to_plain']:.2f} times the one gradient of `shared` on as many transitions.",
            "",
            f"A report on the tasks' gradients of `shared` costs {costs['report_microseconds']:,.0f} us, every 1,000 updates (the default):"
            f" {100 * costs['report_share']:.2f} % of the time of training.",
            "",
        ]
    lines += [
        "## The final weights",
        "",
        "SHA-256, the first 16 digits: the same settings and seed give the same bytes on every machine.",
        "",
        "| method | seed 1 | seed 2 | seed 3 |",
        "|---|---|---|---|",
        *[sha256_row(arm, entries.get(arm.name)) for arm in ARMS],
        "",
    ]
    return "\n".join(lines)


def sha256_row(arm, entry):
    seeds = entry["seeds"] if entry else [None] * len(SEEDS)
    return f"| {arm.name} | {' | '.join('`' + seed['sha256'] + '`' if seed else 'not run' for seed in seeds)} |"


def page_text(page, entries, costs):
    """What stands between the marks of a method's page."""
    arms = [arm for arm in ARMS if arm.page == page]
    lines = [BEGIN, "## Results", "", HEAD, *[result_row(arm, entries.get(arm.name)) for arm in arms], ""]
    if costs:
        each = [f"{costs['microseconds'][arm.name]:,.0f} us ({arm.name})" if len(arms) > 1 else f"{costs['microseconds'][arm.name]:,.0f} us" for arm in arms]
        lines += [f"An update with its environment step: {', '.join(each)}.", ""]
    lines += ["Beside all others, with what the columns mean: [results](results.md).", END]
    return "\n".join(lines)


def replace_marked(text, marked):
    """Put the marked part in the place of the one that is there, or at the end."""
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    if re.search(pattern, text, re.DOTALL):
        return re.sub(pattern, lambda _: marked, text, flags=re.DOTALL)
    return text.rstrip("\n") + "\n\n" + marked + "\n"


def table(arguments):
    store = read_store(arguments.store)
    take_runs(store, arguments.root)
    write_store(arguments.store, store)
    entries, costs = store["arms"], store["cost"]
    with open(os.path.join(arguments.docs, "results.md"), "w", encoding="utf-8") as file:
        file.write(results_text(entries, costs))
    for page in sorted({arm.page for arm in ARMS}):
        path = os.path.join(arguments.docs, f"{page}.md")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(replace_marked(text, page_text(page, entries, costs)))
    missing = [arm.name for arm in ARMS if not is_whole(store, arm)]
    if missing:
        print(f"not finished: {'; '.join(missing)}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["run", "cost", "table"])
    parser.add_argument("methods", nargs="*", help="for run: these alone, by the name of their page")
    parser.add_argument("--program", default="build/sharedqn")
    parser.add_argument("--root", default="build/methods", help="where the runs lie")
    parser.add_argument("--docs", default="docs/methods")
    parser.add_argument("--again", action="store_true", help="for run: also what the store has, to see the same bytes")
    parser.add_argument("--jobs", type=int, default=max(1, os.cpu_count() or 1), help="runs at a time")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_intermixed_args()
    arguments.store = os.path.join(arguments.docs, "results.json")
    return {"run": run, "cost": cost, "table": table}[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(main())
