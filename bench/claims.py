"""The claims of the starting document, judged by the study of docs/studies/seed.

    claims.py measure   evaluates what the report does not have: windy with a longer limit, and what pruning leaves of VarShare
    claims.py table     writes the figures and verdicts into claims.md, by the rules that stand there

`table` reads report.md, tables/ and what `measure` wrote, and nothing else. `measure` needs the final weights, so the study's runs/ must be
there; what it has measured is kept and not measured again.
"""

import argparse
import csv
import dataclasses
import hashlib
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile

BEGIN, END = "<!-- table: made by bench/claims.py -->", "<!-- end of table -->"
MARGIN = 20.0  # points of return that a harm must reach to count
FEW_SEEDS = 5  # from which nothing is found not to matter, and a difference needs Welch's test too
SHARED_PARAMETERS = 37788
VARSHARE_SHARED, VARSHARE_RESIDUALS = 35716, 3 * 35716  # of one task's network, and the means of three tasks' residuals
LIMIT_FILE, KEPT_FILE = "windy-limit.csv", "varshare-kept.csv"


# ---- the report --------------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Interval:
    value: float
    low: float
    high: float

    def __neg__(self):
        return Interval(-self.value, -self.high, -self.low)

    def __contains__(self, value):
        return self.low <= value <= self.high

    def text(self, decimals=1):
        return f"{self.value:+.{decimals}f} [{self.low:+.{decimals}f}, {self.high:+.{decimals}f}]"


class Bound(float):
    """What a number is known to be below."""


def parse_cell(cell):
    """"1.0 [0.5, 2.0]" is an Interval, "< 0.0001" a Bound, "-" None; other words stay words."""
    cell = cell.strip().strip("*")
    interval = re.fullmatch(r"(-?[\d.]+) \[(-?[\d.]+), (-?[\d.]+)\]", cell)
    if interval:
        return Interval(*map(float, interval.groups()))
    if cell == "-":
        return None
    try:
        return (Bound if cell.startswith("< ") else float)(cell.removeprefix("< ").replace(",", ""))
    except ValueError:
        return cell


class Report:
    """The tables of report.md by section ("## "): lists of (heading, title, columns, rows). The heading is the last line that begins with
    "### ", the title the line before the table."""

    def __init__(self, text):
        self.tables = {}
        section = heading = title = ""
        header = None
        for line in text.splitlines():
            if line.startswith("## "):
                section = line[3:]
            if line.startswith("### "):
                heading = line[4:]
            if not line.startswith("|"):
                header = None
                title = line or title
            elif header is None:
                header = [cell.strip() for cell in line.strip("|").split("|")]
                rows = []
                self.tables.setdefault(section, []).append((heading, title, header, rows))
            elif not line.startswith("|---"):
                rows.append([parse_cell(cell) for cell in line.strip("|").split("|")])

    def pair(self, section, title, a, b):
        """The row of arms a and b in the first table of pairs whose heading or title begins so, as a dictionary by column; where names
        repeat, the first one's. None if there is no such row: the comparison could not be made."""
        for heading, name, header, rows in self.tables.get(section, []):
            if not (heading.startswith(title) or name.startswith(title)) or header[:2] != ["a", "b"]:
                continue
            for row in rows:
                if row[:2] == [a, b]:
                    return dict(reversed(list(zip(header, row))))
        return None


# ---- verdicts ----------------------------------------------------------------------------------------------------------------------

NOT_YET = ("", "not tested yet")


def judge(interval, sign=1, welch=None):
    """Holds if the interval lies wholly on the side of `sign`, fails if on the other. @param welch  of few seeds: must be below 0.05"""
    claimed = interval if sign > 0 else -interval
    if welch is not None and not welch < 0.05:
        return "open"
    return "holds" if claimed.low > 0 else "fails" if claimed.high < 0 else "open"


def judge_harmless(harm, seeds, welch):
    """Something does no harm: `harm` is the difference in the direction in which it would."""
    if harm.low > 0 and harm.high >= MARGIN and (seeds > FEW_SEEDS or welch < 0.05):
        return "fails"
    return "holds" if seeds > FEW_SEEDS and harm.high < MARGIN else "open"


def holm_text(row):
    return f", Holm {'< ' if isinstance(row['Holm'], Bound) else ''}{row['Holm']:.4f}"


def worst(verdicts):
    return next(verdict for verdict in ("fails", "open", "holds") if verdict in verdicts)


# ---- kinds of claims: each a function of the study that gives (what was found, verdict) ------------------------------------------------

FINAL, TESTS = "Final policy", "Planned comparisons"


