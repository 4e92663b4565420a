"""LunarLander with the bits of Gymnasium's, many times as fast, and the agents that sharedqn trains in it.

    import gymnasium, sharedqn
    env = gymnasium.make("sharedqn/LunarLander-v3")            # or sharedqn.LunarLander(task="windy")
    envs = sharedqn.LunarLanderVector(64, task="heavy")        # 64 stepped together
    agent = sharedqn.load("runs/mine")                         # a run, or a weights file
    action = agent.act(env.reset(seed=1)[0], "standard")
    returns = sharedqn.read_run("runs/mine").metrics["return"]

The page docs/python.md of the project shows more.
"""

from __future__ import annotations

from ._native import SharedqnError, WeightsError
from ._native import library as _library
from ._registration import register as _register
from .agent import AGGREGATORS, Agent, aggregate, load
from .env import LunarLander
from .runs import Run, RunError, Study, StudyRun, read_run, read_study
from .tasks import TASKS, Task
from .vector import LunarLanderVector

__version__: str = _library.sdqn_version().decode()

__all__ = [
    "AGGREGATORS",
    "TASKS",
    "Agent",
    "LunarLander",
    "LunarLanderVector",
    "Run",
    "RunError",
    "SharedqnError",
    "Study",
    "StudyRun",
    "Task",
    "WeightsError",
    "__version__",
    "aggregate",
    "load",
    "read_run",
    "read_study",
]

_register()
