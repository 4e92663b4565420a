"""Make tests/data/varshare.safetensors: what PyTorch's autograd computes for VarShare: flipout, residuals by task, divergence.

Usage, in a virtual environment with tools/requirements-torch.txt: python tools/make_varshare_data.py [OUTPUT]

All in float64 from float32 numbers. Three networks: the multilayer perceptron with a fixed prior, BroNet with a learned one, and the same
with the residuals of weights as products of factors. Rows lie sorted by task. Stored flat, in the order of src/nn/residuals.h:
"parameters" and "gradient" (theta, means, rho, logarithm of the prior's scale); "epsilon" [tasks, entries of a task]; without factors for
each linear layer "s0", "r0", ... [rows, in] and [rows, out] signs of flipout.
"""

import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn import functional

OUTPUT = "tests/data/varshare.safetensors"
ROWS, TASKS, OBSERVATION, ACTIONS, SIZE, SECOND, BETA, PRIOR = 11, 3, 5, 4, 19, 7, 0.003, 0.7


def layers_of(kind):
    """(kind, in, out) in the order of the flat parameters."""
    if kind == "mlp":
        return [("linear", OBSERVATION, SIZE), ("linear", SIZE, SECOND), ("linear", SECOND, ACTIONS)]
    block = [("norm", SIZE, SIZE), ("linear", SIZE, SIZE), ("linear", SIZE, SIZE)]
    return [("linear", OBSERVATION, SIZE), *block, ("norm", SIZE, SIZE), ("linear", SIZE, ACTIONS)]


def forward(kind, x, apply):
    """The network, where apply(i, x) is its i-th layer."""
    if kind == "mlp":
        return apply(2, torch.relu(apply(1, torch.relu(apply(0, x)))))
    x = torch.relu(apply(0, x))
    x = x + apply(3, torch.relu(apply(2, apply(1, x))))
    return apply(5, apply(4, x))


def network(prefix, kind, learned_prior, out, rank=0):
    layers = layers_of(kind)
    linear = [i for i, layer in enumerate(layers) if layer[0] == "linear"]
    theta, mean, rho, epsilon, signs = [], [], [], [], []
    draw = lambda *shape: torch.randn(*shape).float().double()
    for what, size_in, size_out in layers:
        shape = (size_out, size_in) if what == "linear" else (size_out,)
        theta.append([draw(*shape).mul(0.4).requires_grad_(), draw(size_out).mul(0.4).requires_grad_()])
        if what != "linear":
            continue
        shapes = [(size_out, rank), (rank, size_in), (size_out,)] if rank else [shape, (size_out,)]
        mean.append([draw(TASKS, *each).mul(0.5 if rank else 0.2).requires_grad_() for each in shapes])
        rho.append([(draw(TASKS, *each) - 2).requires_grad_() for each in shapes])
        epsilon.append([draw(TASKS, *each) for each in shapes])
        if not rank:
            signs.append([draw(ROWS, size_in).sign(), draw(ROWS, size_out).sign()])
    log_prior = torch.tensor([np.float32(np.log(PRIOR))]).double().requires_grad_()
    for part in (theta, mean, rho):  # exact in float32
        for group in part:
            for tensor in group:
                tensor.data = tensor.data.float().double()
    task = torch.sort(torch.arange(ROWS) % TASKS)[0]
    observation, y, action = draw(ROWS, OBSERVATION), draw(ROWS), torch.arange(ROWS) % ACTIONS

    def apply_for(t, rows):
        def apply(i, x):
            weight, bias = theta[i]
            if layers[i][0] == "norm":
                return functional.layer_norm(x, (SIZE,), weight, bias, eps=1e-5)
            k = linear.index(i)
            noise = [functional.softplus(r[t]) * e[t] for r, e in zip(rho[k], epsilon[k])]
            if rank:
                left, right, shift = (m[t] + n for m, n in zip(mean[k], noise))
                return x @ (weight + left @ right).T + bias + shift
            s, r = (sign[rows] for sign in signs[k])
            return x @ (weight + mean[k][0][t]).T + bias + mean[k][1][t] + r * ((x * s) @ noise[0].T + noise[1])
        return apply

    parts = []
    for t in range(TASKS):
        rows = task == t
        parts.append(forward(kind, observation[rows], apply_for(t, rows)))
    q = torch.cat(parts)
    prior = log_prior.exp() if learned_prior else torch.tensor(PRIOR, dtype=torch.float64)
    divergence = sum((prior.log() - functional.softplus(r).log() + (functional.softplus(r) ** 2 + m**2) / (2 * prior**2) - 0.5).sum()
                     for means, rhos in zip(mean, rho) for m, r in zip(means, rhos))
    loss = functional.mse_loss(q[torch.arange(ROWS), action], y)
    (loss + BETA * divergence).backward()
    order = [t for part in (theta, mean, rho) for group in part for t in group] + ([log_prior] if learned_prior else [])
    out[f"{prefix}.parameters"] = torch.cat([t.detach().reshape(-1) for t in order])
    out[f"{prefix}.gradient"] = torch.cat([t.grad.reshape(-1) for t in order])
    out[f"{prefix}.epsilon"] = torch.cat([e.reshape(TASKS, -1) for group in epsilon for e in group], 1)
    out.update({f"{prefix}.observation": observation, f"{prefix}.task": task, f"{prefix}.y": y})
    out.update({f"{prefix}.q": q.detach(), f"{prefix}.loss": loss.detach().reshape(1), f"{prefix}.kl": divergence.detach().reshape(1)})
    for k, (s, r) in enumerate(signs):
        out.update({f"{prefix}.s{k}": s, f"{prefix}.r{k}": r})


def main():
    torch.manual_seed(20261126)
    torch.set_num_threads(1)
    out = {}
    network("mlp", "mlp", False, out)
    network("bronet", "bronet", True, out)
    network("factors", "bronet", True, out, rank=2)
    save_file({name: np.ascontiguousarray(value.numpy().astype(np.float32)) for name, value in out.items()}, *(sys.argv[1:] or [OUTPUT]))


if __name__ == "__main__":
    main()
