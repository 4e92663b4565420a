// Ctrl-C twice stops at once. (test_e2e_determinism.c sends it once and goes on with the run.)
#include "e2e.h"

/// Settings under which an episode takes minutes once updates begin: a large network on the slowest kernels.
static const char *const SLOW[] = {"--isa",        "scalar", "--hidden1-size",    "2048", "--hidden2-size", "2048",
                                   "--batch-size", "256",    "--min-replay-size", "255"};
enum { NUM_SLOW = sizeof SLOW / sizeof *SLOW };

/// Wait until a file holds a text. @return false if it has not come after some seconds
static bool appears(const char *path, const char *text) {
    static char found[E2E_TEXT_SIZE];
    for (int i = 0; i < 2000; i++) {
        e2e_read_text(path, found);
        if (strstr(found, text) != NULL) return true;
        e2e_sleep(0.005);
    }
    return false;
}

static bool is_running(pid_t child) { return waitpid(child, NULL, WNOHANG) == 0; }

static void the_second_interrupt_stops_at_once(void **state) {
    (void)state;
    const char *out = e2e_path("run");
    const char *arguments[NUM_SLOW + 4] = {"train", "--out", out};
    memcpy(arguments + 3, SLOW, sizeof SLOW);
    pid_t child = e2e_start(arguments);
    bool begun = appears(e2e_path("run/metrics.jsonl"), "\"episode\": 0,");
    e2e_sleep(0.5); // a few quick episodes more, and updates have begun
    kill(child, SIGINT);
    bool told = appears(e2e_path("stderr"), "stopping after this episode, of a long one within 4096 steps; once more stops at once\n");
    e2e_sleep(0.2);
    bool goes_on = is_running(child);
    kill(child, SIGINT);
    int status = 0;
    double deadline = e2e_now() + 5;
    pid_t ended = 0;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0 && e2e_now() < deadline) e2e_sleep(0.005);
    if (ended == 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    assert_true(begun && told && goes_on);
    assert_int_equal(ended, child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_false(sdqn_file_exists(e2e_path("run/summary.json")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_second_interrupt_stops_at_once, e2e_setup, e2e_teardown),
    };
    return cmocka_run_group_tests_name("e2e_stop", tests, NULL, NULL);
}
