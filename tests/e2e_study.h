// e2e_study.h: small studies for tests of the built program.
#ifndef SDQN_TESTS_E2E_STUDY_H
#define SDQN_TESTS_E2E_STUDY_H

#include "e2e.h"

#define E2E_STUDY_SETTINGS                                                                                                                 \
    "settings: {episodes: 9, batch_size: 8, min_replay_size: 100, replay_capacity: 500, hidden1_size: 16,\n"                               \
    "  hidden2_size: 8, final_episodes: 2, evaluation_period: 3, evaluation_episodes: 1, state_period_episodes: 2}\n"

static inline const char *e2e_write_text(const char *name, const char *text) {
    const SdqnPiece piece = {text, strlen(text)};
    assert_int_equal(sdqn_file_write(e2e_path(name), &piece, 1, NULL), SDQN_OK);
    return e2e_path(name);
}

/// Tuning, two tiers, a comparison between them.
static inline const char *e2e_write_tiers(const char *name) {
    char text[2048];
    snprintf(text, sizeof text,
             "name: small\n%s"
             "tuning: {seeds: 101-102, select: area, grid: {learning_rate: [1e-3, 2.5e-4]}, arms: [shared]}\n"
             "tiers:\n"
             "  first: {seeds: 1-2, arms: {shared: {method: shared}, independent: {method: independent}}}\n"
             "  second: {seeds: [2], arms: {onehot: {method: shared, conditioning: onehot, tuned_as: shared}}}\n"
             "comparisons: [[shared, independent], [onehot, shared]]\n",
             E2E_STUDY_SETTINGS);
    return e2e_write_text(name, text);
}

static inline void e2e_assert_same_results(const char *a, const char *b) {
    static const char *const runs[] = {"shared_1e-3-seed101",  "shared_1e-3-seed102", "shared_25e-5-seed101",
                                       "shared_25e-5-seed102", "shared-seed1",        "shared-seed2",
                                       "independent-seed1",    "independent-seed2",   "onehot-seed2"};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        char name[128];
        snprintf(name, sizeof name, "results/%s.json", runs[i]);
        e2e_assert_same_file(a, b, name);
    }
    e2e_assert_same_file(a, b, "report.md");
    e2e_assert_same_file(a, b, "report.html");
    e2e_assert_same_file(a, b, "scores-first.csv");
    e2e_assert_same_file(a, b, "scores-second.csv");
}

#endif
