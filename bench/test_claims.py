"""Does claims.py read a report as it is written, and judge by the rules of the page?"""

import json
import os
import struct
import tempfile
import unittest
import unittest.mock

import claims
from claims import Interval

REPORT = """# Study seed

## Final policy

### Tier first: 20 seeds

| arm | mean | std |
|---|---|---|
| shared | 150.0 [140.0, 160.0] | 20.1 |

### Planned comparisons

2 of 3 cannot be made: brc against shared (brc is not complete), mean against shared (mean is not complete).

| a | b | n | a - b | Welch | Holm | permutation |
|---|---|---|---|---|---|---|
| shared | independent | 20 | -30.5 [-50.0, -10.1] | < 0.0001 | 0.0012 | 0.0010 |

a - b, task by task:

| a | b | standard | windy |
|---|---|---|---|
| shared | independent | 1.0 [-1.0, 3.0] | -90.0 [-120.0, -60.0] |

Mean of a / mean of b - 1 (-: b's mean is not surely above 0), and a - b on a task less its mean on the other tasks:

| a | b | a / b - 1 | standard | windy |
|---|---|---|---|---|
| shared | independent | - | 91.0 [60.0, 120.0] | -91.0 [-120.0, -60.0] |

## At equal episodes

### Planned comparisons

| a | b | n | episodes | value: a - b | Holm | area: a - b | Holm |
|---|---|---|---|---|---|---|---|
| shared | independent | 20 | 1,450 | 5.0 [1.0, 9.0] | 0.5000 | 6.0 [2.0, 10.0] | 0.6000 |
"""


class Reading(unittest.TestCase):
    report = claims.Report(REPORT)

    def test_cells(self):
        self.assertEqual(claims.parse_cell(" -30.5 [-50.0, -10.1] "), Interval(-30.5, -50.0, -10.1))
        self.assertEqual(claims.parse_cell("< 0.0001"), 0.0001)
        self.assertEqual(claims.holm_text({"Holm": claims.parse_cell("< 0.0001")}), ", Holm < 0.0001")
        self.assertEqual(claims.holm_text({"Holm": claims.parse_cell("0.0001")}), ", Holm 0.0001")
        self.assertEqual(claims.parse_cell("1,450"), 1450.0)
        self.assertIsNone(claims.parse_cell(" - "))
        self.assertEqual(claims.parse_cell("shared-blind"), "shared-blind")

    def test_a_pair_is_found_by_section_and_title(self):
        row = self.report.pair("Final policy", "Planned comparisons", "shared", "independent")
        self.assertEqual(row["n"], 20)
        self.assertEqual(row["a - b"], Interval(-30.5, -50.0, -10.1))
        tasks = self.report.pair("Final policy", "a - b, task by task", "shared", "independent")
        self.assertEqual(tasks["windy"], Interval(-90.0, -120.0, -60.0))
        gains = self.report.pair("Final policy", "Mean of a / mean of b", "shared", "independent")
        self.assertIsNone(gains["a / b - 1"])

    def test_of_two_columns_with_one_name_the_first_counts(self):
        row = self.report.pair("At equal episodes", "Planned comparisons", "shared", "independent")
        self.assertEqual(row["Holm"], 0.5)
        self.assertEqual(row["area: a - b"], Interval(6.0, 2.0, 10.0))

    def test_a_comparison_that_could_not_be_made_is_none(self):
        self.assertIsNone(self.report.pair("Final policy", "Planned comparisons", "brc", "shared"))
        self.assertIsNone(self.report.pair("At equal environment steps", "Planned comparisons", "shared", "independent"))


class Judging(unittest.TestCase):
    def test_a_difference(self):
        self.assertEqual(claims.judge(Interval(5, 1, 9)), "holds")
        self.assertEqual(claims.judge(Interval(5, 1, 9), sign=-1), "fails")
        self.assertEqual(claims.judge(Interval(5, -1, 9)), "open")
        self.assertEqual(claims.judge(Interval(5, 0, 9)), "open")

    def test_a_difference_of_few_seeds_needs_welch_too(self):
        self.assertEqual(claims.judge(Interval(5, 1, 9), welch=0.2), "open")
        self.assertEqual(claims.judge(Interval(5, 1, 9), welch=0.01), "holds")
        self.assertEqual(claims.judge(Interval(5, 1, 9), welch=float("nan")), "open")

    def test_harm_within_the_margin(self):
        self.assertEqual(claims.judge_harmless(Interval(5, -9, 19), 20, 0.5), "holds")
        self.assertEqual(claims.judge_harmless(Interval(5, 1, 19), 20, 0.01), "holds")
        self.assertEqual(claims.judge_harmless(Interval(5, -9, 21), 20, 0.5), "open")
        self.assertEqual(claims.judge_harmless(Interval(15, 1, 29), 20, 0.01), "fails")

    def test_five_seeds_never_show_that_something_is_not_needed(self):
        self.assertEqual(claims.judge_harmless(Interval(-50, -90, -10), 5, 0.01), "open")
        self.assertEqual(claims.judge_harmless(Interval(30, 5, 60), 5, 0.2), "open")
        self.assertEqual(claims.judge_harmless(Interval(30, 5, 60), 5, 0.01), "fails")

    def test_the_worst_of_several_decides(self):
        self.assertEqual(claims.worst(["holds", "open"]), "open")
        self.assertEqual(claims.worst(["holds", "open", "fails"]), "fails")


