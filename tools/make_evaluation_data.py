"""Greedy episodes of a Shared DQN's weights in Gymnasium's own LunarLander: what `sharedqn evaluate` must give.

    make_evaluation_data.py WEIGHTS.safetensors --out FILE [--episodes N]

Episode i of each task begins with reset(seed=i). Returns are hex floats, the plain left-to-right sum of the rewards. `mingap` is the
smallest difference of the two largest Q-values of any step, relative to the largest |Q|: where it is as small as a rounding error, another
order of additions may choose the other action.

tests/data/evaluation.jsonl is this for tests/data/evaluation.safetensors, the final weights of
`sharedqn train --seed 2`.
"""

import argparse
import json
import struct

import numpy as np

import oracle_env

TASKS = ["standard", "windy", "heavy"]


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).astype(np.float64)
        for name, entry in header.items()
    }


def q_values(weights, observation, task):
    """In double: its rounding errors are far below those of any float32 network."""
    x = np.concatenate([observation.astype(np.float64), weights["task_embedding.weight"][task]])
    for layer in ("fc1", "fc2"):
        x = np.maximum(weights[f"{layer}.weight"] @ x + weights[f"{layer}.bias"], 0)
    return weights["fc3.weight"] @ x + weights["fc3.bias"]


def play(weights, task, seed):
    definition = {**oracle_env.DEFAULTS, **oracle_env.BUILTIN[TASKS[task]]}
    env = oracle_env.OracleLander(definition)
    observation, _ = env.reset(seed=seed)
    total, steps, terminated, gap = 0.0, 0, False, np.inf
    while not terminated and steps < definition["time_limit_steps"]:
        q = q_values(weights, observation, task)
        largest = np.sort(q)[-2:]
        gap = min(gap, (largest[1] - largest[0]) / np.abs(q).max())
        observation, reward, terminated, _, _ = env.step(int(q.argmax()))
        total += float(reward)
        steps += 1
    return {"task": TASKS[task], "seed": seed, "return": total.hex(), "steps": steps, "terminated": bool(terminated), "mingap": float(gap)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("--out", required=True)
    parser.add_argument("--episodes", type=int, default=20)
    arguments = parser.parse_args()
    weights = read_safetensors(arguments.weights)
    with open(arguments.out, "w") as out:
        for task in range(len(TASKS)):
            for seed in range(arguments.episodes):
                out.write(json.dumps(play(weights, task, seed)) + "\n")


if __name__ == "__main__":
    main()
