"""Folders of runs and studies as numpy arrays."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pathlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from ._native import SharedqnError, shorten

Columns = dict[str, npt.NDArray[Any]]
_TASK_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class RunError(SharedqnError, OSError):
    """A folder that is no run or study, or a file in it that is damaged. The message names file and line."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A run, finished or not. Columns are arrays of equal length, a row an entry; those of numbers make a data frame as they are. A
    dictionary of columns is empty as long as it has no row.

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
        gradients: a row a report: update, episode, conflict; and the arrays tasks (names), weights, errors, norms [rows, tasks], cosines
            [rows, pairs]; of layers as "fc1.norms", "fc1.cosines"; of the shuffled control as "shuffled.norms", "shuffled.fc1.norms" and so
            on; where the method has them cut, and kl and kept [rows, tasks]. NaN: not known
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
    except Exception as error:  # PyYAML lets through what int, float and date say to a wrong text, and RecursionError
        raise RunError(f"{where}: {' '.join(str(error).split())}") from error
    tasks = config.get("tasks") if isinstance(config, dict) else None
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, str) for task in tasks):
        raise RunError(f"{where}: names no tasks: is it the settings of a run?")
    if len(set(tasks)) < len(tasks):
        raise RunError(f"{where}: tasks: {', '.join(tasks)}: two have one name")
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
    if (folder / "summary.json").exists():
        summary = _parse_object(folder / "summary.json", 0, _read_text(folder / "summary.json"))
    run = Run(
        path=folder,
        config=config,
        tasks=tuple(config["tasks"]),
        metrics=_columns(folder / "metrics.jsonl", _read_lines(folder / "metrics.jsonl"), _METRICS),
        evaluations=_columns(folder / "evaluations.jsonl", _evaluation_rows(evaluations), _EVALUATIONS),
        evaluation_episodes=_columns(folder / "evaluations.jsonl", _episode_rows(evaluations), _EPISODES),
        gradients=_gradients(folder / "gradients.jsonl"),
        timing=_columns(folder / "timing.jsonl", _read_lines(folder / "timing.jsonl"), _TIMING),
        summary=summary,
    )
    _check_complete(run)
    return run


def _check_complete(run: Run) -> None:
    """That no episode is missing or there twice, and that a finished run has all it must have."""
    file = run.path / "metrics.jsonl"
    found = run.metrics.get("episode", np.zeros(0, np.int64))
    wrong = np.flatnonzero(found != np.arange(len(found)))
    if len(wrong) > 0:
        raise RunError(f"{file}:{wrong[0] + 1}: is episode {found[wrong[0]]}: must be {wrong[0]}")
    episodes = run.summary.get("episodes") if run.summary is not None else 0
    if not isinstance(episodes, int):
        raise RunError(f"{run.path / 'summary.json'}: does not say how many episodes the run had")
    if len(found) < episodes:
        raise RunError(f"{file}: holds {len(found)} episodes: the finished run had {episodes}")
    if run.finished and "final" not in run.evaluations.get("kind", ()):
        raise RunError(f"{run.path / 'evaluations.jsonl'}: holds no final evaluation: the run is finished")


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
    found = {file: _study_run(file) for file in files}
    first: dict[tuple[str, int], pathlib.Path] = {}
    for file, run in found.items():
        if (run.arm, run.seed) in first:
            raise RunError(f"{file}: is of arm {run.arm} and seed {run.seed}, and so is {first[run.arm, run.seed].name}")
        first[run.arm, run.seed] = file
    runs = sorted(found.values(), key=lambda run: (run.arm, run.seed))
    rows = [
        {"arm": run.arm, "task": task, "seed": run.seed, "score": run.final[task]["mean"]} for run in runs for task in run.tasks
    ]
    kinds = {"arm": _text, "task": _text, "seed": _integer, "score": _number}
    return Study(path=folder, runs=tuple(runs), scores=_columns(folder, [(0, row) for row in rows], kinds))


# ---- files ----

_Rows = list[tuple[int, dict[str, Any]]]  # with the lines they stand on


def _read_text(path: pathlib.Path, whole: bool = True) -> str:
    """The text of a file. Not the whole: up to the last line feed, since what follows is still being written."""
    try:
        raw = path.read_bytes()
        return (raw if whole else raw[: raw.rfind(b"\n") + 1]).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from error


def _parse_object(path: pathlib.Path, number: int, text: str) -> dict[str, Any]:
    where = f"{path}:{number}" if number else str(path)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{where}: {error}") from error
    if not isinstance(value, dict):
        raise RunError(f"{where}: is no JSON object")
    return value