class Episodes(unittest.TestCase):
    def judge(self, rows, expectations):
        study = unittest.mock.Mock(reach={(task, 200.0, "arm"): row for task, row in rows.items()})
        return claims.learns_by("arm", expectations)(study)

    def test_about_never_and_by(self):
        rows = {"standard": (700.0, 12, 20), "heavy": (1100.0, 15, 20), "windy": (None, 3, 20)}
        found, verdict = self.judge(rows, (("standard", 450, 750), ("heavy", 600, 1000), ("windy", None, None)))
        self.assertEqual(found, "standard: 700, 12 of 20 seeds; heavy: 1100, 15 of 20 seeds; windy: none, 3 of 20 seeds")
        self.assertEqual(verdict, "standard holds; heavy fails; windy open")

    def test_a_threshold_that_half_the_seeds_never_reach_is_not_reached_in_time(self):
        self.assertEqual(self.judge({"windy": (None, 9, 20)}, (("windy", 0, 800),))[1], "fails")

    def test_an_arm_that_is_not_there(self):
        self.assertEqual(self.judge({}, (("windy", 0, 800),)), claims.NOT_YET)


class Page(unittest.TestCase):
    def test_every_claim_has_a_line_though_nothing_was_run(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("report.md", "# Study seed\n"), ("claims.md", f"before\n{claims.BEGIN}\nold\n{claims.END}\nafter\n")):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            claims.write_table("false", folder)
            with open(os.path.join(folder, "claims.md"), encoding="utf-8") as file:
                lines = file.read().splitlines()
        self.assertEqual((lines[0], lines[1], lines[-2], lines[-1]), ("before", claims.BEGIN, claims.END, "after"))
        rows = lines[4:-2]
        self.assertEqual(len(rows), 25)
        self.assertTrue(all(row.endswith("|  | not tested yet |") for row in rows))

    def test_figures_come_from_the_report(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as file:
                file.write(REPORT)
            first = claims.CLAIMS[0].test(claims.Study("false", folder))
        self.assertEqual(first, ("-30.5 [-50.0, -10.1], Holm 0.0012", "fails"))

    def test_every_arm_is_in_the_study(self):
        path = os.path.join(os.path.dirname(__file__), "..", "configs", "studies", "seed.yaml")
        with open(path, encoding="utf-8") as file:
            comparisons = file.read().split("comparisons:")[1]
        asked = []
        study = unittest.mock.Mock(reach={}, limit=None, kept=[])
        study.report.pair = lambda section, title, a, b: asked.append((a, b))
        for claim in claims.CLAIMS:
            self.assertEqual(claim.test(study), claims.NOT_YET)
        self.assertGreaterEqual(len(set(asked)), 10)
        for a, b in asked:
            self.assertIn(f"[{a}, {b}]", comparisons)


class Weights(unittest.TestCase):
    def test_one_task_of_independent_alone(self):
        header = {
            "standard.fc1.bias": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            "windy.fc1.bias": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
            "windy.fc1.weight": {"dtype": "F32", "shape": [1], "data_offsets": [12, 16]},
        }
        text = json.dumps(header).encode()
        with tempfile.NamedTemporaryFile() as file:
            file.write(struct.pack("<Q", len(text)) + text + bytes(range(16)))
            file.flush()
            single = claims.single_network(file.name, "windy")
        (size,) = struct.unpack("<Q", single[:8])
        self.assertEqual(size % 8, 0)
        tensors = json.loads(single[8 : 8 + size])
        self.assertEqual(sorted(tensors), ["fc1.bias", "fc1.weight"])
        self.assertEqual(tensors["fc1.weight"], {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]})
        self.assertEqual(single[8 + size :], bytes(range(4, 16)))


if __name__ == "__main__":
    unittest.main()
