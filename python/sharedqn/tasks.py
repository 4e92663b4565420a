"""LunarLander tasks: the built-in ones, and tasks of one's own."""

from __future__ import annotations

import ctypes
import dataclasses
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from ._native import NativeError, NativeTask, check, library

WindKind = Literal["none", "uniform", "gymnasium"]
_WINDS: tuple[WindKind, ...] = ("none", "uniform", "gymnasium")


@dataclasses.dataclass(frozen=True)
class Task:
    """A LunarLander task. The defaults are Gymnasium's LunarLander-v3.

    Attributes:
        name: 1 to 31 of a-z, 0-9, _ and -
        gravity: of the world, in [-100, 0)
        wind: "none"; "uniform": a horizontal force U(-wind_power, wind_power) before every step; "gymnasium": Gymnasium's
            enable_wind
        wind_power: newtons, in [0, 1000]
        turbulence_power: newton metres, in [0, 1000], of wind "gymnasium" only
        wind_on_ground: whether the wind blows also while a leg touches the ground (Gymnasium's own does not)
        initial_random: the force that begins an episode is drawn from U(-r, r) on each axis, newtons, in [0, 100000]
        main_engine_power: in [0, 1000]
        side_engine_power: in [0, 1000]
        time_limit_steps: steps after which an episode is truncated, in [1, 1000000]

    Raises:
        ValueError: a field is out of range; the message names it
        TypeError: a field is not a number
    """

    name: str = "custom"
    gravity: float = -10.0
    wind: WindKind = "none"
    wind_power: float = 0.0
    turbulence_power: float = 0.0
    wind_on_ground: bool = True
    initial_random: float = 1000.0
    main_engine_power: float = 13.0
    side_engine_power: float = 0.6
    time_limit_steps: int = 1000

    def __post_init__(self) -> None:
        self._native()

    def _native(self) -> NativeTask:
        """The same for C, checked there."""
        if self.wind not in _WINDS:
            raise ValueError(f"task {self.name}: wind = {self.wind!r}: must be one of {', '.join(_WINDS)}")
        name = str(self.name).encode()
        if len(name) > 31:
            raise ValueError(f"task name = {self.name!r}: must be 1 to 31 of a-z, 0-9, _ and -")
        if not -(2**31) <= self.time_limit_steps < 2**31:
            raise ValueError(f"task {self.name}: time_limit_steps = {self.time_limit_steps}: must be in [1, 1000000]")
        native = NativeTask(
            name=name,
            gravity=self.gravity,
            wind=_WINDS.index(self.wind),
            wind_power=self.wind_power,
            turbulence_power=self.turbulence_power,
            wind_on_ground=bool(self.wind_on_ground),
            initial_random=self.initial_random,
            main_engine_power=self.main_engine_power,
            side_engine_power=self.side_engine_power,
            time_limit_steps=self.time_limit_steps,
        )
        error = NativeError()
        check(library.sdqn_task_check(ctypes.byref(native), ctypes.byref(error)), error)
        return native


def _builtin(name: str) -> Task:
    native = library.sdqn_task_find(name.encode()).contents
    fields: dict[str, Any] = {field.name: getattr(native, field.name) for field in dataclasses.fields(Task)}
    fields["name"], fields["wind"], fields["wind_on_ground"] = name, _WINDS[native.wind], bool(native.wind_on_ground)
    return Task(**fields)


TASKS: Mapping[str, Task] = MappingProxyType({name: _builtin(name) for name in ("standard", "windy", "heavy", "gymwind")})
"""The built-in tasks by name: standard, windy, heavy, gymwind."""


def find_task(task: str | Task) -> Task:
    """A built-in task by name; a Task is returned as it is.

    Raises:
        ValueError: there is no such task; the message names those there are
        TypeError: neither a name nor a Task
    """
    if isinstance(task, Task):
        return task
    if not isinstance(task, str):
        raise TypeError(f"task: must be a name or a sharedqn.Task, not {type(task).__name__}")
    if task not in TASKS:
        raise ValueError(f"task {task!r}: must be one of {', '.join(TASKS)}, or a sharedqn.Task")
    return TASKS[task]


def adjust_task(
    task: str | Task,
    gravity: float | None = None,
    enable_wind: bool | None = None,
    wind_power: float | None = None,
    turbulence_power: float | None = None,
) -> Task:
    """A task with Gymnasium's arguments laid over it; None leaves the task's own value.

    `enable_wind=True` is Gymnasium's wind with its defaults (15, 1.5) unless the task has it already; False is none.
    As in Gymnasium, the powers of a wind that does not blow are not looked at.
    """
    found = find_task(task)
    changes: dict[str, Any] = {}
    if gravity is not None:
        changes["gravity"] = float(gravity)
    wind = found.wind if enable_wind is None else "gymnasium" if enable_wind else "none"
    if wind != found.wind:
        changes["wind"] = wind
        changes["wind_power"], changes["turbulence_power"] = (15.0, 1.5) if wind == "gymnasium" else (0.0, 0.0)
        changes["wind_on_ground"] = wind != "gymnasium"
    if wind != "none" and wind_power is not None:
        changes["wind_power"] = float(wind_power)
    if wind == "gymnasium" and turbulence_power is not None:
        changes["turbulence_power"] = float(turbulence_power)
    return dataclasses.replace(found, **changes) if changes else found


def step_limit(task: Task, max_episode_steps: int | None) -> float:
    """Steps after which an episode is truncated: the task's own (None), no limit (-1), or a number."""
    if max_episode_steps is None:
        return task.time_limit_steps
    if max_episode_steps == -1:
        return math.inf
    if isinstance(max_episode_steps, bool) or not isinstance(max_episode_steps, int) or max_episode_steps < 1:
        raise ValueError(f"max_episode_steps = {max_episode_steps!r}: must be None (the task's own), -1 (no limit) or at least 1")
    return max_episode_steps