def difference(a, b, sign=1, flip=False, few=False):
    def test(study):
        row = study.report.pair(FINAL, TESTS, a, b)
        if not row:
            return NOT_YET
        interval = -row["a - b"] if flip else row["a - b"]
        return interval.text() + holm_text(row), judge(interval, sign, row["Welch"] if few else None)

    return test


def harmless(pairs, flip=False):
    """Of each pair: a less b (b less a with `flip`) is the harm."""

    def test(study):
        rows = [study.report.pair(FINAL, TESTS, *pair) for pair in pairs]
        if not all(rows):
            return NOT_YET
        found, verdicts = [], []
        for pair, row in zip(pairs, rows):
            harm = -row["a - b"] if flip else row["a - b"]
            found.append((f"{pair[0]} " if len(pairs) > 1 else "") + harm.text() + holm_text(row))
            verdicts.append(judge_harmless(harm, row["n"], row["Welch"]))
        return "; ".join(found), worst(verdicts)

    return test


def size(expected):
    def test(study):
        row = study.report.pair(FINAL, "Mean of a / mean of b", "shared", "independent")
        if not row:
            return NOT_YET
        ratio = row["a / b - 1"]
        if ratio is None:
            return "no ratio: Independent's mean is not surely above 0", "open"
        percent = Interval(100 * ratio.value, 100 * ratio.low, 100 * ratio.high)
        return percent.text() + " %", "not excluded" if expected in percent else "fails"

    return test


def tasks(study):
    row = study.report.pair(FINAL, "a - b, task by task", "shared", "independent")
    if not row:
        return NOT_YET
    found, verdicts = [], []
    for task, points in (("standard", 263.09 - 228.19), ("windy", 129.54 - 100.03), ("heavy", 224.19 - 193.71)):
        verdict = judge(row[task])
        excluded = "" if points in row[task] else f", excludes {points:+.1f}"
        found.append(f"{task} {row[task].text()}")
        verdicts.append(f"{task} {verdict}{excluded}")
    return "; ".join(found), "; ".join(verdicts)


def of_task(title, task, sign, decimals=1):
    def test(study):
        row = study.report.pair(FINAL, title, "shared", "independent")
        return (row[task].text(decimals), judge(row[task], sign)) if row else NOT_YET

    return test


def at_equal(section, column, a, b):
    def test(study):
        row = study.report.pair(section, TESTS, a, b)
        return (row[column].text(), judge(row[column])) if row else NOT_YET

    return test


def learns_by(arm, expectations):
    """@param expectations  (task, lowest, highest number of episodes of the task until 200; None: never)"""

    def test(study):
        found, verdicts = [], []
        for task, lowest, highest in expectations:
            row = study.reach.get((task, 200.0, arm))
            if not row:
                return NOT_YET
            median, reached, n = row
            found.append(f"{task}: {'none' if median is None else f'{median:.0f}'}, {reached:.0f} of {n:.0f} seeds")
            if highest is None:
                verdicts.append("holds" if reached == 0 else "fails" if 2 * reached > n else "open")
            else:
                verdicts.append("holds" if median is not None and lowest <= median <= highest else "fails")
        if len(set(verdicts)) == 1:
            return "; ".join(found), verdicts[0]
        return "; ".join(found), "; ".join(f"{task} {verdict}" for (task, _, _), verdict in zip(expectations, verdicts))

    return test


def limit(study):
    if not study.limit:
        return NOT_YET
    interval = Interval(**study.limit["pairs"][0]["paired_difference"])
    return f"{interval.text()} ({study.limit['seeds']} seeds)", "open" if 0.0 in interval else "holds"


def varshare(study):
    row = study.report.pair(FINAL, TESTS, "varshare", "shared")
    if not row or not study.kept:
        return NOT_YET
    kept = statistics.fmean(VARSHARE_SHARED + float(row["kept"]) * VARSHARE_RESIDUALS for row in study.kept)
    harm = -row["a - b"]
    verdict = judge_harmless(harm, row["n"], row["Welch"])
    few = "holds" if kept < SHARED_PARAMETERS else "fails"
    return f"{row['a - b'].text()}{holm_text(row)}; {kept:,.0f} parameters kept", worst([verdict, few])


@dataclasses.dataclass(frozen=True)
class Claim:
    section: str
    claim: str
    figure: str
    seeds: str
    test: object


