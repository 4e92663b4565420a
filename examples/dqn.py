"""DQN in PyTorch on 64 LunarLanders stepped together; the weights go on to sharedqn.

    python examples/dqn.py --task standard --steps 200000 --out lander.safetensors
    build/sharedqn evaluate --weights lander.safetensors --task standard

Seed 1 earned 164.7 in the end; one run is an anecdote.
"""

import argparse

import numpy as np
import safetensors.torch
import torch

import sharedqn

ENVIRONMENTS, CAPACITY, BATCH, GAMMA = 64, 100_000, 128, 0.99


class QNetwork(torch.nn.Module):
    """8-256-128-4, with the names that sharedqn knows."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = torch.nn.Linear(8, 256), torch.nn.Linear(256, 128), torch.nn.Linear(128, 4)

    def forward(self, x):
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


class Replay:
    """A ring of transitions."""

    def __init__(self):
        self.arrays = [np.zeros((CAPACITY, *shape), kind) for shape, kind in
                       (((8,), "f4"), ((), "i8"), ((), "f4"), ((8,), "f4"), ((), "f4"))]  # fmt: skip
        self.count = 0

    def push(self, *columns):
        rows = np.arange(self.count, self.count + len(columns[0])) % CAPACITY
        for array, column in zip(self.arrays, columns, strict=True):
            array[rows] = column
        self.count += len(rows)

    def sample(self, rng):
        rows = rng.integers(0, min(self.count, CAPACITY), BATCH)
        return [torch.from_numpy(array[rows]) for array in self.arrays]


def successors(observations, infos):
    """What followed each action: of episodes that ended, their last observations, not the first of the next."""
    after = observations.copy()
    for i in np.flatnonzero(infos.get("_final_obs", ())):
        after[i] = infos["final_obs"][i]
    return after


def train(task, steps, seed):
    """Returns the network after so many steps of the 64 environments together."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # faster for networks this small
    envs = sharedqn.LunarLanderVector(ENVIRONMENTS, task=task, autoreset_mode="SameStep")
    q, target, replay = QNetwork(), QNetwork(), Replay()
    target.load_state_dict(q.state_dict())
    optimizer = torch.optim.Adam(q.parameters(), lr=5e-4)
    observations, _ = envs.reset(seed=seed)
    returns, recent = np.zeros(ENVIRONMENTS), []
    rounds = steps // ENVIRONMENTS
    for k in range(rounds):
        epsilon = max(0.02, 1 - 2 * k / rounds)
        with torch.no_grad():
            greedy = q(torch.from_numpy(observations)).argmax(dim=1).numpy()
        actions = np.where(rng.random(ENVIRONMENTS) < epsilon, rng.integers(0, 4, ENVIRONMENTS), greedy)
        after, rewards, terminated, truncated, infos = envs.step(actions)
        replay.push(observations, actions, rewards, successors(after, infos), terminated)
        observations, returns, ended = after, returns + rewards, terminated | truncated
        recent = (recent + returns[ended].tolist())[-200:]
        returns[ended] = 0.0
        if replay.count < 5000:
            continue
        for _ in range(16):
            s, a, r, t, done = replay.sample(rng)
            with torch.no_grad():
                y = r + GAMMA * (1 - done) * target(t).max(dim=1).values
            loss = torch.nn.functional.mse_loss(q(s).gather(1, a.unsqueeze(1)).squeeze(1), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if k % 25 == 0:
            target.load_state_dict(q.state_dict())
        if k % 100 == 0:
            print(f"{(k + 1) * ENVIRONMENTS} steps: mean return of the last {len(recent)} episodes {np.mean(recent or [np.nan]):.1f}")
    return q


def evaluate(agent, task, episodes=100):
    """Mean return of greedy episodes, all played at once."""
    envs = sharedqn.LunarLanderVector(episodes, task=task, autoreset_mode="NextStep")
    observations, _ = envs.reset(seed=1_000_000)
    returns, over = np.zeros(episodes), np.zeros(episodes, bool)
    while not over.all():
        observations, rewards, terminated, truncated, _ = envs.step(agent.act(observations))
        returns[~over] += rewards[~over]
        over |= terminated | truncated
    return returns.mean()


def main():
    parser = argparse.ArgumentParser(description="DQN in PyTorch on sharedqn's LunarLander.")
    parser.add_argument("--task", default="standard", choices=list(sharedqn.TASKS))
    parser.add_argument("--steps", type=int, default=200_000, help="environment steps (default 200000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="lander.safetensors")
    arguments = parser.parse_args()
    q = train(arguments.task, arguments.steps, arguments.seed)
    safetensors.torch.save_file(q.state_dict(), arguments.out)
    mean = evaluate(sharedqn.load(arguments.out), arguments.task)
    print(f"mean return of 100 greedy episodes: {mean:.1f}; weights in {arguments.out}")


if __name__ == "__main__":
    main()
