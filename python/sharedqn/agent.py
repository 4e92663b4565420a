"""Trained agents: the greedy policy of a run's weights, and the aggregation of tasks' gradients."""

from __future__ import annotations

import ctypes
import os
import pathlib
import threading
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._native import (
    MAX_AGENT_TASKS,
    MAX_AGGREGATED_TASKS,
    NUM_ACTIONS,
    OBSERVATION_SIZE,
    Handle,
    NativeError,
    NativeWeights,
    WeightsError,
    as_array,
    check,
    library,
    parallel_library,
    shorten,
)
from .runs import RunError, read_config

AGGREGATORS = ("mean", "sum", "pcgrad", "cagrad", "mgda", "imtl_g", "nash_mtl", "aligned_mtl", "gradvac", "upgrad")
"""Names that `aggregate` knows."""

TaskChoice: TypeAlias = str | int | Sequence[str | int] | npt.NDArray[Any] | None


class Agent:
    """Trained Q-networks, one for all tasks or one for each, that act greedily.

    A row's Q-values have the same bits alone and among others, on every machine. Made by `sharedqn.load`, or from arrays:

    Args:
        weights: every tensor of the network by its name, as PyTorch's state_dict names and shapes them ("fc1.weight" is
            [out, in]); anything numpy takes as an array of float32
        tasks: names of the tasks it was trained on, in order; None: those that its networks are named after, else standard, windy
            and heavy, or, if it tells apart another number of tasks, tasks without names

    Raises:
        WeightsError: no network this library knows; the message names the tensor
        ValueError: the tasks do not fit the weights, or two of them have one name
        TypeError: weights that are no mapping, or tasks that are no names
    """

    def __init__(self, weights: Mapping[str, npt.ArrayLike], tasks: Sequence[str] | None = None) -> None:
        if not isinstance(weights, Mapping):
            raise TypeError(f"weights: must be tensors by name, such as a state_dict, not {type(weights).__name__}")
        if tasks is not None:
            tasks = _check_tasks(tasks)
        arrays = {_check_name("weights", name): _as_weights(str(name), value) for name, value in weights.items()}
        native = (NativeWeights * max(1, len(arrays)))()
        for slot, (name, array) in zip(native, arrays.items(), strict=False):
            slot.name, slot.rank, slot.data = name.encode(), array.ndim, array.ctypes.data
            slot.shape[: array.ndim] = array.shape
        names = None if tasks is None else [task.encode() for task in tasks]
        if names is not None and len(names) > MAX_AGENT_TASKS:
            raise ValueError(f"tasks: {len(names)}: at most {MAX_AGENT_TASKS}")
        handle, self._error = Handle(), NativeError()
        check(
            library.sdqn_agent_create(
                ctypes.addressof(native),
                len(arrays),
                None if names is None else (ctypes.c_char_p * max(1, len(names)))(*names),
                0 if names is None else len(names),
                ctypes.byref(handle),
                ctypes.addressof(self._error),
            ),
            self._error,
        )
        self._agent = handle.own(library.sdqn_agent_destroy)
        self._given = arrays, tasks
        self._lock = threading.Lock()
        count = library.sdqn_agent_num_tasks(self._agent)
        self.tasks: tuple[str, ...] = tuple(library.sdqn_agent_task_name(self._agent, i).decode() for i in range(count))
        """Names of the tasks it tells apart ("" for one without a name); empty if it plays every task alike."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._given

    def _rows(self, observations: npt.ArrayLike, task: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32] | None, bool]:
        """Observations [n, 8] and a task each, as C takes them, and whether there was but one row without a batch."""
        rows = as_array("observations", observations)
        if rows.dtype.kind not in "fiu":
            raise TypeError(f"observations: type {rows.dtype}: must be real numbers")
        single = rows.ndim == 1
        if rows.ndim not in (1, 2) or rows.shape[-1] != OBSERVATION_SIZE:
            raise ValueError(f"observations: shape {rows.shape}: must be ({OBSERVATION_SIZE},) or (n, {OBSERVATION_SIZE})")
        with np.errstate(over="ignore"):  # C names what becomes infinite
            rows = np.ascontiguousarray(rows.reshape(-1, OBSERVATION_SIZE), dtype=np.float32)
        return rows, self._task_rows(task, len(rows)), single

    def _task_rows(self, task: Any, n: int) -> npt.NDArray[np.int32] | None:
        if not self.tasks:
            return None
        if task is None:
            raise ValueError(f"task: the agent tells {len(self.tasks)} tasks apart: give a name or number ({self._known()})")
        if isinstance(task, np.ndarray) and task.ndim == 0:
            task = task.item()
        if isinstance(task, (str, int, np.integer)):
            return np.full(n, self._task_number(task), dtype=np.int32)
        if not isinstance(task, (Sequence, np.ndarray)) or isinstance(task, bytes):
            raise TypeError(f"task = {shorten(task)}: must be a name, a number, or a sequence with one for each observation")
        numbers = [self._task_number(each) for each in task]
        if len(numbers) != n:
            raise ValueError(f"task: {len(numbers)} tasks for {n} observations")
        return np.array(numbers, dtype=np.int32)

    def _task_number(self, task: Any) -> int:
        if isinstance(task, str) and task and task in self.tasks:
            return self.tasks.index(task)
        if isinstance(task, (int, np.integer)) and not isinstance(task, bool) and 0 <= task < len(self.tasks):
            return int(task)
        raise ValueError(f"task {shorten(task)}: the agent knows {self._known()}")

    def _known(self) -> str:
        return ", ".join(f"{i} {name}".strip() for i, name in enumerate(self.tasks))

    def q_values(self, observations: npt.ArrayLike, task: TaskChoice = None) -> npt.NDArray[np.float32]:
        """Q-values of the four actions.

        Args:
            observations: [8] or [n, 8], finite
            task: name or number, one for all rows or a sequence of n; may be None for an agent that plays every task alike

        Returns:
            float32 [4] or [n, 4]

        Raises:
            ValueError: wrong shape, a value that is not finite, or a task it does not know
            TypeError: observations that are no numbers
        """
        rows, tasks, single = self._rows(observations, task)
        q = np.empty((len(rows), NUM_ACTIONS), dtype=np.float32)
        self._call(parallel_library.sdqn_agent_q_values, rows, tasks, q)
        return q[0] if single else q

    def act(self, observations: npt.ArrayLike, task: TaskChoice = None) -> Any:
        """The action with the highest Q-value (the lowest of equal ones): an int for [8], an int64 array [n] for [n, 8].

        Arguments and errors are those of `q_values`.
        """
        rows, tasks, single = self._rows(observations, task)
        actions = np.empty(len(rows), dtype=np.int32)
        self._call(parallel_library.sdqn_agent_act, rows, tasks, actions)
        return int(actions[0]) if single else actions.astype(np.int64)

    def _call(self, function: Any, rows: npt.NDArray[np.float32], tasks: npt.NDArray[np.int32] | None, out: npt.NDArray[Any]) -> None:
        if len(rows) >= 2**31:
            raise ValueError(f"observations: {len(rows)} rows: must be below 2^31")
        with self._lock:
            address = None if tasks is None else tasks.ctypes.data
            status = function(self._agent, address, rows.ctypes.data, len(rows), out.ctypes.data, ctypes.addressof(self._error))
            check(status, self._error)

    def __repr__(self) -> str:
        return f"<sharedqn.Agent of {', '.join(name or '?' for name in self.tasks) or 'any task'}>"


def _as_weights(name: str, value: npt.ArrayLike) -> npt.NDArray[np.float32]:
    array = as_array(f"weights {name}", value)
    if array.dtype.kind not in "fiu" or array.ndim > 4:
        raise WeightsError(f"weights {name}: {array.dtype} {array.shape}: must be real numbers of at most 4 dimensions")
    with np.errstate(over="ignore"):  # C names what becomes infinite
        return np.array(array, dtype=np.float32, order="C")


def _check_name(what: str, name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{what}: {shorten(name)}: must be a name")
    if "\0" in name or not name.isprintable():
        raise ValueError(f"{what}: {shorten(name)}: is no name")
    return name


def _check_tasks(tasks: Any) -> tuple[str, ...]:
    if isinstance(tasks, (str, bytes)) or not isinstance(tasks, (Sequence, np.ndarray)):
        raise TypeError(f"tasks: must be a list of names, not {type(tasks).__name__}")
    names = tuple(_check_name("tasks", task) for task in tasks)
    if len(set(names)) < len(names):
        raise ValueError(f"tasks: {', '.join(names)}: two have one name")
    return names


def load(path: str | os.PathLike[str], tasks: Sequence[str] | None = None, which: str = "final") -> Agent:
    """Load an agent.

    Args:
        path: the folder of a run, or a weights file (safetensors, as sharedqn or PyTorch writes it)
        tasks: of a weights file: names of its tasks in order; see Agent. A run knows its own.
        which: of a run: "final" or "best" weights

    Raises:
        RunError: the folder is no run, or has no such weights yet
        OSError: the file cannot be read
        WeightsError: the file is damaged or of a network this library does not know
        ValueError: the tasks do not fit the weights
    """
    place = pathlib.Path(path)
    if which not in ("final", "best"):
        raise ValueError(f"which = {shorten(which)}: must be 'final' or 'best'")
    if not place.is_dir():
        if which != "final":
            raise ValueError(f"which = {which!r}: goes with the folder of a run; {place} is a weights file")
        return _agent_of_file(place, tasks)
    if tasks is not None:
        raise ValueError("tasks: a run knows its own; they go with a weights file")
    config = read_config(place)
    weights = place / f"{which}.safetensors"
    if not weights.is_file():
        raise RunError(f"{place}: holds no {weights.name}: the run is not that far")
    return _agent_of_file(weights, config["tasks"])


def _agent_of_file(path: pathlib.Path, tasks: Sequence[str] | None) -> Agent:
    weights = _read_weights(path)
    if not weights:
        raise WeightsError(f"{path}: holds no weights")
    try:
        return Agent(weights, tasks)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error


def _read_weights(path: pathlib.Path) -> dict[str, npt.NDArray[Any]]:
    import safetensors
    import safetensors.numpy

    try:
        return safetensors.numpy.load(path.read_bytes())
    except KeyError as error:
        raise WeightsError(f"{path}: holds numbers of type {error.args[0]}, which numpy does not have: convert them to float32") from error
    except (safetensors.SafetensorError, ValueError) as error:
        raise WeightsError(f"{path}: {error}") from error


def aggregate(name: str, gradients: npt.ArrayLike, seed: int = 0) -> npt.NDArray[np.float32]:
    """One update direction from the gradients of several tasks.

    Args:
        name: one of `sharedqn.AGGREGATORS`
        gradients: [tasks, parameters], finite; taken as float32; 1 to 16 tasks
        seed: of the random orders of pcgrad and gradvac, in [0, 2^64)

    Returns:
        float32 [parameters]; the same bits on every machine

    Raises:
        ValueError: another name, shape or range, or a value that is not finite
        FloatingPointError: the direction exceeds the range of float32
    """
    if name not in AGGREGATORS:
        raise ValueError(f"name = {shorten(name)}: must be one of {', '.join(AGGREGATORS)}")
    given = as_array("gradients", gradients)
    if given.dtype.kind not in "fiu":
        raise TypeError(f"gradients: type {given.dtype}: must be real numbers")
    with np.errstate(over="ignore"):  # what becomes infinite is named below
        rows = np.require(given, dtype=np.float32, requirements=["C_CONTIGUOUS", "ALIGNED"])
    if rows.ndim != 2 or not 1 <= rows.shape[0] <= MAX_AGGREGATED_TASKS or rows.shape[1] < 1:
        raise ValueError(f"gradients: shape {given.shape}: must be (tasks, parameters), 1 to {MAX_AGGREGATED_TASKS} tasks")
    if not np.isfinite(rows).all():
        raise ValueError("gradients: hold a NaN or an infinity (as float32)")
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise ValueError(f"seed = {shorten(seed)}: must be an integer in [0, 2^64)")
    out = np.empty(rows.shape[1], dtype=np.float32)
    status = parallel_library.sdqn_aggregate(name.encode(), rows.ctypes.data, rows.shape[0], rows.shape[1], int(seed), out.ctypes.data)
    if status == 5:
        raise FloatingPointError(f"{name}: the direction exceeds the range of float32")
    if status != 0:
        raise ValueError(f"{name}: the gradients were refused")
    return out
