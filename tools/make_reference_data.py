"""Make tests/data/trained.expected.json: what trained weights earn in Gymnasium itself, to compare `sharedqn evaluate` with.

    make_reference_data.py [--weights FILE] [--out FILE] [--episodes N]

Run it in the virtual environment of `make oracle`. Nothing of ours takes part: Gymnasium's environment and numpy's network, in float64
from the float32 weights, so that its choice of an action is the exact one. tests/data/trained.safetensors is the final.safetensors of
`sharedqn train --seed 2`; tests/data/reference.expected.json was made by others, for weights that are not part of the project.

Each task has episodes of seeds 0, 1, ...: seed, ret (left-to-right double sum of the rewards, hex), steps, terminated and mingap, the
smallest distance of the two largest Q-values of a step, relative to the largest |Q|. Where it is tiny, float32 may choose otherwise.
"""

import argparse
import json
import struct

import numpy as np

import oracle_env

TASKS = ["standard", "windy", "heavy"]  # in the order of the rows of the task embedding


def read_weights(path):
    """The tensors of a safetensors file of float32 as float64 arrays."""
    with open(path, "rb") as file:
        (header_size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_size))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name} is {entry['dtype']}, not F32")
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).astype("f8")
    return tensors


def q_values(weights, observation, task):
    x = np.concatenate([observation.astype("f8"), weights["task_embedding.weight"][task]])
    for layer in ("fc1", "fc2"):
        x = np.maximum(weights[f"{layer}.weight"] @ x + weights[f"{layer}.bias"], 0.0)
    return weights["fc3.weight"] @ x + weights["fc3.bias"]


def greedy_episode(weights, task, seed):
    """The expected line of one episode, cut at the task's time limit."""
    gaps = []

    def choose(observation):
        q = q_values(weights, observation, task)
        second, first = np.sort(q)[-2:]
        gaps.append(float((first - second) / np.abs(q).max()))
        return int(np.argmax(q))  # ties take the lowest action

    fields = oracle_env.task_of(TASKS[task])
    summary = oracle_env.play(fields, seed, choose, fields["time_limit_steps"])[0].summary()
    return {"seed": seed, **{key: summary[key] for key in ("ret", "steps", "terminated")}, "mingap": min(gaps)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", default="tests/data/trained.safetensors")
    parser.add_argument("--out", default="tests/data/trained.expected.json")
    parser.add_argument("--episodes", type=int, default=20)
    arguments = parser.parse_args()
    weights = read_weights(arguments.weights)
    blocks = []
    for task, name in enumerate(TASKS):
        lines = ",\n".join(json.dumps(greedy_episode(weights, task, seed)) for seed in range(arguments.episodes))
        blocks.append(f"{json.dumps(name)}: [\n{lines}\n]")
    with open(arguments.out, "w", encoding="ascii") as file:
        file.write('{"trained": {\n' + ",\n".join(blocks) + "\n}}\n")


if __name__ == "__main__":
    main()
