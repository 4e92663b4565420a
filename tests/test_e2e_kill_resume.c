// A short run, killed by SIGKILL at 50 random moments, many of them inside the writing of a file, ends with the bytes of a run left alone.
#include "e2e.h"

#include "core/rng.h"

#define KILLS 50
#define EPISODES "40"

/// The command line of the run under test; every episode ends with a full state.
static pid_t start_run(const char *out, bool resume) {
    const char *arguments[] = {"train",  "--out",
                               out,      "--episodes",
                               EPISODES, "--batch-size",
                               "8",      "--min-replay-size",
                               "100",    "--replay-capacity",
                               "3000",   "--hidden1-size",
                               "32",     "--hidden2-size",
                               "16",     "--evaluation-period",
                               "5",      "--evaluation-episodes",
                               "1",      "--checkpoint-period",
                               "5",      "--final-episodes",
                               "5",      "--seed",
                               "11",     "--state-period-episodes",
                               "1",      resume ? "--resume" : NULL,
                               NULL};
    return e2e_start(arguments);
}

static bool has_temporary(void) {
    static char names[E2E_MAX_FILES][128];
    return e2e_list(e2e_path("killed/checkpoints"), ".tmp", names) > 0 || e2e_list(e2e_path("killed"), ".tmp", names) > 0;
}

/// Kill the run after `delay` seconds, if asked as soon as a file is being written then. @return false if it ended by itself before
static bool kill_run(pid_t child, double delay, bool in_writing) {
    double deadline = e2e_now() + delay, latest = deadline + 0.5;
    int status;
    while (e2e_now() < deadline || (in_writing && e2e_now() < latest && !has_temporary())) {
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child) {
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                static char text[E2E_TEXT_SIZE];
                e2e_read_text(e2e_path("stderr"), text);
                fail_msg("the run failed by itself: %s", text);
            }
            return false;
        }
        if (e2e_now() < deadline) e2e_sleep(0.0005);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

static void kills_change_no_byte(void **state) {
    (void)state;
    const char *whole = e2e_path("whole"), *out = e2e_path("killed");
    double began = e2e_now();
    const Outcome *outcome = e2e_wait(start_run(whole, false));
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    double duration = e2e_now() - began;

    SdqnRng rng;
    sdqn_rng_seed(&rng, 20261124);
    int kills = 0, in_writing = 0, runs = 0;
    while (kills < KILLS || sdqn_file_exists(out)) {
        bool is_begun = sdqn_file_exists(out); // a kill may come before the folder is made
        pid_t child = start_run(out, is_begun);
        // A tenth of the run on average, so that each run is killed often, also in its final evaluation.
        double delay = kills < KILLS ? sdqn_rng_uniform(&rng, 0, 0.2 * duration) : 600;
        if (kill_run(child, delay, kills % 2 == 0)) {
            kills++;
            in_writing += has_temporary();
            continue;
        }
        e2e_assert_same_runs(whole, out);
        assert_int_equal(sdqn_file_remove_tree(out, NULL), SDQN_OK);
        runs++;
    }
    print_message("%d kills in %d runs of %.1f s, %d of them left a file half written\n", kills, runs, duration, in_writing);
    assert_true(in_writing >= 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(kills_change_no_byte, e2e_setup, e2e_teardown)};
    return cmocka_run_group_tests_name("e2e_kill_resume", tests, NULL, NULL);
}
