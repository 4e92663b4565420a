"""Writes src/verify/golden_traces.h: two recorded episodes of Gymnasium for each built-in task, out of tests/data/traces.jsonl.

The longest that end within 400 steps, so that most have landings and contacts. No dependency.
"""

import json
import sys

TASKS, EACH, MOST_STEPS = ("standard", "windy", "heavy", "gymwind"), 2, 400

HEAD = """// golden_traces.h: recorded episodes of Gymnasium's LunarLander that `sharedqn verify` plays again. Made by tools/make_verify_traces.py.
#ifndef SDQN_VERIFY_GOLDEN_TRACES_H
#define SDQN_VERIFY_GOLDEN_TRACES_H

#include <stdint.h>

/// SHA-256 of the observations (float32, the first of the reset), then the rewards (float64), then `terminated` (a byte).
typedef struct GoldenTrace {
    const char *task;
    uint64_t seed;
    const char *actions; ///< a digit a step
    const char *sha256;
} GoldenTrace;

static const GoldenTrace GOLDEN_TRACES[] = {
"""


def main():
    with open("tests/data/traces.jsonl", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    with open(sys.argv[1] if len(sys.argv) > 1 else "src/verify/golden_traces.h", "w", encoding="utf-8") as out:
        out.write(HEAD)
        for task in TASKS:
            own = sorted((row for row in rows if row["task"] == task and len(row["actions"]) <= MOST_STEPS), key=lambda row: -len(row["actions"]))
            for row in own[:EACH]:
                actions = row["actions"]
                parts = [actions[i : i + 110] for i in range(0, len(actions), 110)]
                text = "\n     ".join(f'"{part}"' for part in parts)
                out.write(f'    {{"{task}", {row["seed"]},\n     {text},\n     "{row["sha256"]}"}},\n')
        out.write("};\n\n#endif\n")


if __name__ == "__main__":
    main()
