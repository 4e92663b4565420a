"""Make tests/data/torch.safetensors: what PyTorch computes for networks, losses and Adam, to compare ours with.

Usage, in a virtual environment with tools/requirements-torch.txt: python tools/make_torch_data.py [OUTPUT]

Networks are run in float64 from float32 inputs, so that the figures are exact to float32 and the tests measure our rounding alone.
Adam is run in float32, as a training does. All values are stored as float32.
"""

import sys

import numpy as np
import torch
from safetensors.numpy import save_file

OUTPUT = "tests/data/torch.safetensors"
ADAM_STEPS, ADAM_PARAMETERS, ADAM_LEARNING_RATE = 100, 24, 5e-4
SAMPLE_STRIDE = 41  # of the default network's gradient, every so many values are kept


class QNetwork(torch.nn.Module):
    """The Q-network of SPEC: observation (and task embedding) -> fc1, ReLU -> fc2, ReLU -> fc3."""

    def __init__(self, observation, tasks, embedding, hidden1, hidden2, actions):
        super().__init__()
        self.fc1 = torch.nn.Linear(observation + embedding, hidden1)
        self.fc2 = torch.nn.Linear(hidden1, hidden2)
        self.fc3 = torch.nn.Linear(hidden2, actions)
        if embedding:
            self.task_embedding = torch.nn.Embedding(tasks, embedding)
        self.double()

    def forward(self, observation, task):
        parts = [observation]
        if hasattr(self, "task_embedding"):
            parts.append(self.task_embedding(task))
        x = torch.relu(self.fc1(torch.cat(parts, dim=1)))
        return self.fc3(torch.relu(self.fc2(x)))


def flat_parameters(network):
    """Parameters in the order of sdqn_q_network_parameters."""
    names = [f"fc{i}.{kind}" for i in (1, 2, 3) for kind in ("weight", "bias")]
    if hasattr(network, "task_embedding"):
        names.append("task_embedding.weight")
    parameters = dict(network.named_parameters())
    return [(name, parameters[name]) for name in names]


def mean_squared_td_error(network, observation, task, action, y):
    q = network(observation, task)
    loss = torch.nn.functional.mse_loss(q.gather(1, action[:, None])[:, 0], y)
    loss.backward()
    return q.detach(), loss.detach()


def small_network(prefix, embedding, out):
    """A network with odd sizes, all of its inputs, outputs and gradients."""
    observation_size, tasks, hidden1, hidden2, actions, rows = 5, 3, 19, 7, 4, 11
    network = QNetwork(observation_size, tasks, embedding, hidden1, hidden2, actions)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn_like(parameter).mul(0.5).float())
    observation = torch.randn(rows, observation_size).double()
    task = torch.randint(0, tasks, (rows,))
    action = torch.randint(0, actions, (rows,))
    y = torch.randn(rows).double()
    q, loss = mean_squared_td_error(network, observation, task, action, y)
    for name, parameter in flat_parameters(network):
        out[f"{prefix}.{name}"] = parameter.detach()
        out[f"{prefix}.gradient.{name}"] = parameter.grad
    out.update({f"{prefix}.observation": observation, f"{prefix}.task": task, f"{prefix}.action": action, f"{prefix}.y": y})
    out.update({f"{prefix}.q": q, f"{prefix}.loss": loss.reshape(1)})


def scattered(first, shape, scale):
    """Values in [-scale, scale) from a hash of first, first + 1, ...; exact in float32 if scale is a power of two. Repeated in the tests."""
    x = np.arange(first, first + int(np.prod(shape)), dtype=np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return torch.from_numpy(((x >> np.uint32(8)).astype(np.float64) - 2**23) / 2**23 * scale).reshape(shape)


def default_network(out):
    """The default network on a batch of 64; the inputs are scattered(), so that only outputs are stored."""
    rows = 64
    network = QNetwork(8, 3, 8, 256, 128, 4)
    offset = 0
    with torch.no_grad():
        for _, parameter in flat_parameters(network):
            parameter.copy_(scattered(offset, tuple(parameter.shape), 0.125))
            offset += parameter.numel()
    observation = scattered(1_000_000, (rows, 8), 1.0)
    y = scattered(2_000_000, (rows,), 1.0)
    task, action = torch.arange(rows) % 3, torch.arange(rows) // 3 % 4
    q, loss = mean_squared_td_error(network, observation, task, action, y)
    gradient = torch.cat([parameter.grad.reshape(-1) for _, parameter in flat_parameters(network)])
    out.update({"default.q": q, "default.loss": loss.reshape(1), "default.gradient": gradient[::SAMPLE_STRIDE]})


def adam(out):
    """Float32 parameters after each of 100 steps on gradients of many magnitudes, some zero for a while or for ever."""
    start = torch.randn(ADAM_PARAMETERS)
    magnitude = 10.0 ** torch.linspace(-7, 3, ADAM_PARAMETERS)
    gradients = torch.randn(ADAM_STEPS, ADAM_PARAMETERS) * magnitude
    gradients[:, 3] = 0.0
    gradients[20:, 5] = 0.0
    gradients[:50, 7] = 0.0
    parameter = torch.nn.Parameter(start.clone())
    optimiser = torch.optim.Adam([parameter], lr=ADAM_LEARNING_RATE)
    after = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimiser.step()
        after.append(parameter.detach().clone())
    out.update({"adam.start": start, "adam.gradients": gradients, "adam.after": torch.stack(after)})


def main():
    torch.manual_seed(20261124)
    torch.set_num_threads(1)
    out = {}
    small_network("shared", 6, out)
    small_network("single", 0, out)
    default_network(out)
    adam(out)
    save_file({name: np.ascontiguousarray(value.numpy().astype(np.float32)) for name, value in out.items()}, *(sys.argv[1:] or [OUTPUT]))


if __name__ == "__main__":
    main()
