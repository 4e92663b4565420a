"""Does peers.py take ratios the right way round, and draw what its table says? Run before it measures."""

import os
import tempfile
import unittest

import peers

OURS = {
    "train_step_us": 120.0,
    "update_us": 100.0,
    "update_all_targets_us": 150.0,
    "env_steps_per_s": 5e4,
    "batch_64_env_steps_per_s": 4e5,
    "batch_env_steps_per_s": 8e5,
}


class Compare(unittest.TestCase):
    def setUp(self):
        seconds = {name: [1e-3] for name, *_ in peers.ROWS}
        del seconds["envpool"]
        self.rows = {title: cells["avx2"] for title, _, _, cells in peers.compare(seconds, {"avx2": [OURS]})}

    def test_a_slower_peer_has_a_ratio_above_one(self):
        self.assertAlmostEqual(self.rows["sample and update, PyTorch eager"][1], 10)
        self.assertAlmostEqual(self.rows["environment, Gymnasium"][1], 50)

    def test_computing_all_targets_lengthens_a_step_by_what_it_lengthens_an_update(self):
        self.assertEqual(self.rows["training step, PyTorch eager, all targets computed"][0], 170)

    def test_every_trainer_is_compared_with_and_without_remembered_targets(self):
        for _, title, _ in peers.TRAINING:
            self.assertLess(self.rows[title + ", all targets computed"][1], self.rows[title][1])

    def test_a_peer_that_cannot_be_used_has_no_ratio(self):
        self.assertIsNone(self.rows["64 environments, EnvPool, 1 thread"][1])


class Table(unittest.TestCase):
    text = (
        "# Speed\n\n| work | peer | sharedqn avx512 | ratio avx512 | sharedqn avx2 | ratio avx2 |\n|---|---|---|---|---|---|\n"
        "| one | 1,293 us | 161 us | 8.0 | 173 us | 7.5 |\n| two | cannot be used here | 161 us |  | 173 us |  |\n"
        "\n| sharedqn's products | avx512 | avx2 |\n|---|---|---|\n| GFLOP/s inside the update | 82 | 76 |\n"
    )

    def test_the_plot_has_the_ratios_of_the_table(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "table.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.text)
            self.assertEqual(peers.read_table(path), [("one", {"avx512": 8.0, "avx2": 7.5})])


if __name__ == "__main__":
    unittest.main()
