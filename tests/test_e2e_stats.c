// `sharedqn stats`: a table in, statistics out, as other programs call it.
#include "e2e.h"

#include "core/json.h"

#include <math.h>

static const char *write_table(const char *name, const char *text) {
    const SdqnPiece piece = {text, strlen(text)};
    assert_int_equal(sdqn_file_write(e2e_path(name), &piece, 1, NULL), SDQN_OK);
    return e2e_path(name);
}

static const char TABLE[] = "arm,task,seed,score\n"
                            "A,x,1,10\nA,x,2,20\nA,x,3,30\nA,y,1,1\nA,y,2,2\nA,y,3,3\n"
                            "B,x,1,15\nB,x,2,20\nB,x,3,40\nB,y,1,1\nB,y,2,4\nB,y,3,5\n";

static json_t *stats(const char *file, const char *resample) {
    const Outcome *outcome = e2e_run("stats", file, "--json", "--resample", resample, "--repeats", "2000", NULL);
    json_t *document;
    SdqnError error = {0};
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    if (sdqn_json_parse("stdout", outcome->out, strlen(outcome->out), &document, &error) != SDQN_OK) fail_msg("%s", error.message);
    return document;
}

static double value_of(const json_t *object, const char *key) {
    return json_number_value(json_object_get(json_object_get(object, key), "value"));
}

static void a_table_gives_the_promised_document(void **state) {
    (void)state;
    json_t *document = stats(write_table("scores.csv", TABLE), "task");
    const json_t *arm = json_object_get(json_object_get(document, "arms"), "A");
    assert_true(value_of(arm, "mean") == 11.0 && value_of(arm, "median") == 11.0 &&
                value_of(arm, "iqm") == (2.0 + 3.0 + 10.0 + 20.0) / 4.0);
    const json_t *pairs = json_object_get(document, "pairs"), *pair = json_array_get(pairs, 0);
    assert_int_equal(json_array_size(pairs), 1);
    assert_string_equal(json_string_value(json_object_get(pair, "a")), "A");
    assert_string_equal(json_string_value(json_object_get(pair, "b")), "B");
    // x: (10, 20, 30) against (15, 20, 40): 3.5 of 9; y: (1, 2, 3) against (1, 4, 5): 2.5 of 9.
    assert_true(fabs(value_of(pair, "probability_of_improvement") - 3.0 / 9.0) < 1e-12);
    static const char *const numbers[] = {"welch_p", "permutation_p", "holm_p", "paired_permutation_p"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const double p = json_number_value(json_object_get(pair, numbers[i]));
        assert_true(p > 0.0 && p <= 1.0);
    }
    json_t *again = stats(e2e_path("scores.csv"), "task"), *seeds = stats(e2e_path("scores.csv"), "seed");
    assert_true(json_equal(document, again));
    assert_false(json_equal(document, seeds));
    json_decref(document);
    json_decref(again);
    json_decref(seeds);
    const Outcome *outcome = e2e_run("stats", e2e_path("scores.csv"), NULL);
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->out, "P(a > b)"));
}

/// A test of which nothing is left to four digits has a bound.
static void a_p_value_is_never_shown_as_0(void **state) {
    (void)state;
    const Outcome *outcome = e2e_run("stats",
                                     write_table("apart.csv", "arm,task,seed,score\nA,x,1,1\nA,x,2,2\nA,x,3,1\nA,x,4,2\n"
                                                              "B,x,1,10001\nB,x,2,10002\nB,x,3,10002\nB,x,4,10001\n"),
                                     NULL);
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->out, "  < 0.0001  < 0.0001   0.0286  0.1250\n")); // Welch, Holm; 2 of 70 ways to permute, 2 of 16 signs
    assert_null(strstr(outcome->out, "0.0000"));
}

/// Resampling one seed gives one value again and again, which is no interval.
static void one_seed_has_no_interval(void **state) {
    (void)state;
    json_t *document = stats(write_table("one.csv", "arm,task,seed,score\nA,x,1,1\nB,x,1,2\n"), "task");
    const json_t *mean = json_object_get(json_object_get(json_object_get(document, "arms"), "A"), "mean");
    const json_t *pair = json_array_get(json_object_get(document, "pairs"), 0);
    assert_true(value_of(pair, "probability_of_improvement") == 0.0);
    assert_true(json_is_null(json_object_get(mean, "low")) && json_is_null(json_object_get(mean, "high")));
    assert_true(json_is_null(json_object_get(json_object_get(pair, "probability_of_improvement"), "high")));
    assert_true(json_is_null(json_object_get(pair, "welch_p")) && json_is_null(json_object_get(pair, "permutation_p")));
    json_decref(document);
    const Outcome *outcome = e2e_run("stats", e2e_path("one.csv"), NULL);
    assert_int_equal(outcome->code, 0);
    assert_null(strstr(outcome->out, "nan"));
    assert_non_null(strstr(outcome->out, "1 seed an arm, so there is no interval"));
}

/// Names of any script stand in columns of their own, and nothing in a name reaches the terminal as a command.
static void tables_hold_names_of_any_script(void **state) {
    (void)state;
    const Outcome *outcome =
        e2e_run("stats",
                write_table("names.csv", "arm,task,seed,score\n\xc3\x84rm,\xd0\xb7\xd0\xb0\xd0\xb4\xd0\xb0\xd1\x87\xd0\xb0,1,1\n"
                                         "b\xc2\x9b"
                                         "31m,\xd0\xb7\xd0\xb0\xd0\xb4\xd0\xb0\xd1\x87\xd0\xb0,1,2\n"),
                NULL);
    assert_int_equal(outcome->code, 0);
    assert_null(strstr(outcome->out, "\xc2\x9b"));
    assert_non_null(strstr(outcome->out, "\n\xc3\x84rm    1.00")); // as wide as b?31m
    assert_non_null(strstr(outcome->out, "\xd0\xb7\xd0\xb0\xd0\xb4\xd0\xb0\xd1\x87\xd0\xb0\n"));
}

static void wrong_tables_and_options_are_refused(void **state) {
    (void)state;
    const Outcome *outcome = e2e_run("stats", write_table("short.csv", "arm,task,seed,score\nA,x,1,2\nA,y,2,3\n"), NULL);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "short.csv: arm A, task x, seed 2: the score is missing"));
    outcome = e2e_run("stats", e2e_path("none.csv"), NULL);
    assert_int_equal(outcome->code, 1);
    outcome = e2e_run("stats", NULL);
    assert_int_equal(outcome->code, 2);
    outcome = e2e_run("stats", e2e_path("short.csv"), "--resample", "episode", NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "--resample episode: must be task or seed"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_table_gives_the_promised_document), TEST(a_p_value_is_never_shown_as_0),        TEST(one_seed_has_no_interval),
        TEST(tables_hold_names_of_any_script),     TEST(wrong_tables_and_options_are_refused),
    };
    return cmocka_run_group_tests_name("e2e_stats", tests, NULL, NULL);
}
