"""Does methods.py know every method, find every run, and put results where they belong?"""

import glob
import json
import os
import tempfile
import unittest

import methods


def write_run(root, arm, seed, means):
    folder = methods.folder_of(arm, seed, root)
    os.makedirs(folder)
    tasks = {name: {"mean": value} for name, value in zip(("standard", "windy"), means)}
    summary = {"evaluation": {"tasks": tasks, "mean": sum(means) / 2}, "updates": 1000 * seed, "weights_sha256": f"{seed}" * 64}
    with open(os.path.join(folder, "summary.json"), "w", encoding="utf-8") as file:
        json.dump(summary, file)
    with open(os.path.join(folder, "timing.jsonl"), "w", encoding="utf-8") as file:
        file.write('{"seconds": 1}\n{"seconds": 90}\n')


class Arms(unittest.TestCase):
    def test_every_configuration_has_one(self):
        folder = os.path.join(os.path.dirname(__file__), "..", "configs")
        pages = {os.path.basename(path)[: -len(".yaml")] for path in glob.glob(os.path.join(folder, "*.yaml"))}
        # shared.yaml's arms are these three.
        self.assertEqual({arm.page for arm in methods.ARMS}, pages - {"shared-onehot", "shared-id", "shared-blind"})

    def test_folders_differ(self):
        folders = {methods.folder_of(arm, seed, "root") for arm in methods.ARMS for seed in methods.SEEDS}
        self.assertEqual(len(folders), len(methods.ARMS) * len(methods.SEEDS))


class Results(unittest.TestCase):
    ARM = methods.ARMS[0]

    def test_means_are_over_the_seeds_that_are_there(self):
        arm = methods.Arm("a, b", "page", original="7.0")
        with tempfile.TemporaryDirectory() as root:
            write_run(root, arm, 1, (10.0, 20.0))
            write_run(root, arm, 3, (20.0, 40.0))
            results = [methods.read_result(methods.folder_of(arm, seed, root)) for seed in methods.SEEDS]
        self.assertIsNone(results[1])
        row = methods.result_row(arm, methods.entry_of(results))
        self.assertEqual(row, "| a, b | 15.0 / not run / 30.0 | 22.5 | 15.0 | 30.0 | 7.0 | 2,000 | 1.5 |")
        self.assertEqual(methods.result_row(arm, None), "| a, b | not run | | | | | 7.0 | | |")

    def test_the_store_keeps_the_most_seeds(self):
        store = {"arms": {}, "cost": None}
        with tempfile.TemporaryDirectory() as root:
            write_run(root, self.ARM, 1, (10.0, 20.0))
            write_run(root, self.ARM, 2, (30.0, 40.0))
            methods.take_runs(store, root)
        self.assertEqual(methods.count_seeds(store["arms"][self.ARM.name]), 2)
        self.assertFalse(methods.is_whole(store, self.ARM))
        with tempfile.TemporaryDirectory() as root:
            write_run(root, self.ARM, 1, (10.0, 20.0))
            methods.take_runs(store, root)
            self.assertEqual(methods.count_seeds(store["arms"][self.ARM.name]), 2)
            write_run(root, self.ARM, 2, (30.0, 40.0))
            write_run(root, self.ARM, 3, (50.0, 60.0))
            methods.take_runs(store, root)
        self.assertEqual(store["arms"][self.ARM.name]["mean"], 35.0)
        self.assertTrue(methods.is_whole(store, self.ARM))

    def test_other_weights_of_a_seed_are_refused(self):
        store = {"arms": {}, "cost": None}
        with tempfile.TemporaryDirectory() as root:
            write_run(root, self.ARM, 1, (10.0, 20.0))
            methods.take_runs(store, root)
            store["arms"][self.ARM.name]["seeds"][0]["sha256"] = "0" * 16
            with self.assertRaisesRegex(SystemExit, "other numerics"):
                methods.take_runs(store, root)

    def test_the_tables_that_stand_are_those_of_the_store(self):
        docs = os.path.join(os.path.dirname(__file__), "..", "docs", "methods")
        store = methods.read_store(os.path.join(docs, "results.json"))
        with open(os.path.join(docs, "results.md"), encoding="utf-8") as file:
            self.assertEqual(file.read(), methods.results_text(store["arms"], store["cost"]))

    def test_marked_parts_are_put_in_place_of_the_old(self):
        first = methods.replace_marked("# page\n\ntext\n", f"{methods.BEGIN}\none\n{methods.END}")
        second = methods.replace_marked(first + "more\n", f"{methods.BEGIN}\ntwo\\1\n{methods.END}")
        self.assertEqual(second, f"# page\n\ntext\n\n{methods.BEGIN}\ntwo\\1\n{methods.END}\nmore\n")


if __name__ == "__main__":
    unittest.main()
