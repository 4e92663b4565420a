"""Other people's programs train on the environments."""

import json
import os
import pathlib
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3 import DQN, PPO

import sharedqn

torch.set_num_threads(1)
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["sharedqn/LunarLander-v3", "sharedqn/LunarLanderWindy-v3"])
def test_dqn_of_stable_baselines(name):
    model = DQN("MlpPolicy", gymnasium.make(name), learning_starts=200, seed=1)
    model.learn(1500)
    assert model.num_timesteps == 1500


@pytest.mark.parametrize("continuous", [False, True])
def test_ppo_of_stable_baselines(continuous):
    model = PPO("MlpPolicy", sharedqn.LunarLander(continuous=continuous, task="heavy"), n_steps=256, seed=1)
    model.learn(600)
    assert model.num_timesteps == 768


def test_a_loop_in_the_manner_of_cleanrl():
    """DQN over the vector environment with its observations of ends, mode SameStep; it must learn something."""
    rng = np.random.default_rng(1)
    torch.manual_seed(1)
    envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(sharedqn.LunarLanderVector(16, autoreset_mode="SameStep"))
    q = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 4))
    optimizer = torch.optim.Adam(q.parameters(), lr=1e-3)
    observations, _ = envs.reset(seed=1)
    losses, returns, memory = [], [], []
    for step in range(400):
        greedy = q(torch.from_numpy(observations)).argmax(dim=1).numpy()
        actions = np.where(rng.random(16) < 0.3, rng.integers(0, 4, 16), greedy)
        after, rewards, terminations, truncations, infos = envs.step(actions)
        successors = after.copy()
        for i in np.flatnonzero(infos.get("_final_obs", np.zeros(16, bool))):
            successors[i] = infos["final_obs"][i]
        if "episode" in infos:
            returns += infos["episode"]["r"][infos["_episode"]].tolist()
        memory.append((observations, actions, rewards.astype(np.float32), successors, terminations))
        observations = after
        if step < 20:
            continue
        s, a, r, t, d = (torch.from_numpy(x) for x in memory[int(rng.integers(len(memory)))])
        with torch.no_grad():
            y = r / 100 + 0.99 * q(t).max(dim=1).values * ~d
        loss = torch.nn.functional.smooth_l1_loss(q(s).gather(1, a.unsqueeze(1)).squeeze(1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert len(returns) >= 20 and np.isfinite(returns).all()
    assert np.mean(losses[-50:]) < np.mean(losses[:50])


def test_the_example_trains_and_its_weights_go_on_to_the_program(tmp_path):
    """examples/dqn.py, for a moment."""
    weights = tmp_path / "weights.safetensors"
    command = [sys.executable, REPOSITORY / "examples" / "dqn.py", "--steps", "8000", "--out", weights]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = float(run.stdout.split("greedy episodes: ")[1].split(";")[0])
    if "SHAREDQN" not in os.environ:
        pytest.skip("SHAREDQN does not name the program")
    command = [os.environ["SHAREDQN"], "evaluate", "--weights", weights, "--task", "standard", "--json"]
    tasks = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["tasks"]
    assert found == pytest.approx(tasks["standard"]["mean"], abs=0.051)  # the same episodes, printed with one decimal
