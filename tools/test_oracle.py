"""Does the comparison of oracle.py see every kind of difference? Run by `make oracle` before the comparison itself."""

import unittest

import numpy as np

import oracle
import oracle_env
import oracle_policies


class FirstDifference(unittest.TestCase):
    def setUp(self):
        rng = np.random.default_rng(1)
        task = oracle_env.task_of("standard")
        self.expected, _ = oracle_env.play(task, 1, oracle_policies.POLICIES["random"](rng), 50)
        self.found = oracle.parse_raw(self.expected.raw())

    def difference(self):
        return oracle.first_difference(self.expected, self.found)

    def test_equal_episodes_do_not_differ(self):
        self.assertIsNone(self.difference())

    def test_one_bit_of_the_reset_is_seen(self):
        self.found.observations.view("<u4")[0, 4] ^= 1
        self.assertIn("step 0 field angle", self.difference())

    def test_one_bit_of_the_last_observation_is_seen(self):
        self.found.observations.view("<u4")[50, 7] ^= 1
        self.assertIn("step 50 field right_leg", self.difference())

    def test_one_bit_of_a_reward_is_seen(self):
        self.found.rewards.view("<u8")[0] ^= 1
        self.assertIn("step 1 field reward", self.difference())

    def test_the_earliest_step_is_named(self):
        self.found.observations.view("<u4")[9, 0] ^= 1
        self.found.rewards.view("<u8")[6] ^= 1
        self.assertIn("step 7 field reward", self.difference())

    def test_the_sign_of_zero_is_seen(self):
        self.assertEqual(self.found.observations[3, 6], 0.0)
        self.found.observations[3, 6] = -0.0
        self.assertIn("step 3 field left_leg: expected 0x0.0p+0", self.difference())

    def test_equal_nans_are_equal_and_others_differ(self):
        self.expected.rewards[2] = self.found.rewards[2] = np.nan
        self.assertIsNone(self.difference())
        self.found.rewards.view("<u8")[2] ^= 1
        self.assertIn("step 3 field reward: expected nan", self.difference())

    def test_a_missing_step_is_seen(self):
        self.found = oracle_env.Episode(self.found.observations[:-1], self.found.rewards[:-1], False)
        self.assertIn("field steps: expected 50 steps, found 49", self.difference())

    def test_another_end_is_seen(self):
        self.found.terminated = not self.found.terminated
        self.assertIn("step 50 field terminated", self.difference())

    def test_bytes_of_no_episode_are_refused(self):
        raw = self.expected.raw()
        self.assertIsNone(oracle.parse_raw(raw[:-1]))
        self.assertIsNone(oracle.parse_raw(b""))
        self.assertIsNone(oracle.parse_raw(raw[:20]))


class Tasks(unittest.TestCase):
    def test_an_unknown_field_is_refused(self):
        with self.assertRaises(ValueError):
            oracle_env.complete({"gravty": -10.0})

    def test_gymnasium_wind_on_the_ground_differs_only_once_a_leg_touches(self):
        wind = dict(oracle_env.BUILTIN["gymwind"])
        air = oracle_env.replay(oracle_env.complete(wind), 3, "0" * 200)
        ground = oracle_env.replay(oracle_env.complete({**wind, "wind_on_ground": 1}), 3, "0" * 200)
        touch = int(np.flatnonzero(air.observations[:, 6:8].any(axis=1))[0])
        self.assertTrue((air.observations[: touch + 1] == ground.observations[: touch + 1]).all())
        self.assertFalse((air.observations[touch + 1] == ground.observations[touch + 1]).all())

    def test_gymnasium_wind_on_the_ground_is_its_own_formula(self):
        """Gymnasium's step, told that no leg touches, must blow as ours does while one does."""
        task = oracle_env.complete({**oracle_env.BUILTIN["gymwind"], "wind_on_ground": 1})
        ours, theirs = oracle_env.make_env(task), oracle_env.make_env(task)
        for env in (ours, theirs):
            env.reset(seed=3)
        ours.legs[0].ground_contact = True
        for _ in range(5):
            a, b = ours.step(0)[0], theirs.step(0)[0]
            self.assertTrue((a[:6] == b[:6]).all())
        self.assertEqual(ours.wind_idx, theirs.wind_idx)
        self.assertEqual(ours.torque_idx, theirs.torque_idx)

    def test_uniform_wind_in_the_air_only_draws_nothing_on_the_ground(self):
        task = oracle_env.complete({"wind": "uniform", "wind_power": 20.0, "wind_on_ground": 0})
        env, calm = oracle_env.make_env(task), oracle_env.make_env("standard")
        for each in (env, calm):
            each.reset(seed=3)
            each.legs[1].ground_contact = True
            each.np_random.bit_generator.state = np.random.PCG64(5).state
            each.step(0)
        self.assertEqual(env.np_random.bit_generator.state, calm.np_random.bit_generator.state)


if __name__ == "__main__":
    unittest.main()
