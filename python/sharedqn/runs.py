"""Folders of runs and studies as numpy arrays."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from ._native import SharedqnError

Columns = dict[str, npt.NDArray[Any]]
_TASK_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class RunError(SharedqnError, OSError):
    """A folder that is no run or study, or a file in it that is damaged. The message names file and line."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A run, finished or not. Columns are arrays of equal length, a row an entry; they make a data frame as they are.

    Attributes:
        path: the folder
        config: every setting
        tasks: names, in the order of the network
        metrics: a row an episode: episode, task, return, steps, terminated, truncated, at_rest, epsilon, loss (NaN before the first
            update), total_steps, total_updates
        evaluations: a row an evaluation and task: episode, kind ("periodic" or "final"), task, mean, std, success, at_rest, timeout,
            steps (a mean)
        evaluation_episodes: a row an evaluated episode: episode (of the training), kind, task, seed, return, steps, terminated,
            at_rest
        gradients: a row a report: update, episode, conflict; and the arrays weights, errors, norms [rows, tasks], cosines [rows, pairs];
            of layers as "fc1.norms", "fc1.cosines". Empty if there is none.
        timing: a row an episode: episode, seconds, updates_per_second
        summary: the final evaluation and counts; None while the run is not finished
    """

    path: pathlib.Path
    config: dict[str, Any]
    tasks: tuple[str, ...]
    metrics: Columns
    evaluations: Columns
    evaluation_episodes: Columns
    gradients: Columns
    timing: Columns
    summary: dict[str, Any] | None

    @property
    def finished(self) -> bool:
        """Whether the run has come to its end."""
        return self.summary is not None


@dataclasses.dataclass(frozen=True)
class StudyRun:
    """The result of one run of a study.

    Attributes:
        arm, seed: which
        config: its settings
        tasks: names
        final: of each task: mean, std, success, at_rest, timeout, steps of the final evaluation
        evaluations: a row a periodic evaluation: episode, environment_steps, updates [rows]; means, success, at_rest, timeout
            [rows, tasks]
        gradients: a row an evaluation and one more: reports, cosine, conflict
        training: a row an episode: task, end ("c" crash, "r" at rest, "t" time limit), return, steps
        about: what else the file says: parameters, environment_steps, updates, weights_sha256, numerics
    """

    arm: str
    seed: int
    config: dict[str, Any]
    tasks: tuple[str, ...]
    final: dict[str, dict[str, float]]
    evaluations: Columns
    gradients: Columns
    training: Columns
    about: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Study:
    """A study: all results that are there.

    Attributes:
        path: the folder
        runs: sorted by arm and seed
        scores: a row an arm, task and seed: arm, task, seed, score (mean return of the final evaluation)
    """

    path: pathlib.Path
    runs: tuple[StudyRun, ...]
    scores: Columns


def read_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The settings of a run, from its folder.

    Raises:
        RunError: no run, or its config.yaml is damaged
    """
    folder = pathlib.Path(path)
    if not folder.is_dir():
        raise RunError(f"{folder}: is no folder" if folder.exists() else f"{folder}: there is no such folder")
    file = folder / "config.yaml"
    if not file.is_file():
        raise RunError(f"{folder}: is no run: it holds no config.yaml")
    return _parse_config(str(file), _read_text(file))


def _parse_config(where: str, text: str) -> dict[str, Any]:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RunError(f"{where}: {' '.join(str(error).split())}") from error
    tasks = config.get("tasks") if isinstance(config, dict) else None
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, str) for task in tasks):
        raise RunError(f"{where}: names no tasks: is it the settings of a run?")
    return {str(key): value for key, value in config.items()}


def read_run(path: str | os.PathLike[str]) -> Run:
    """Read the folder of a run, also while it trains: a last line that is still being written is left out.

    Raises:
        RunError: the folder is no run, or a file in it is damaged; the message names file and line
    """
    folder = pathlib.Path(path)
    config = read_config(folder)
    evaluations = _read_lines(folder / "evaluations.jsonl")
    summary = None
    if (folder / "summary.json").is_file():
        summary = _parse_object(folder / "summary.json", 0, _read_text(folder / "summary.json"))
    return Run(
        path=folder,
        config=config,
        tasks=tuple(config["tasks"]),
        metrics=_columns(folder / "metrics.jsonl", _read_lines(folder / "metrics.jsonl")),
        evaluations=_columns(folder / "evaluations.jsonl", _evaluation_rows(folder, evaluations)),
        evaluation_episodes=_columns(folder / "evaluations.jsonl", _episode_rows(folder, evaluations)),
        gradients=_columns(folder / "gradients.jsonl", [_flat(line) for line in _read_lines(folder / "gradients.jsonl")]),
        timing=_columns(folder / "timing.jsonl", _read_lines(folder / "timing.jsonl")),
        summary=summary,
    )


