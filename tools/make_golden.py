"""Golden traces: episodes of Gymnasium's LunarLander, one JSON line each, for tests that need no Python.

Keys: task, definition (of tasks that are not built in: the fields of SdqnTask), seed, actions (digits), steps, terminated,
ret, last (last observation), sha256 (of the bytes of `sharedqn trace --format raw`). Floats are hex.

With --continuous 1 the actions are continuous: float32, or float64 in every fourth line (oracle_env.write_actions).
With --chain N a line has `episodes` instead: N of them in one environment, of which only the first is seeded; some are cut.

    make_golden.py --out FILE [--tasks A,B] [--policies A,B] [--episodes N] [--custom N] [--candidates N] [--chain N] [--continuous 1] [--seed S]
    make_golden.py --check FILE     replay every line in the oracle

The committed sets: tests/data/traces.jsonl is the 160 traces the project began with, then those of
`--episodes 2 --custom 40 --candidates 6 --seed 1`; tests/data/chains.jsonl is `--policies noisy --custom 4 --chain 5 --seed 2`;
tests/data/continuous.jsonl is `--policies random,expert,hop --episodes 1 --custom 12 --candidates 4 --continuous 1 --seed 3`.
"""

import argparse
import json
import sys

import numpy as np

import oracle_env
import oracle_policies


def trace_line(name, definition, seed, content):
    line = {"task": name}
    if definition is not None:
        line["definition"] = definition
    return json.dumps({**line, "seed": seed, **content})


def content_of(episode, actions):
    return {"actions": oracle_env.write_actions(actions), **episode.summary()}


def ground_events(episode):
    """How often a leg touches or leaves the ground: what makes an episode worth keeping."""
    legs = episode.observations[:, 6:8]
    return int((legs[1:] != legs[:-1]).sum())


def best_of(candidates, rng, name, definition, policy, kind):
    """Of some episodes of one task and policy, the one with the most contact events; ties take the first.

    kind: None, or "float32" or "float64" for continuous actions.
    """
    task = oracle_env.task_of(name if definition is None else definition)
    best = None
    for _ in range(candidates):
        seed = int(rng.integers(2**32))
        choose = oracle_policies.POLICIES[policy](rng)
        if kind:
            choose = oracle_policies.continuous(choose, rng, kind == "float64")
        episode, actions = oracle_env.play(task, seed, choose, task["time_limit_steps"], bool(kind))
        events = ground_events(episode)
        if best is None or events > best[0]:
            content = {"continuous": True} if kind else {}
            best = events, trace_line(name, definition, seed, {**content, **content_of(episode, actions)})
    return best[1]


def chain_of(length, rng, name, definition, policy):
    """Episodes one after the other in one environment; about half of them cut at a random step."""
    task = oracle_env.task_of(name if definition is None else definition)
    env = oracle_env.make_env(task)
    seed = int(rng.integers(2**32))
    episodes = []
    for index in range(length):
        most = int(rng.integers(1, 120)) if rng.random() < 0.5 else task["time_limit_steps"]
        choose = oracle_policies.POLICIES[policy](rng)
        episodes.append(content_of(*oracle_env.play_on(env, None if index else seed, choose, most)))
    return trace_line(name, definition, seed, {"episodes": episodes})


def make(arguments):
    rng = np.random.default_rng(arguments.seed)

    def line(name, definition, policy):
        kind = ("float64" if len(lines) % 4 == 3 else "float32") if arguments.continuous else None
        if arguments.chain:
            return chain_of(arguments.chain, rng, name, definition, policy)
        return best_of(arguments.candidates, rng, name, definition, policy, kind)

    lines = []
    for name in arguments.tasks:
        for policy in arguments.policies:
            for _ in range(arguments.episodes):
                lines.append(line(name, None, policy))
    for index in range(arguments.custom):
        policy = arguments.policies[index % len(arguments.policies)]
        lines.append(line(f"custom{index}", oracle_policies.draw_task(rng), policy))
    with open(arguments.out, "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in lines)
    print(f"{len(lines)} traces written to {arguments.out}", file=sys.stderr)
    return 0


def wrong_keys(line):
    """What the oracle says otherwise than a line of golden traces."""
    continuous = line.get("continuous", False)
    env = oracle_env.make_env(line.get("definition", line["task"]), continuous)
    wrong = []
    for index, recorded in enumerate(line.get("episodes", [line])):
        actions = oracle_env.read_actions(recorded["actions"], recorded["steps"], continuous)
        summary = oracle_env.replay_on(env, None if index else line["seed"], actions).summary()
        wrong += [key for key, value in summary.items() if recorded[key] != value]
    return wrong


def check(path):
    """Replay every line of a file of golden traces. Returns the exit code."""
    differing = count = 0
    with open(path, encoding="ascii") as file:
        for number, text in enumerate(file, 1):
            line = json.loads(text)
            wrong = wrong_keys(line)
            if wrong:
                print(f"{path}:{number}: {line['task']} seed {line['seed']}: the oracle differs in {', '.join(wrong)}")
            differing += bool(wrong)
            count += 1
    print(f"{path}: {differing} of {count} golden traces differ from the oracle")
    return 1 if differing or not count else 0


def names(text, known):
    chosen = text.split(",")
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return chosen


def main():
    parser = argparse.ArgumentParser(description="Make or check golden traces with Gymnasium's LunarLander.")
    parser.add_argument("--out", help="file to write")
    parser.add_argument("--check", metavar="FILE", help="replay this file's traces instead")
    parser.add_argument("--tasks", type=lambda text: names(text, oracle_env.BUILTIN), default=list(oracle_env.BUILTIN))
    parser.add_argument(
        "--policies",
        type=lambda text: names(text, oracle_policies.POLICIES),
        default=list(oracle_policies.POLICIES),
    )
    parser.add_argument("--episodes", type=int, default=2, help="traces a task and policy (default 2)")
    parser.add_argument("--custom", type=int, default=0, help="traces of random tasks (default 0)")
    parser.add_argument("--candidates", type=int, default=1, help="episodes a trace is chosen from (default 1)")
    parser.add_argument("--chain", type=int, default=0, help="episodes a line, only the first seeded (default: plain traces)")
    parser.add_argument("--continuous", type=int, default=0, help="1: continuous actions (default 0; not with --chain)")
    parser.add_argument("--seed", type=int, default=1, help="of everything drawn (default 1)")
    arguments = parser.parse_args()
    if bool(arguments.out) == bool(arguments.check):
        parser.error("give --out or --check")
    if arguments.chain and arguments.continuous:
        parser.error("--chain has discrete actions")
    return check(arguments.check) if arguments.check else make(arguments)


if __name__ == "__main__":
    sys.exit(main())
