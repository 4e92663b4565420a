"""Make tests/data/famo.safetensors: task weights of FAMO by PyTorch's autograd and Adam, to compare ours with.

Usage, in a virtual environment with tools/requirements-torch.txt: python tools/make_famo_data.py [OUTPUT]

For T in 2, 3, 16: "tT.before" and "tT.after" [updates, T], losses of a batch before and after a step, and "tT.weights" [updates, T], the
weights of the gradients before it. All is computed in float64 from the float32 numbers stored: the weights as the derivative of
sum_i z_i log(D_i) by the losses, normalised, and the logits' derivative through the softmax, both by autograd.
"""

import sys

import numpy as np
import torch
from safetensors.numpy import save_file

OUTPUT = "tests/data/famo.safetensors"
UPDATES, RATE, DECAY, SMALLEST = 300, 0.025, 1e-3, 1e-8


def weights_of(before, after):
    tasks = before.shape[1]
    logits = torch.zeros(tasks, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([logits], lr=RATE, weight_decay=DECAY)
    rows = []
    for old, new in zip(before, after):
        losses = torch.from_numpy(old.astype(np.float64)).requires_grad_()
        (logits.detach().softmax(0) * (losses + SMALLEST).log()).sum().backward()
        rows.append((losses.grad / losses.grad.sum()).numpy().copy())
        fall = (losses.detach() + SMALLEST).log() - (torch.from_numpy(new.astype(np.float64)) + SMALLEST).log()
        adam.zero_grad()
        (logits.softmax(0) * fall).sum().backward()
        adam.step()
    return np.stack(rows)


def main():
    rng = np.random.default_rng(20261125)
    tensors = {}
    for tasks in (2, 3, 16):
        walk = np.cumsum(0.05 * rng.standard_normal((UPDATES, tasks)), axis=0) + rng.standard_normal((1, tasks))
        before = np.exp(walk).astype(np.float32)
        pace = 0.02 * np.arange(1, tasks + 1) / tasks  # some fall faster than others
        after = np.exp(walk - pace + 0.005 * rng.standard_normal((UPDATES, tasks))).astype(np.float32)
        tensors.update({f"t{tasks}.before": before, f"t{tasks}.after": after})
        tensors[f"t{tasks}.weights"] = weights_of(before, after).astype(np.float32)
    save_file(tensors, sys.argv[1] if len(sys.argv) > 1 else OUTPUT)


if __name__ == "__main__":
    main()
