"""Make tests/data/gradnorm.safetensors: task weights of GradNorm by PyTorch's autograd and Adam, to compare ours with.

Usage, in a virtual environment with tools/requirements-torch.txt: python tools/make_gradnorm_data.py [OUTPUT]

For T in 2, 3, 16: "tT.norms" and "tT.losses" [updates, T], random walks of gradient norms by the shared layer and of losses, and
"tT.weights" [updates, T] after each update. All is computed in float64 from the float32 numbers stored. The gradient-norm loss is
differentiated by autograd with the targets detached; the logarithms of the weights are stepped by torch.optim.Adam and then normalised.
"""

import sys

import numpy as np
import torch
from safetensors.numpy import save_file

OUTPUT = "tests/data/gradnorm.safetensors"
UPDATES, INITIAL, ALPHA, RATE = 300, 100, 1.5, 0.01


def weights_of(norms, losses):
    tasks = norms.shape[1]
    logarithms = torch.zeros(tasks, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([logarithms], lr=RATE)
    initial = torch.from_numpy(losses[:INITIAL].astype(np.float64)).mean(dim=0)
    rows = []
    for update in range(len(norms)):
        if update >= INITIAL:
            norm, loss = (torch.from_numpy(a[update].astype(np.float64)) for a in (norms, losses))
            lengths = torch.exp(logarithms) * norm
            ratio = loss / initial
            target = (lengths.mean() * (ratio / ratio.mean()) ** ALPHA).detach()
            adam.zero_grad()
            (lengths - target).abs().sum().backward()
            adam.step()
            with torch.no_grad():
                logarithms += np.log(tasks) - torch.logsumexp(logarithms, 0)
        rows.append(torch.exp(logarithms).detach().numpy().copy())
    return np.stack(rows)


def main():
    rng = np.random.default_rng(20261125)
    tensors = {}
    for tasks in (2, 3, 16):
        walk = np.cumsum(0.05 * rng.standard_normal((2, UPDATES, tasks)), axis=1) + rng.standard_normal((2, 1, tasks))
        norms, losses = np.exp(walk).astype(np.float32)
        tensors[f"t{tasks}.norms"], tensors[f"t{tasks}.losses"] = norms, losses
        tensors[f"t{tasks}.weights"] = weights_of(norms, losses).astype(np.float32)
    save_file(tensors, sys.argv[1] if len(sys.argv) > 1 else OUTPUT)


if __name__ == "__main__":
    main()