CLAIMS = [
    Claim("6", "Shared beats Independent in the mean over tasks", "difference of the means over tasks above 0", "shared, independent; 20",
          difference("shared", "independent")),
    Claim("6", "... by 18.2 %", "ratio of the means less 1: does its interval contain 18.2 %?", "the same", size(18.2)),
    Claim("6", "... on standard by 15.3 %, windy by 29.5 %, heavy by 15.7 %",
          "difference on each task above 0; does its interval contain the document's 34.9, 29.5, 30.5 points?", "the same", tasks),
    Claim("6", "sharing one network was expected to cost 60 %", "ratio of the means less 1: does its interval contain -60 %?", "the same",
          size(-60.0)),
    Claim("6, theory 1", "tasks help each other: transfer outweighs conflict", "difference above 0 at equal episodes a task and equal settings",
          "shared, independent-500-epsilon; 20", difference("shared", "independent-500-epsilon")),
    Claim("6, theory 1", "embeddings adapt the shared policy to its task", "difference above 0", "shared, shared-blind; 20",
          difference("shared", "shared-blind")),
    Claim("6, theory 2", "conflicts of gradients regularise", "without conflicts it is worse: difference below 0", "pcgrad less mean; 10",
          difference("pcgrad", "mean", -1)),
    Claim("6, theory 3", "Shared needs fewer samples", "difference above 0 at equal environment steps", "shared, independent; 20",
          at_equal("At equal environment steps", "value: a - b", "shared", "independent")),
    Claim("6, theory 4", "round-robin avoids local optima", "difference above 0", "shared less uniform sampling; 5",
          difference("shared-uniform", "shared", flip=True, few=True)),
    Claim("6", "Shared avoids hovering on windy", "share of time-outs on windy: difference below 0", "shared less independent; 20",
          of_task("Share of episodes cut by the time limit", "windy", -1, 3)),
    Claim("6", "Shared lands in fewer steps on windy (351 against 365)", "steps on windy: difference below 0", "the same",
          of_task("Mean length of the episodes", "windy", -1)),
    Claim("6, 12", "windy gains most", "gain on windy less the mean gain on the others above 0", "the same",
          of_task("Mean of a / mean of b", "windy", 1)),
    Claim("8", "Independent reaches 200 on standard at about 600 episodes, on heavy at about 800, on windy never",
          "episodes of that task until the mean of 100 reaches 200: median over the seeds, and how many do", "independent; 20",
          learns_by("independent", (("standard", 450, 750), ("heavy", 600, 1000), ("windy", None, None)))),
    Claim("8", "Shared reaches 200 on all tasks by episode 600 to 800",
          "the same, in episodes of all three tasks together: by 800", "shared; 20",
          learns_by("shared", (("standard", 0, 800), ("windy", 0, 800), ("heavy", 0, 800)))),
    Claim("8", "Shared learns faster, by transfer", "area under the evaluation curve: difference above 0 at equal episodes a task",
          "shared, independent-500-epsilon; 20", at_equal("At equal episodes", "area: a - b", "shared", "independent-500-epsilon")),
    Claim("8, 12", "Shared is three times as sample-efficient",
          "with a third of the episodes not worse: difference of the final means not below 0", "shared, independent; 20",
          harmless([("shared", "independent")], flip=True)),
    Claim("12", "8 dimensions of embedding suffice", "32 dimensions less 8: interval does not lie above 0", "5",
          harmless([("shared-embedding32", "shared")])),
    Claim("12", "round-robin is effective, no complex sampling is needed", "sampling by loss less round-robin: interval does not lie above 0",
          "5", harmless([("shared-by-loss", "shared")])),
    Claim("12", "one shared buffer works, separate ones are not needed",
          "mean (separate buffers, 3 x 64 transitions) less shared: interval does not lie above 0", "20", harmless([("mean", "shared")])),
    Claim("12", "time limits of the tasks matter for evaluation", "windy with a limit of 1,000 steps less 400: interval excludes 0",
          "independent; final weights at hand", limit),
    Claim("13", "BRC's 12 times larger network may overfit", "brc less shared below 0", "10", difference("brc", "shared", -1)),
    Claim("13", "categorical loss and residual connections may beat Shared", "brc less shared above 0", "10", difference("brc", "shared")),
    Claim("13", "PCGrad, GradNorm, CAGrad are unnecessary", "none of them less mean lies above 0", "10",
          harmless([("pcgrad", "mean"), ("gradnorm", "mean"), ("cagrad", "mean")])),
    Claim("13", "gradient surgery hurts", "pcgrad less mean below 0", "10", difference("pcgrad", "mean", -1)),
    Claim("13", "VarShare matches Shared with fewer parameters",
          "varshare less shared not below 0, and kept parameters below 37,788", "10", varshare),
]


# ---- the page ----------------------------------------------------------------------------------------------------------------------


def ask(program, *arguments):
    return json.loads(subprocess.run([program, *arguments, "--json"], check=True, stdout=subprocess.PIPE).stdout)



