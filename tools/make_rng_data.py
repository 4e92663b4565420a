#!/usr/bin/env python3
"""Write tests/data/rng.txt: what numpy's generator gives for a few seeds and spawn keys.

Run with a Python that has numpy:  python tools/make_rng_data.py > tests/data/rng.txt

Each stream begins with a line `stream SEED KEY_LENGTH KEY...`, the other lines are draws from it, in order:
  state HIGH LOW INCREMENT_HIGH INCREMENT_LOW | u64 VALUE | double HEX | uniform LOW HIGH HEX | integers LOW HIGH VALUE
(u64 by random_raw, which leaves a buffered half word alone.)
"""
import numpy as np

STREAMS = [(s, ()) for s in (0, 1, 2, 42, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63 + 5, 2**64 - 1, 1000000)]
STREAMS += [(1, (0,)), (1, (4,)), (1, (5, 0)), (1, (5, 2)), (0, (0,)), (2**32, (5, 1)), (2**63 + 5, (2**32 - 1,)), (7, (1, 2, 3, 4))]
MASK = 2**64 - 1


def main():
    print("# numpy", np.__version__, "by tools/make_rng_data.py")
    for seed, key in STREAMS:
        bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key))
        rng = np.random.Generator(bits)
        print("stream", seed, len(key), *key)

        def state():
            s = bits.state["state"]
            print("state", s["state"] >> 64, s["state"] & MASK, s["inc"] >> 64, s["inc"] & MASK)

        state()
        for _ in range(3):
            print("u64", bits.random_raw())
        for _ in range(3):
            print("double", float(rng.random()).hex())
        for low, high in ((-20.0, 20.0), (0.0, 13.333333333333334 / 2), (-1000.0, 1000.0)):
            print("uniform", low, high, float(rng.uniform(low, high)).hex())
        # 2^31 + 1 is rejected about every second time; a range of 1 draws nothing; an odd number of draws leaves half a word.
        for low, high in ((-9999, 9999), (-9999, 9999), (0, 3), (5, 6), (0, 2**31 + 1), (0, 2**31 + 1), (0, 2**31 + 1), (0, 2**32 - 1)):
            print("integers", low, high, int(rng.integers(low, high)))
        print("integers", 0, 10, int(rng.integers(0, 10)))
        print("u64", bits.random_raw())
        print("integers", -5, 1000, int(rng.integers(-5, 1000)))
        print("double", float(rng.random()).hex())
        state()


main()
