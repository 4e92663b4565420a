"""Make tests/data/bronet.safetensors: what PyTorch computes for BroNet, dueling outputs and the categorical loss.

Usage, in a virtual environment with tools/requirements-torch.txt: python tools/make_bronet_data.py [OUTPUT]

Networks and losses are in float64 from float32 inputs, so that the figures are exact to float32. The projection is the triangular kernel
sum_j p_j max(0, 1 - |T z_j - z_i| / gap), written for all pairs of atoms at once. Training steps with AdamW and clipping are in float32.
Parameters are stored flat, in the order of sdqn_q_network_parameters.
"""

import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn import functional

OUTPUT = "tests/data/bronet.safetensors"
ROWS, OBSERVATION, TASKS, EMBEDDING, ACTIONS, SIZE, SECOND, BLOCKS = 13, 5, 3, 6, 4, 21, 9, 2
LOW, HIGH, GAMMA, STEPS = -100.0, 300.0, 0.99, 10


class Network(torch.nn.Module):
    """One of the architectures of src/nn/architectures.c; modules are made in the order of the flat parameters."""

    def __init__(self, kind, dueling, values):
        super().__init__()
        linear, norm = torch.nn.Linear, torch.nn.LayerNorm
        self.kind, self.values = kind, values
        self.layers = torch.nn.ModuleList([linear(OBSERVATION + EMBEDDING, SIZE)])
        if kind == "mlp":
            self.layers.append(linear(SIZE, SECOND))
        for block in range(BLOCKS if kind == "bronet" else 0):
            self.layers.extend([norm(SIZE), linear(SIZE, SIZE), linear(SIZE, SIZE)])
        if kind in ("bronet", "published"):
            self.layers.append(norm(SIZE))
        for block in range(BLOCKS if kind == "published" else 0):
            self.layers.extend([linear(SIZE, SIZE), norm(SIZE), linear(SIZE, SIZE), norm(SIZE)])
        last = SECOND if kind == "mlp" else SIZE
        self.head = linear(last, ACTIONS * values)
        self.value = linear(last, values) if dueling else None
        self.embedding = torch.nn.Embedding(TASKS, EMBEDDING)

    def hidden(self, x):
        layers = list(self.layers)
        x = layers.pop(0)(x)
        if self.kind == "mlp":
            return torch.relu(layers.pop(0)(torch.relu(x)))
        x = torch.relu(layers.pop(0)(x)) if self.kind == "published" else torch.relu(x)
        for _ in range(BLOCKS):
            if self.kind == "published":
                linear1, norm1, linear2, norm2 = (layers.pop(0) for _ in range(4))
                x = x + norm2(linear2(torch.relu(norm1(linear1(x)))))
            else:
                norm, linear1, linear2 = (layers.pop(0) for _ in range(3))
                x = x + linear2(torch.relu(linear1(norm(x))))
        return x if self.kind == "published" else layers.pop(0)(x)

    def forward(self, observation, task):
        x = self.hidden(torch.cat([observation, self.embedding(task)], dim=1))
        outputs = self.head(x).reshape(-1, ACTIONS, self.values)
        if self.value is not None:
            outputs = outputs - outputs.mean(dim=1, keepdim=True) + self.value(x)[:, None, :]
        return outputs if self.values > 1 else outputs[:, :, 0]


def randomise(network):
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.randn_like(parameter).mul(0.3))


def flat(network, gradient=False):
    return torch.cat([(p.grad if gradient else p.detach()).reshape(-1) for p in network.parameters()])


def batch():
    """Rewards that fall on atoms, between them, on both edges and outside; terminal rows among them."""
    reward = torch.tensor([-100.0, -100.0, 0.0, 1.25, -3.5, 300.0, 350.0, -250.0, 40.0, 100.0, -0.5, 7.75, -100.0])
    terminated = torch.tensor([1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1])
    steps = torch.tensor([0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 3, 0, 1])
    return {"observation": torch.randn(ROWS, OBSERVATION), "next_observation": torch.randn(ROWS, OBSERVATION),
            "task": torch.arange(ROWS) % TASKS, "action": torch.arange(ROWS) * 7 % ACTIONS, "reward": reward, "terminated": terminated,
            "discount": torch.tensor(GAMMA) ** (steps + 1)}


def project(probabilities, support, reward, discount):
    """Triangular kernel: [rows, atoms] of reward + discount * Z on the support."""
    gap = support[1] - support[0]
    moved = (reward[:, None] + discount[:, None] * support[None, :]).clamp(LOW, HIGH)
    share = (1 - (moved[:, :, None] - support[None, None, :]).abs() / gap).clamp(min=0)
    return (probabilities[:, :, None] * share).sum(dim=1)


def cross_entropy(network, b, target):
    logits = network(b["observation"], b["task"])[torch.arange(ROWS), b["action"]]
    return -(target * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()


def categorical(prefix, kind, dueling, atoms, out):
    network, behind = Network(kind, dueling, atoms), Network(kind, dueling, atoms)
    randomise(network), randomise(behind)
    out[f"{prefix}.parameters"], out[f"{prefix}.target_parameters"] = flat(network), flat(behind)
    b = batch()
    out.update({f"{prefix}.{name}": value for name, value in b.items()})
    b = {name: value.double() if value.is_floating_point() else value for name, value in b.items()}
    network.double(), behind.double()
    support = torch.linspace(LOW, HIGH, atoms, dtype=torch.float64)
    with torch.no_grad():
        chosen = (network(b["next_observation"], b["task"]).softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
        following = behind(b["next_observation"], b["task"]).softmax(dim=2)[torch.arange(ROWS), chosen]
        target = project(following, support, b["reward"], b["discount"] * (1 - b["terminated"]))
    loss = cross_entropy(network, b, target)
    loss.backward()
    q = (network(b["observation"], b["task"]).softmax(dim=2) * support).sum(dim=2)
    out.update({f"{prefix}.target": target, f"{prefix}.loss": loss.detach().reshape(1), f"{prefix}.gradient": flat(network, True)})
    out.update({f"{prefix}.outputs": network(b["observation"], b["task"]).detach(), f"{prefix}.q": q.detach()})
    network.float()
    network.zero_grad()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.1)
    b = {name: value.float() if value.is_floating_point() else value for name, value in b.items()}
    for _ in range(STEPS):
        optimiser.zero_grad()
        cross_entropy(network, b, target.float()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimiser.step()
    out[f"{prefix}.after"] = flat(network)


def values(prefix, kind, dueling, out):
    network = Network(kind, dueling, 1)
    randomise(network)
    out[f"{prefix}.parameters"] = flat(network)
    b = batch()
    out.update({f"{prefix}.{name}": value for name, value in b.items()})
    network.double()
    q = network(b["observation"].double(), b["task"])
    loss = functional.mse_loss(q[torch.arange(ROWS), b["action"]], b["reward"].double() / 100)
    loss.backward()
    out.update({f"{prefix}.outputs": q.detach(), f"{prefix}.loss": loss.detach().reshape(1), f"{prefix}.gradient": flat(network, True)})


def main():
    torch.manual_seed(20261125)
    torch.set_num_threads(1)
    out = {}
    categorical("brc", "bronet", False, 17, out)
    categorical("published", "published", False, 11, out)
    categorical("duel_atoms", "mlp", True, 7, out)
    values("duel", "mlp", True, out)
    values("bronet", "bronet", False, out)
    save_file({name: np.ascontiguousarray(value.numpy().astype(np.float32)) for name, value in out.items()}, *(sys.argv[1:] or [OUTPUT]))


if __name__ == "__main__":
    main()
