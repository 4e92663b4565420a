"""Make tests/data/training.jsonl: the first episodes of a Shared DQN training written in plain PyTorch on Gymnasium itself.

    make_training_data.py [--out FILE]

Run it in a virtual environment with both tools/requirements-oracle.txt and tools/requirements-torch.txt. Nothing of ours takes part but
the order of random draws: numpy's generators, spawned by purpose from the run's seed, the exploration's, the replay sampler's and the
initial weights' draws as src/dqn and src/nn document them. So the same transitions meet the same batches, and what `sharedqn train` writes
to metrics.jsonl must agree: all but the losses bit for bit, and those to the drift of float32 rounding. The network is float64 here.

The settings are those of tests/test_e2e_training.c: a small replay ring, so that it wraps, and many target copies. Rounding errors grow
until they change an action, sooner or later: with this seed not in the first 9 episodes, in float32 neither.
"""

import argparse
import json
import math

import numpy as np
import torch

import oracle_env

SEED = 5
EPISODES = 9
# The third ends before most landings: time limits are no terminations.
TASKS = {"standard": "standard", "windy": "windy", "brief": {"gravity": -12.5, "time_limit_steps": 60}}
LEARNING_RATE, GAMMA, BATCH_SIZE = 5e-4, 0.99, 64
REPLAY_CAPACITY, MIN_REPLAY_SIZE, TARGET_PERIOD = 400, 80, 2
EPSILON_DECAY, EPSILON_FLOOR = 0.85, 0.3

WEIGHTS, EXPLORATION, REPLAY, ENVIRONMENT = 0, 1, 2, 5  # children of the seed: SdqnStream


def generator(*key):
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(SEED, spawn_key=key)))


class QNetwork(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = torch.nn.Linear(16, 256)
        self.fc2 = torch.nn.Linear(256, 128)
        self.fc3 = torch.nn.Linear(128, 4)
        self.task_embedding = torch.nn.Embedding(3, 8)
        self.double()

    def forward(self, observation, task):
        x = torch.cat([observation, self.task_embedding(task)], dim=1)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def initialise(network):
    """Kaiming normal weights (fan_in, gain sqrt 2), zero biases, embedding N(0, 0.1^2), rounded to float32; normals by Box-Muller."""
    rng = generator(WEIGHTS)

    def normals(shape, deviation):
        values = np.empty(shape, np.float32)
        for i in range(values.size):
            radius = math.sqrt(-2.0 * math.log(1.0 - rng.random()))
            values.flat[i] = deviation * (radius * math.cos(2.0 * math.pi * rng.random()))
        return torch.from_numpy(values)

    with torch.no_grad():
        for layer in (network.fc1, network.fc2, network.fc3):
            layer.weight.copy_(normals(tuple(layer.weight.shape), math.sqrt(2.0 / layer.in_features)))
            layer.bias.zero_()
        network.task_embedding.weight.copy_(normals((3, 8), 0.1))


class Replay:
    """A ring of transitions; batches by Floyd's algorithm."""

    def __init__(self):
        self.rows, self.next, self.rng = [], 0, generator(REPLAY)

    def push(self, row):
        if len(self.rows) < REPLAY_CAPACITY:
            self.rows.append(row)
        else:
            self.rows[self.next] = row
        self.next = (self.next + 1) % REPLAY_CAPACITY

    def sample(self):
        drawn = []
        for last in range(len(self.rows) - BATCH_SIZE, len(self.rows)):
            row = int(self.rng.integers(0, last + 1))
            drawn.append(last if row in drawn else row)
        columns = zip(*(self.rows[row] for row in drawn))
        return [torch.from_numpy(np.array(column)) for column in columns]


class Learner:
    def __init__(self):
        self.network, self.target = QNetwork(), QNetwork()
        initialise(self.network)
        self.copy_target()
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE)

    def copy_target(self):
        self.target.load_state_dict(self.network.state_dict())

    def greedy_action(self, observation, task):
        with torch.no_grad():
            q = self.network(torch.from_numpy(observation[None]).double(), torch.tensor([task]))
        return int(q.argmax())

    def update(self, batch):
        """One step; returns the mean squared TD error before it."""
        observation, action, reward, next_observation, terminated, task = batch
        with torch.no_grad():
            best = self.target(next_observation.double(), task).max(dim=1).values
            y = reward.double() + GAMMA * best * (1.0 - terminated)
        q = self.network(observation.double(), task).gather(1, action[:, None])[:, 0]
        loss = torch.nn.functional.mse_loss(q, y)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss.item()


class Training:
    def __init__(self):
        self.learner, self.replay, self.exploration = Learner(), Replay(), generator(EXPLORATION)
        self.tasks = [oracle_env.task_of(task) for task in TASKS.values()]
        self.environments = [oracle_env.make_env(task) for task in self.tasks]
        for task, environment in enumerate(self.environments):
            environment.np_random = generator(ENVIRONMENT, task)
        self.steps = self.updates = 0
        self.decay = 1.0  # EPSILON_DECAY^episode

    def act(self, observation, task, epsilon):
        if self.exploration.random() < epsilon:
            return int(self.exploration.integers(0, 4))
        return self.learner.greedy_action(observation, task)

    def episode(self, number):
        """Run an episode and all that follows it; returns what metrics.jsonl says of it."""
        task = number % len(TASKS)
        environment, limit = self.environments[task], self.tasks[task]["time_limit_steps"]
        epsilon = max(EPSILON_FLOOR, self.decay)
        observation, _ = environment.reset()
        total, steps, terminated, losses = 0.0, 0, False, []
        while not terminated and steps < limit:
            action = self.act(observation, task, epsilon)
            following, reward, terminated, _, _ = environment.step(action)
            self.replay.push((observation, action, np.float32(reward), following, float(terminated), task))
            if len(self.replay.rows) > MIN_REPLAY_SIZE:
                losses.append(self.learner.update(self.replay.sample()))
            total += float(reward)
            steps += 1
            observation = following
        if number > 0 and number % TARGET_PERIOD == 0:
            self.learner.copy_target()
        self.decay *= EPSILON_DECAY
        self.steps += steps
        self.updates += len(losses)
        return {
            "episode": number,
            "task": list(TASKS)[task],
            "return": total,
            "steps": steps,
            "terminated": terminated,
            "epsilon": epsilon,
            "loss": sum(losses) / len(losses) if losses else None,
            "total_steps": self.steps,
            "total_updates": self.updates,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="tests/data/training.jsonl")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    training = Training()
    with open(arguments.out, "w", encoding="ascii") as file:
        for number in range(EPISODES):
            file.write(json.dumps(training.episode(number)) + "\n")


if __name__ == "__main__":
    main()
