"""Ids for gymnasium.make and gymnasium.make_vec."""

from __future__ import annotations

import gymnasium

_IDS = {
    "LunarLander-v3": ("standard", False, 200.0),
    "LunarLanderContinuous-v3": ("standard", True, 200.0),
    "LunarLanderWindy-v3": ("windy", False, None),
    "LunarLanderHeavy-v3": ("heavy", False, 200.0),
    "LunarLanderGymwind-v3": ("gymwind", False, 200.0),
}


def register() -> None:
    """Register the ids, as `import sharedqn` does. A second call does nothing."""
    from .tasks import TASKS

    for name, (task, continuous, threshold) in _IDS.items():
        if f"sharedqn/{name}" in gymnasium.registry:
            continue
        gymnasium.register(
            id=f"sharedqn/{name}",
            entry_point="sharedqn:LunarLander",
            vector_entry_point="sharedqn:LunarLanderVector",
            max_episode_steps=TASKS[task].time_limit_steps,
            reward_threshold=threshold,
            kwargs={"task": task, **({"continuous": True} if continuous else {})},
        )
