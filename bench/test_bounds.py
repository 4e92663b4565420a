"""Does bounds.py see a bound that does not hold? Run by `make bench` before the bounds are measured."""

import contextlib
import io
import json
import sys
import tempfile
import unittest

import bounds


def timing(costs):
    return [{"episode": i, "updates_per_second": 1e6 / cost if cost else 0.0} for i, cost in enumerate(costs)]


def bound(value, limit=10):
    return bounds.Bound("name", "ms", limit, "how", [value])


class Holding(unittest.TestCase):
    def test_a_value_at_its_limit_holds_and_one_above_does_not(self):
        self.assertTrue(bound(10).holds)
        self.assertFalse(bound(10.001).holds)

    def test_the_median_counts(self):
        self.assertEqual(bounds.Bound("name", "", 2, "", [1, 9, 1.5]).measured, 1.5)

    def test_what_is_not_measured_neither_holds_nor_fails(self):
        self.assertIsNone(bounds.Bound("name", "", 2, "", []).holds)


class Tenths(unittest.TestCase):
    def test_episodes_without_updates_and_the_first_with_some_are_left_out(self):
        tenths = bounds.costs_by_tenths([timing([None] * 7 + [1000] + list(range(100, 120)))])
        self.assertEqual([round(cost) for tenth in tenths for cost in tenth], list(range(100, 120)))
        self.assertEqual([len(tenth) for tenth in tenths], [2] * 10)

    def test_of_several_runs_the_least_cost_of_an_episode_counts(self):
        calm, late = [9] + [100] * 20, [9] + [100] * 10 + [300] * 10
        early = [9] + [300] * 10 + [100] * 10
        self.assertEqual(bounds.costs_by_tenths([timing(late), timing(early)]), bounds.costs_by_tenths([timing(calm)]))

    def test_growth_is_seen(self):
        tenths = bounds.costs_by_tenths([timing([9] + [200 + i for i in range(200)])])
        self.assertGreater(bounds.growth(tenths, bounds.lowest_decile), 1.8)

    def test_growth_is_not_hidden_by_a_few_cheap_episodes(self):
        tenths = [[100.0] * 40 for _ in range(9)] + [[100.0] * 3 + [200.0] * 37]
        self.assertGreater(bounds.growth(tenths, bounds.lowest_decile), 1.5)

    def test_a_disturbance_of_most_of_a_tenth_is_not_growth(self):
        tenths = [[100.0 + i for i in range(40)] for _ in range(9)] + [[100.0 + i for i in range(20)] + [300.0] * 20]
        self.assertAlmostEqual(bounds.growth(tenths, bounds.lowest_decile), 1, places=2)


class Processors(unittest.TestCase):
    def test_two_threads_of_a_core_count_once(self):
        self.assertEqual(bounds.one_of_each_core({3, 0, 1, 2}, lambda cpu: cpu % 2), [0, 1])

    def test_one_core_is_too_little_for_two_at_once(self):
        self.assertIsNone(bounds.two_at_once_bound(None, "", "", "", [0], 3).holds)


class Programs(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)
        self.runner = bounds.Runner(self.work.name)
        self.cpu = min(bounds.os.sched_getaffinity(0))

    def test_output_and_memory_are_found(self):
        code = "x = b'.' * (100 << 20); print(len(x))"
        output, usage = self.runner.finish(self.runner.start([sys.executable, "-c", code], self.cpu))
        self.assertEqual(output, f"{100 << 20}\n")
        self.assertGreater(usage.ru_maxrss, 100 << 10)

    def test_a_program_that_fails_stops_with_what_it_said(self):
        with self.assertRaisesRegex(SystemExit, "(?s)no such thing.*exit code 1"):
            self.runner.finish(self.runner.start([sys.executable, "-c", "import sys; sys.exit('no such thing')"], self.cpu))

    def test_no_program_outlives_the_runner(self):
        with self.assertRaises(KeyboardInterrupt), self.runner as runner:
            process = runner.start(["sleep", "60"], self.cpu)
            self.addCleanup(process.stdout.close)
            raise KeyboardInterrupt
        self.assertEqual(process.returncode, -9)

    def test_a_run_that_ends_before_its_first_episode_is_an_error(self):
        with self.assertRaisesRegex(SystemExit, "ended before"):
            bounds.start_bound(self.runner, "true", f"{self.work.name}/run", self.cpu)


class Writing(unittest.TestCase):
    machine = {
        "commit": "abc",
        "cpu": "Some processor",
        "processors": 2,
        "isa": "avx2",
        "compiler": "GCC 12",
        "load_before": 0.5,
        "load_after": 1.5,
    }
    tenths = [[100.0 + i, 110.0 + i] for i in range(10)]

    def test_the_page_says_what_holds(self):
        unmeasured = bounds.Bound("other", "", 2, "needs two cores", [])
        text = bounds.page([bound(9), bound(11), unmeasured], self.tenths, self.machine)
        for line in ("| name | 9 ms | 10 ms | yes |", "| name | 11 ms | 10 ms | NO |", "| other | | 2 | not measured |"):
            self.assertIn(line, text)
        self.assertIn("| median | 105 | 106 | 107 |", text)
        self.assertIn("GCC 12", text)

    def test_every_row_has_as_many_cells_as_the_head(self):
        bounds_given = [bound(9), bounds.Bound("other", "", 2, "", []), bounds.Bound("third", "s", 2, "", [1, 2, 3])]
        lines = bounds.page(bounds_given, self.tenths, self.machine).splitlines()
        table = [line for line in lines if line.startswith("|")][:5]
        self.assertEqual({line.count("|") for line in table}, {8})

    def test_the_document_is_json_with_the_same_verdicts(self):
        given = [bound(9), bound(11), bounds.Bound("other", "", 2, "", [])]
        document = json.loads(json.dumps(bounds.document(given, self.tenths, self.machine), allow_nan=False))
        self.assertEqual([b["holds"] for b in document["bounds"]], [True, False, None])
        self.assertEqual(document["training_step_us_by_tenths"]["median"][0], 105)


class Options(unittest.TestCase):
    def test_the_default_is_a_whole_run(self):
        self.assertEqual(bounds.read_arguments([]).episodes, 1500)

    def test_too_short_a_run_is_refused(self):
        message = io.StringIO()
        with contextlib.redirect_stderr(message), self.assertRaises(SystemExit) as stopped:
            bounds.read_arguments(["--episodes", "99"])
        self.assertEqual(stopped.exception.code, 2)
        self.assertIn("99 is less than 100", message.getvalue())


if __name__ == "__main__":
    unittest.main()