def read_study(path: str | os.PathLike[str]) -> Study:
    """Read the results of a study, as many as are there: from its folder, or from the folder `results` in it.

    Raises:
        RunError: no study, or a result is damaged; the message names the file
    """
    folder = pathlib.Path(path)
    results = folder / "results" if (folder / "results").is_dir() else folder
    files = sorted(results.glob("*.json")) if results.is_dir() else []
    if not files:
        raise RunError(f"{folder}: is no study: it holds no results/ARM-seedN.json")
    runs = sorted((_study_run(file) for file in files), key=lambda run: (run.arm, run.seed))
    rows = [
        {"arm": run.arm, "task": task, "seed": run.seed, "score": run.final[task]["mean"]} for run in runs for task in run.tasks
    ]
    return Study(path=folder, runs=tuple(runs), scores=_columns(folder, rows))


def _read_text(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from error


def _parse_object(path: pathlib.Path, number: int, text: str) -> dict[str, Any]:
    where = f"{path}:{number}" if number else str(path)
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RunError(f"{where}: {error}") from error
    if not isinstance(value, dict):
        raise RunError(f"{where}: is no JSON object")
    return value


def _read_lines(path: pathlib.Path) -> list[dict[str, Any]]:
    """The objects of a file of lines; none if it is not there. A line without its line feed is still being written."""
    if not path.is_file():
        return []
    lines = _read_text(path).split("\n")[:-1]
    return [_parse_object(path, number, line) for number, line in enumerate(lines, 1)]


def _columns(path: pathlib.Path, rows: list[dict[str, Any]]) -> Columns:
    """Columns of rows with the same keys. null is NaN."""
    if not rows:
        return {}
    columns: Columns = {}
    for key in rows[0]:
        try:
            values = [math.nan if row[key] is None else row[key] for row in rows]
            columns[key] = np.array(values)
        except (KeyError, ValueError) as error:
            raise RunError(f"{path}: not every line has the same {key}") from error
    return columns


def _flat(line: dict[str, Any]) -> dict[str, Any]:
    """A report on gradients as one row: layers become fc1.norms and the like."""
    row = {key: value for key, value in line.items() if key != "layers"}
    for layer, values in line.get("layers", {}).items():
        row.update({f"{layer}.{key}": value for key, value in values.items()})
    return row


def _task_entries(folder: pathlib.Path, line: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    tasks = line.get("tasks")
    if not isinstance(tasks, dict) or not all(isinstance(entry, dict) for entry in tasks.values()):
        raise RunError(f"{folder / 'evaluations.jsonl'}: an evaluation without tasks")
    return list(tasks.items())


def _evaluation_rows(folder: pathlib.Path, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = ("mean", "std", "success", "at_rest", "timeout", "steps")
    return [
        {"episode": line.get("episode"), "kind": line.get("kind"), "task": task, **{key: entry.get(key) for key in keys}}
        for line in lines
        for task, entry in _task_entries(folder, line)
    ]


def _episode_rows(folder: pathlib.Path, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        return [
            {
                "episode": line.get("episode"),
                "kind": line.get("kind"),
                "task": task,
                "seed": episode["seed"],
                "return": float.fromhex(episode["return"]),
                "steps": episode["steps"],
                "terminated": episode["terminated"],
                "at_rest": episode["at_rest"],
            }
            for line in lines
            for task, entry in _task_entries(folder, line)
            for episode in entry.get("episodes", [])
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{folder / 'evaluations.jsonl'}: an evaluated episode is damaged: {error!r}") from error


def _study_run(path: pathlib.Path) -> StudyRun:
    found = _parse_object(path, 0, _read_text(path))
    try:
        config = _parse_config(f"{path}: settings", found["settings"])
        tasks = tuple(found["final"])
        evaluations = {key: np.array(values) for key, values in found["evaluations"].items()}
        rows = len(evaluations["episode"])
        for key, values in evaluations.items():
            if key not in ("episode", "environment_steps", "updates"):
                evaluations[key] = values.reshape(rows, len(tasks))
        training = found["training"]
        names = np.array(tasks)
        return StudyRun(
            arm=found["arm"],
            seed=found["seed"],
            config=config,
            tasks=tasks,
            final=found["final"],
            evaluations=evaluations,
            gradients={key: np.array(values) for key, values in found["gradients"].items()},
            training={
                "task": names[[_TASK_DIGITS.index(digit) for digit in training["task"]]],
                "end": np.array(list(training["end"])),
                "return": np.array(training["return"], dtype=np.float64),
                "steps": np.array(training["steps"], dtype=np.int64),
            },
            about={key: found[key] for key in ("parameters", "environment_steps", "updates", "weights_sha256", "numerics")},
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"{path}: is no result of a study: {error!r}") from error
