#!/usr/bin/env python3
"""The event files of runs, read by TensorBoard's own EventAccumulator: every scalar of metrics.jsonl, evaluations.jsonl and timing.jsonl is
there, at its step and equal as float32, and nothing else is.

    test_tensorboard.py --program build/sharedqn --work build/tensorboard

Three short trainings: the default method, one on a single task, and one that is stopped and resumed. An event file in which one bit was
turned must be noticed.
"""

import argparse
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
from tensorboard.backend.event_processing import event_file_loader
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

SHORT = (
    "--set min_replay_size=200 --set replay_capacity=2000 --set batch_size=8 --set hidden1_size=16 --set hidden2_size=8"
    " --set evaluation_period=5 --set evaluation_episodes=2 --set final_episodes=2"
).split()


def train(program, folder, *settings):
    done = subprocess.run([program, "train", "--out", folder, *SHORT, *settings], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"train {' '.join(settings)}: {done.stderr}")


def stop_and_resume(program, folder, *settings):
    """Ctrl-C as soon as ten episodes are over, then the rest."""
    run = subprocess.Popen([program, "train", "--out", folder, *SHORT, *settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    metrics = folder / "metrics.jsonl"
    while run.poll() is None and (not metrics.exists() or metrics.read_bytes().count(b"\n") < 10):
        time.sleep(0.005)
    run.send_signal(signal.SIGINT)
    if run.wait() == 0:
        sys.exit("the run that was to be stopped ended before")
    train(program, folder, "--resume", *settings)


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def expected_scalars(folder):
    """{tag: [(step, value)]} in the order of the logs."""
    scalars = {}

    def add(tag, step, value):
        scalars.setdefault(tag, []).append((step, np.float32(value)))

    for episode, timing in zip(read_lines(folder / "metrics.jsonl"), read_lines(folder / "timing.jsonl"), strict=True):
        step = episode["episode"]
        add(f"return/{episode['task']}", step, episode["return"])
        add(f"steps/{episode['task']}", step, episode["steps"])
        add("epsilon", step, episode["epsilon"])
        if episode["loss"] is not None:
            add("loss", step, episode["loss"])
            add("updates_per_second", step, timing["updates_per_second"])
    for evaluation in read_lines(folder / "evaluations.jsonl"):
        step = evaluation["episode"]
        add("evaluation/mean_over_tasks", step, evaluation["mean"])
        for task, figures in evaluation["tasks"].items():
            add(f"evaluation/{task}", step, figures["mean"])
            add(f"success/{task}", step, figures["success"])
            add(f"at_rest/{task}", step, figures["at_rest"])
    return scalars


def read_events(folder):
    """The same as TensorBoard shows it; 0: keep every point."""
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    tags = accumulator.Tags()
    return {tag: [(event.step, np.float32(event.value)) for event in accumulator.Scalars(tag)] for tag in tags["scalars"]}


def check(name, folder):
    """@return the number of scalars"""
    expected, found = expected_scalars(folder), read_events(folder)
    if expected.keys() != found.keys():
        sys.exit(f"{name}: tags {sorted(expected.keys() ^ found.keys())} are on one side only")
    for tag, values in expected.items():
        for index, (wanted, shown) in enumerate(zip(values, found[tag])):
            if wanted[0] != shown[0] or wanted[1].tobytes() != shown[1].tobytes():
                sys.exit(f"{name}: {tag}, point {index}: TensorBoard has {shown}, the log {wanted}")
        if len(values) != len(found[tag]):
            sys.exit(f"{name}: {tag}: TensorBoard has {len(found[tag])} points, the log {len(values)}")
    count = sum(map(len, expected.values()))
    print(f"ok - {name}: {count} scalars of {len(expected)} tags equal")
    return count


def check_damage(folder):
    """One turned bit in the last record must not be shown as a value."""
    path = next(folder.glob("events.out.tfevents.*"))
    whole = len(list(event_file_loader.EventFileLoader(str(path)).Load()))
    bytes_ = bytearray(path.read_bytes())
    bytes_[-6] ^= 1  # in the message of the last record, in front of its checksum
    path.write_bytes(bytes_)
    left = len(list(event_file_loader.EventFileLoader(str(path)).Load()))
    if left != whole - 1:
        sys.exit(f"a damaged record: {left} of {whole} events are read")
    print("ok - a turned bit is noticed by TensorBoard's checksum")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    train(program, arguments.work / "shared", "--episodes", "24")
    train(program, arguments.work / "one-task", "--episodes", "12", "--tasks", "heavy")
    stop_and_resume(program, arguments.work / "resumed", "--episodes", "60")
    for name in ("shared", "one-task", "resumed"):
        check(name, arguments.work / name)
    check_damage(arguments.work / "shared")


if __name__ == "__main__":
    main()