def read_rows(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Study:
    """What `table` reads, from the folder of the study."""

    def __init__(self, program, folder):
        with open(os.path.join(folder, "report.md"), encoding="utf-8") as file:
            self.report = Report(file.read())
        self.reach = {}
        for tier in range(1, 9):
            for row in read_rows(os.path.join(folder, "tables", f"sample-efficiency-tier{tier}.csv")):
                own = "episodes" if row["arm"] == "shared" else "episodes of the task"  # the document counts Shared's together
                median = float(row[own]) if row[own] not in ("", "-") else None
                self.reach[row["task"], float(row["threshold"]), row["arm"]] = (median, float(row["reached"]), float(row["n"]))
        scores = os.path.join(folder, LIMIT_FILE)
        self.limit = ask(program, "stats", scores, "--resample", "seed") if os.path.exists(scores) else None
        self.kept = read_rows(os.path.join(folder, KEPT_FILE))


def make_table(study):
    lines = ["| # | section | claim | figure that tests it | arms, seeds | found | verdict |", "|---|---|---|---|---|---|---|"]
    for number, claim in enumerate(CLAIMS, 1):
        found, verdict = claim.test(study)
        bold = verdict if verdict == NOT_YET[1] else f"**{verdict}**"
        lines.append(f"| {number} | {claim.section} | {claim.claim} | {claim.figure} | {claim.seeds} | {found} | {bold} |")
    return "\n".join(lines)


def write_table(program, folder):
    path = os.path.join(folder, "claims.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit(f"{path}: needs the lines {BEGIN} and {END}, once each")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{make_table(Study(program, folder))}\n{END}{after}")
    os.replace(path + ".tmp", path)


# ---- measurements of final weights -----------------------------------------------------------------------------------------------------


def single_network(path, task):
    """The bytes of a safetensors file with one task's Q-network of Independent, under the names of a network that is alone."""
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    tensors, parts, offset = {}, [], 0
    for name in sorted(header):
        if not name.startswith(task + "."):
            continue
        begin, end = header[name]["data_offsets"]
        tensors[name.removeprefix(task + ".")] = {**header[name], "data_offsets": [offset, offset + end - begin]}
        parts.append(body[begin:end])
        offset += end - begin
    text = json.dumps(tensors).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def measure_limit(program, weights):
    """Mean returns of the final evaluation's episodes with both limits, as scores of `sharedqn stats`."""
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        file.write(single_network(weights, "windy"))
        file.flush()
        long = ask(program, "evaluate", "--weights", file.name, "--config", "configs/studies/windy-1000.yaml", "--task", "windy-1000")
        short = ask(program, "evaluate", "--weights", file.name, "--task", "windy")
    return [
        {"arm": "limit-1000", "task": "windy", "score": repr(long["tasks"]["windy-1000"]["mean"])},
        {"arm": "limit-400", "task": "windy", "score": repr(short["tasks"]["windy"]["mean"])},
    ]


def measure_kept(program, weights):
    (pruned,) = ask(program, "prune", "--weights", weights, "--thresholds", "1e-2")["thresholds"]
    return [{"kept": repr(pruned["kept"]), "mean": repr(pruned["mean"])}]


def measure(program, folder, arm, file, columns, function):
    """Of all finished runs of an arm that were not measured yet. What a result says of the weights must be true of those measured."""
    path = os.path.join(folder, file)
    rows = read_rows(path)
    known = {int(row["seed"]) for row in rows}
    for seed in range(1, 21):
        result = os.path.join(folder, "results", f"{arm}-seed{seed}.json")
        run = os.path.join(folder, "runs", f"{arm}-seed{seed}")
        if seed in known or not os.path.exists(result) or not os.path.exists(os.path.join(run, "final.safetensors")):
            continue
        with open(result, encoding="utf-8") as text:
            expected = json.load(text)["weights_sha256"]
        with open(os.path.join(run, "final.safetensors"), "rb") as weights:
            if hashlib.sha256(weights.read()).hexdigest() != expected:
                sys.exit(f"{run}: holds other weights than {result} says")
        rows += [{"seed": seed, **row} for row in function(program, os.path.join(run, "final.safetensors"))]
    if rows:
        rows.sort(key=lambda row: int(row["seed"]))
        with open(path + ".tmp", "w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        os.replace(path + ".tmp", path)
    print(f"{path}: {len({int(row['seed']) for row in rows})} seeds of {arm}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["measure", "table"])
    parser.add_argument("--program", default="build/sharedqn")
    parser.add_argument("--folder", default="docs/studies/seed")
    options = parser.parse_args()
    if options.what == "measure":
        measure(options.program, options.folder, "independent", LIMIT_FILE, ["arm", "task", "seed", "score"], measure_limit)
        measure(options.program, options.folder, "varshare", KEPT_FILE, ["seed", "kept", "mean"], measure_kept)
    else:
        write_table(options.program, options.folder)


if __name__ == "__main__":
    main()
