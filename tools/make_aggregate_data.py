"""Make tests/data/aggregate.safetensors: directions that torchjd computes for random gradients, to compare ours with.

Usage, in a virtual environment with tools/requirements-aggregate.txt: python tools/make_aggregate_data.py [OUTPUT]

Groups "g0", "g1", ... hold matrices of one shape: "g0.gradients" [n, tasks, parameters] in float32 and "g0.NAME" [n, parameters], torchjd's
direction in float64 from these, stored as float32. "g0.NAME.valid" [n] is 1 where torchjd solves the same problem to well under 1e-5:
- regularisation and normalisation of UPGrad and CAGrad are set to almost nothing;
- Clarabel's tolerances in CAGrad are set to 1e-14;
- CAGrad gives 0 where no direction improves every task, ours the best one: not compared;
- IMTL-G takes least squares where no equal projections exist, ours gives 0: not compared for singular matrices;
- Aligned-MTL's rank is ours unless the condition is near the limit: not compared beyond 1e10;
- Nash-MTL stops by an absolute residual: compared where (K a)_i a_i is 1 to 1e-6, and up to scale.
PCGrad and GradVac visit tasks in random orders: each result is one of the set of all orders, and torchjd adds where ours take the mean.
"""

import sys
import warnings

import cvxpy
import numpy as np
import torch
from safetensors.numpy import save_file
from torchjd import aggregation
from torchjd.linalg import QuadprogProjector

OUTPUT = "tests/data/aggregate.safetensors"
GROUPS = [(3, 6, 100), (2, 5, 30), (3, 2, 20), (5, 12, 30), (8, 16, 15), (16, 24, 5)]  # tasks, parameters, matrices
KINDS = 7


def gradients(rng, kind, tasks, parameters):
    g = rng.standard_normal((tasks, parameters))
    if kind == 1:  # conflicting
        g[1:] = 0.6 * g[1:] - 0.8 * g[0]
    elif kind == 2:  # agreeing
        g[1:] = 0.7 * g[1:] + g[0]
    elif kind == 3:  # lengths from 1e-2 to 1e2
        g *= 10.0 ** rng.uniform(-2, 2, (tasks, 1))
    elif kind == 4:  # parallel, exactly
        g[-1] = 2.0 * g[0].astype(np.float32)
    elif kind == 5:  # a zero gradient
        g[-1] = 0.0
    elif kind == 6:  # conflicting, of different lengths
        g[1:] = 0.8 * g[1:] - 0.5 * g[0]
        g *= 10.0 ** rng.uniform(-1, 1, (tasks, 1))
    return g.astype(np.float32)


def tighten_clarabel():
    """torchjd solves CAGrad with Clarabel's default tolerances, 1e-8 of the objective: the weights are then good to 1e-4 only."""
    solve = cvxpy.Problem.solve

    def tight(self, solver, **options):
        if solver == cvxpy.CLARABEL:
            options.update(tol_gap_abs=1e-14, tol_gap_rel=1e-14, tol_feas=1e-14, tol_ktratio=1e-12)
        return solve(self, solver=solver, **options)

    cvxpy.Problem.solve = tight


def condition(gram):
    values = np.linalg.eigvalsh(gram)
    return values[-1] / max(values[0], 1e-300)


def hull_distance(g, weights, mean_radius):
    """Length of the hull's point of CAGrad, from its weights 1 / T + c |g0| w / |g_w|."""
    u = weights - 1.0 / len(g)
    return mean_radius / u.sum() if u.sum() > 0 else 0.0


def directions(g32):
    """Name -> (direction, valid)."""
    g = torch.from_numpy(g32.astype(np.float64))
    gram = (g @ g.T).numpy()
    tasks = len(g)
    singular = condition(gram) > 1e10
    out = {"mean": (aggregation.Mean()(g), True), "sum": (aggregation.Sum()(g), True)}
    out["pcgrad"] = (aggregation.PCGrad()(g), True)
    out["gradvac"] = (aggregation.GradVac(eps=1e-300)(g), bool((np.diag(gram) > 0).all()))
    out["mgda"] = (aggregation.MGDA(epsilon=1e-12, max_iters=3000)(g), True)
    try:
        projector = QuadprogProjector(norm_eps=0.0, reg_eps=1e-13)
        out["upgrad"] = (aggregation.UPGrad(projector=projector)(g), True)
    except ValueError:  # the solver found the matrix not positive definite
        out["upgrad"] = (torch.zeros(g.shape[1]), False)
    cagrad = aggregation.CAGrad(c=0.4, norm_eps=1e-12)
    weights = cagrad.gramian_weighting(g @ g.T).numpy()
    radius = 0.4 * np.sqrt(gram.mean())
    reached = hull_distance(gram, weights, radius) > 1e-3 * np.sqrt(max(np.diag(gram).min(), 1e-300))
    out["cagrad"] = (cagrad(g), bool(reached and (np.diag(gram) > 0).all()))
    out["imtl_g"] = (aggregation.IMTLG()(g), not singular)
    out["aligned_mtl"] = (aggregation.AlignedMTL()(g), not singular)
    nash = torch.zeros(g.shape[1])
    exact = False
    if not singular:
        weighting = aggregation.NashMTL(n_tasks=tasks, max_norm=0.0, optim_niter=100)
        direction = weighting(g)
        a = np.linalg.lstsq(g.numpy().T, direction.numpy(), rcond=None)[0]
        products = a * (gram @ a)  # all equal to some scale
        exact = bool((a > 0).all() and np.ptp(products) <= 1e-6 * products.mean())
        nash = direction
    out["nash_mtl"] = (nash, exact)
    return out


def main():
    warnings.simplefilter("ignore")
    tighten_clarabel()
    torch.manual_seed(20261124)
    torch.set_num_threads(1)
    rng = np.random.default_rng(20261124)
    data, valid = {}, {}
    for group, (tasks, parameters, count) in enumerate(GROUPS):
        for number in range(count):
            g = gradients(rng, number % KINDS, tasks, parameters)
            data.setdefault(f"g{group}.gradients", []).append(g)
            for name, (direction, is_valid) in directions(g).items():
                data.setdefault(f"g{group}.{name}", []).append(direction.numpy())
                data.setdefault(f"g{group}.{name}.valid", []).append(np.float32(is_valid))
                valid.setdefault(name, []).append(is_valid)
    for name, flags in valid.items():
        print(f"{name}: {sum(flags)} of {len(flags)} compared")
    save_file({name: np.ascontiguousarray(np.stack(values).astype(np.float32)) for name, values in data.items()}, *(sys.argv[1:] or [OUTPUT]))


if __name__ == "__main__":
    main()
