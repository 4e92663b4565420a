#!/usr/bin/env python3
"""Exported files of every kind of network: ONNX models are valid, and ONNX Runtime gives what the exported C file gives, which has the
trainer's bits (tests/test_c_source.c); exported safetensors hold the run's final weights.

    test_export.py --program build/sharedqn --work build/export

The networks are those of short trainings, so that no weight is as it was drawn. A Q-value may differ by 1e-5 of the largest of its
observation and task; the expected value of a distribution, which may be a small difference of large atoms, by 1e-5 of a tenth of the
largest atom if that is more.
"""

import argparse
import ctypes
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

BOUND = 1e-5
OBSERVATIONS = 4096
SHORT = (
    "--episodes 6 --set min_replay_size=200 --set replay_capacity=1000 --set batch_size=8 --set evaluation_episodes=1"
    " --set final_episodes=1 --set tensorboard=false"
).split()
BRONET = "--architecture bronet --hidden1-size 64 --blocks 2".split()
PUBLISHED = "--architecture bronet-published --hidden1-size 64 --blocks 2".split()
ATOMS = "--loss categorical --atoms 51".split()
KINDS = {
    "embedding": [],
    "onehot": ["--conditioning", "onehot"],
    "id": ["--conditioning", "id"],
    "blind": ["--conditioning", "blind"],
    "dueling": ["--dueling", "true"],
    "atoms": ATOMS,
    "dueling-atoms": ["--dueling", "true", *ATOMS],
    "bronet": BRONET,
    "bronet-onehot-dueling": [*BRONET, "--conditioning", "onehot", "--dueling", "true"],
    "bronet-published-id": [*PUBLISHED, "--conditioning", "id"],
    "brc": ["--method", "brc"],
    "brc-published": ["--method", "brc-published"],
    "independent": ["--method", "independent"],
    "independent-equal": ["--method", "independent-equal"],
    "shared-wide": ["--method", "shared-wide"],
    "varshare": ["--method", "varshare"],
    "varshare-rank": ["--method", "varshare", "--residual-rank", "4"],
    "varshare-bronet": ["--method", "varshare", *BRONET],
    "one-task": ["--tasks", "heavy"],
}


def sharedqn(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"sharedqn {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def export(program, run, form, path, *more):
    path.unlink(missing_ok=True)
    sharedqn(program, "export", run, "--format", form, "--out", path, *more)
    return path


def load_c(path):
    """Q-values by the exported C file, as a function of one observation and a task."""
    library = path.with_suffix(".so")
    subprocess.run(["cc", "-std=c11", "-O3", "-shared", "-fPIC", "-o", library, path, "-lm"], check=True)
    function = ctypes.CDLL(str(library.resolve())).sharedqn_q
    pointer = ctypes.POINTER(ctypes.c_float)
    function.argtypes = [pointer, ctypes.c_int, pointer]
    function.restype = None

    def q_values(observations, tasks):
        q = np.empty((len(tasks), 4), np.float32)
        for row, task in enumerate(tasks):
            function(observations[row].ctypes.data_as(pointer), int(task), q[row].ctypes.data_as(pointer))
        return q

    return q_values


def compare(model_path, c_path, num_tasks, least_scale):
    """The largest difference relative to the largest Q-value of a row, or to least_scale if that is more."""
    onnx.checker.check_model(str(model_path), full_check=True)
    session = onnxruntime.InferenceSession(str(model_path), providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    observations = random.uniform(-1.5, 1.5, (OBSERVATIONS, 8)).astype(np.float32)
    observations[0] = 1e-3
    tasks = np.arange(OBSERVATIONS) % num_tasks
    inputs = {"observation": observations}
    if any(value.name == "task" for value in session.get_inputs()):
        inputs["task"] = tasks.astype(np.int64)
    (q,) = session.run(["q"], inputs)
    expected = load_c(c_path)(observations, tasks)
    one = session.run(["q"], {name: value[5:6] for name, value in inputs.items()})[0]
    scale = np.maximum(np.max(np.abs(expected), axis=1, keepdims=True), least_scale)
    return float(max(np.max(np.abs(q - expected) / scale), np.max(np.abs(one[0] - q[5]) / scale[5])))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/sharedqn")
    parser.add_argument("--work", type=pathlib.Path, default="build/export")
    parser.add_argument("kinds", nargs="*", help=" ".join(KINDS))
    arguments = parser.parse_args()
    failed = 0
    for kind in arguments.kinds or KINDS:
        folder = arguments.work / kind
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run = folder / "run"
        sharedqn(arguments.program, "train", "--out", run, *KINDS[kind], *SHORT)
        theirs = load_file(run / "final.safetensors")
        least_scale = 0.1 * np.max(np.abs(theirs["support"])) if "support" in theirs else 0.0
        model, source = (export(arguments.program, run, form, folder / f"q.{form}") for form in ("onnx", "c"))
        worst = compare(model, source, 1 if kind == "one-task" else 3, least_scale)
        model, source = (export(arguments.program, run, form, folder / f"heavy.{form}", "--task", "heavy") for form in ("onnx", "c"))
        worst_single = compare(model, source, 1, least_scale)
        ours = load_file(export(arguments.program, run, "safetensors", folder / "q.safetensors"))
        same = ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)
        good = worst <= BOUND and worst_single <= BOUND and same
        failed += not good
        print(
            f"{'ok' if good else 'not ok'} - {kind}: relative difference at most {worst:.1e}, for one task {worst_single:.1e}"
            + ("" if same else "; the weights are not the run's"),
            flush=True,
        )
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