def _read_lines(path: pathlib.Path) -> _Rows:
    """The objects of a file of lines; none if it is not there."""
    if not path.exists():
        return []
    lines = _read_text(path, whole=False).split("\n")[:-1]
    return [(number, _parse_object(path, number, line)) for number, line in enumerate(lines, 1)]


# ---- values: each function takes what JSON may hold there, and raises ValueError with what it must be ----

_Kind = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError("an integer of 64 bits")
    return value


def _number(value: Any) -> float:
    """null stands for what is not known: NaN."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > _LARGEST:
        raise ValueError("a number or null")
    return float(value)


def _hexadecimal(value: Any) -> float:
    """A number with all its bits."""
    try:
        return float.fromhex(_text(value))
    except (ValueError, OverflowError):
        raise ValueError("a hexadecimal number, as text") from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object")
    return value


def _list_of(kind: _Kind) -> _Kind:
    def convert(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError("a list")
        return [kind(entry) for entry in value]

    return convert


_LARGEST = sys.float_info.max
_numbers, _texts = _list_of(_number), _list_of(_text)
_FINAL: dict[str, _Kind] = dict.fromkeys(("mean", "std", "success", "at_rest", "timeout", "steps"), _number)
_METRICS: dict[str, _Kind] = {
    "episode": _integer,
    "task": _text,
    "return": _number,
    "steps": _integer,
    "terminated": _flag,
    "truncated": _flag,
    "at_rest": _flag,
    "epsilon": _number,
    "loss": _number,
    "total_steps": _integer,
    "total_updates": _integer,
}
_TIMING: dict[str, _Kind] = {"episode": _integer, "seconds": _number, "updates_per_second": _number}
_EVALUATIONS: dict[str, _Kind] = {"episode": _integer, "kind": _text, "task": _text, **_FINAL}
_EPISODES: dict[str, _Kind] = {
    "episode": _integer,
    "kind": _text,
    "task": _text,
    "seed": _integer,
    "return": _hexadecimal,
    "steps": _integer,
    "terminated": _flag,
    "at_rest": _flag,
}
_GRADIENTS: dict[str, _Kind] = {
    "update": _integer,
    "episode": _integer,
    "tasks": _texts,
    "weights": _numbers,
    "errors": _numbers,
    "norms": _numbers,
    "cosines": _numbers,
    "conflict": _number,
    "cut": _number,
    "kl": _numbers,
    "kept": _numbers,
}


def _take(where: str, row: dict[str, Any], key: str, kind: _Kind) -> Any:
    if key not in row:
        raise RunError(f"{where}: has no {key}")
    try:
        return kind(row[key])
    except ValueError as error:
        raise RunError(f"{where}: {key} = {shorten(row[key])}: must be {error}") from None


def _columns(path: pathlib.Path, rows: _Rows, kinds: Mapping[str, _Kind]) -> Columns:
    """Columns of rows; none if there are no rows. What has no kind is left out."""
    columns: Columns = {}
    for key, kind in kinds.items() if rows else ():
        values = [_take(f"{path}:{number}", row, key, kind) for number, row in rows]
        for (number, _), value in zip(rows, values, strict=True):
            if isinstance(value, list) and len(value) != len(values[0]):
                raise RunError(f"{path}:{number}: {key}: {len(value)} values: line {rows[0][0]} has {len(values[0])}")
        columns[key] = np.array(values)
    return columns


# ---- runs ----


def _evaluation_rows(lines: _Rows) -> _Rows:
    """A row an evaluation and task."""
    rows: _Rows = []
    for number, line in lines:
        tasks = line.get("tasks")
        for task, entry in tasks.items() if isinstance(tasks, dict) else [("", tasks)]:
            rows.append((number, {**(entry if isinstance(entry, dict) else {}), "task": task, **_head(line)}))
    return rows


def _episode_rows(lines: _Rows) -> _Rows:
    """A row an evaluated episode."""
    rows: _Rows = []
    for number, line in _evaluation_rows(lines):
        episodes = line.get("episodes")
        for episode in episodes if isinstance(episodes, list) else [None]:
            rows.append((number, {**(episode if isinstance(episode, dict) else {}), "task": line["task"], **_head(line)}))
    return rows


def _head(line: dict[str, Any]) -> dict[str, Any]:
    return {key: line[key] for key in ("episode", "kind") if key in line}


def _gradients(path: pathlib.Path) -> Columns:
    rows = [(number, _flat(f"{path}:{number}", line)) for number, line in _read_lines(path)]
    keys = dict.fromkeys(key for _, row in rows for key in row)
    for _, row in rows:  # these are written where they are known
        for key in ("cut", "kl", "kept"):
            if key in keys and key not in row:
                row[key] = None if key == "cut" else [None] * len(row.get("norms", ()))
    return _columns(path, rows, {key: _GRADIENTS[last] for key in keys if (last := key.rsplit(".", 1)[-1]) in _GRADIENTS})


def _flat(where: str, line: dict[str, Any]) -> dict[str, Any]:
    """A report on gradients as one row: layers become fc1.norms and the like, the control shuffled.norms, shuffled.fc1.norms, ..."""
    row = {key: value for key, value in line.items() if key not in ("layers", "shuffled")}
    for layer, values in _take(where, {"layers": {}, **line}, "layers", _object).items():
        row.update({f"{layer}.{key}": value for key, value in _take(where, {layer: values}, layer, _object).items()})
    if "shuffled" in line:
        row.update({f"shuffled.{key}": value for key, value in _flat(where, _take(where, line, "shuffled", _object)).items()})
    return row


# ---- studies ----


def _study_run(path: pathlib.Path) -> StudyRun:
    where, found = str(path), _parse_object(path, 0, _read_text(path))
    config = _parse_config(f"{path}: settings", _take(where, found, "settings", _text))
    final = {task: _take(where, {task: entry}, task, _object) for task, entry in _take(where, found, "final", _object).items()}
    tasks = tuple(config["tasks"])
    if tuple(final) != tasks:
        raise RunError(f"{path}: final: of {', '.join(final)}: the settings name {', '.join(tasks)}")
    text = {"weights_sha256", "numerics"}
    return StudyRun(
        arm=_take(where, found, "arm", _text),
        seed=_take(where, found, "seed", _integer),
        config=config,
        tasks=tasks,
        final={task: {key: _take(f"{path}: {task}", entry, key, kind) for key, kind in _FINAL.items()} for task, entry in final.items()},
        evaluations=_study_evaluations(f"{path}: evaluations", _take(where, found, "evaluations", _object), len(tasks)),
        gradients=_equal_columns(f"{path}: gradients", _take(where, found, "gradients", _object), _STUDY_GRADIENTS),
        training=_study_training(f"{path}: training", _take(where, found, "training", _object), tasks),
        about={
            key: _take(where, found, key, _text if key in text else _integer)
            for key in ("parameters", "environment_steps", "updates", "weights_sha256", "numerics")
        },
    )


_integers = _list_of(_integer)
_STUDY_EVALUATIONS: dict[str, _Kind] = {
    **dict.fromkeys(("episode", "environment_steps", "updates"), _integers),
    **dict.fromkeys(("means", "success", "at_rest", "timeout"), _numbers),
}
_STUDY_GRADIENTS: dict[str, _Kind] = {"reports": _integers, "cosine": _numbers, "conflict": _numbers}


def _equal_columns(where: str, found: dict[str, Any], kinds: Mapping[str, _Kind], times: Mapping[str, int] | None = None) -> Columns:
    """Columns of one length, or of so many times the first one's."""
    columns: Columns = {}
    for key, kind in kinds.items():
        values = _take(where, found, key, kind)
        rows = len(next(iter(columns.values()), values))
        width = (times or {}).get(key, 0)
        if len(values) != rows * (width or 1):
            raise RunError(f"{where}: {key}: {len(values)} values: must be {rows * (width or 1)}")
        columns[key] = np.array(values, dtype=np.int64 if kind is _integers else np.float64 if kind is _numbers else None)
        if width:
            columns[key] = columns[key].reshape(rows, width)
    return columns


def _study_evaluations(where: str, found: dict[str, Any], tasks: int) -> Columns:
    return _equal_columns(where, found, _STUDY_EVALUATIONS, dict.fromkeys(("means", "success", "at_rest", "timeout"), tasks))


def _study_training(where: str, found: dict[str, Any], tasks: tuple[str, ...]) -> Columns:
    def tasks_of(value: Any) -> list[str]:
        digits = _TASK_DIGITS[: len(tasks)]
        if not set(_text(value)) <= set(digits):
            raise ValueError(f"digits of {digits}")
        return [tasks[digits.index(digit)] for digit in value]

    def ends_of(value: Any) -> list[str]:
        if not set(_text(value)) <= set("crt"):
            raise ValueError("letters of crt")
        return list(value)

    return _equal_columns(where, found, {"task": tasks_of, "end": ends_of, "return": _numbers, "steps": _integers})
