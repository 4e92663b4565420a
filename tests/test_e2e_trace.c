// `sharedqn trace`: the bytes whose SHA-256 recorded episodes carry, in three formats. (test_lander.c plays all of them, without the
// program.)
#include "e2e.h"

#include "core/sha256.h"

#include <jansson.h>

enum { OBSERVATION = 8, MAX_ACTIONS = 4000, EVERY = 9 };

/// What a trace says, read back from any format.
typedef struct Trace {
    size_t steps;
    float observations[MAX_ACTIONS + 1][OBSERVATION];
    double rewards[MAX_ACTIONS];
    uint8_t terminated;
} Trace;

static Trace trace; // too large for a stack

/// Run `trace` and give its whole output, zero-terminated. @return memory to be freed
static char *run_trace(const char *task, const char *seed, const char *actions, const char *format, size_t *size) {
    const Outcome *outcome = e2e_run("trace", "--task", task, "--seed", seed, "--actions", actions, "--format", format, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    return (char *)e2e_read(e2e_base, "stdout", size);
}

static void expect_sha256(const char *where, const void *bytes, size_t size, const char *expected) {
    char hex[SDQN_SHA256_HEX_SIZE];
    sdqn_sha256_hex(bytes, size, hex);
    if (strcmp(hex, expected) != 0) fail_msg("%s: sha256 %s, expected %s", where, hex, expected);
}

/// SHA-256 of the trace as `--format raw` has its bytes.
static void expect_trace_sha256(const char *where, const char *expected) {
    char hex[SDQN_SHA256_HEX_SIZE];
    SdqnSha256 hash;
    sdqn_sha256_begin(&hash);
    sdqn_sha256_add(&hash, trace.observations, (trace.steps + 1) * sizeof trace.observations[0]);
    sdqn_sha256_add(&hash, trace.rewards, trace.steps * sizeof trace.rewards[0]);
    sdqn_sha256_add(&hash, &trace.terminated, 1);
    sdqn_sha256_end_hex(&hash, hex);
    if (strcmp(hex, expected) != 0) fail_msg("%s: sha256 %s, expected %s", where, hex, expected);
}

/// Read jsonl back, checking step and action of each line.
static void read_jsonl(char *text, const char *actions) {
    size_t number = 0;
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest)) != NULL; number++) {
        assert_true(number <= MAX_ACTIONS);
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        if (object == NULL) fail_msg("no JSON: %s", line);
        assert_int_equal(json_integer_value(json_object_get(object, "step")), number);
        const json_t *observation = json_object_get(object, "observation");
        assert_int_equal(json_array_size(observation), OBSERVATION);
        for (size_t i = 0; i < OBSERVATION; i++)
            trace.observations[number][i] = strtof(json_string_value(json_array_get(observation, i)), NULL);
        if (number > 0) {
            assert_int_equal(json_integer_value(json_object_get(object, "action")), actions[number - 1] - '0');
            trace.rewards[number - 1] = strtod(json_string_value(json_object_get(object, "reward")), NULL);
            trace.terminated = json_is_true(json_object_get(object, "terminated"));
        } else {
            assert_null(json_object_get(object, "action"));
            assert_null(json_object_get(object, "reward"));
        }
        json_decref(object);
    }
    trace.steps = number - 1;
}

/// Read csv back; the line of the reset has neither action nor reward.
static void read_csv(char *text, const char *actions) {
    char *rest = text, *line = strtok_r(rest, "\n", &rest);
    assert_string_equal(line, "step,action,x,y,vx,vy,angle,angular_velocity,leg1,leg2,reward,terminated");
    size_t number = 0;
    for (; (line = strtok_r(rest, "\n", &rest)) != NULL; number++) {
        char *cells[12];
        for (int i = 0; i < 12; i++) cells[i] = strsep(&line, ",");
        assert_null(line);
        assert_non_null(cells[11]);
        assert_int_equal(strtol(cells[0], NULL, 10), number);
        for (int i = 0; i < OBSERVATION; i++) trace.observations[number][i] = strtof(cells[2 + i], NULL);
        if (number > 0) {
            assert_true(cells[1][0] == actions[number - 1] && cells[1][1] == '\0');
            trace.rewards[number - 1] = strtod(cells[10], NULL);
            trace.terminated = (uint8_t)strtol(cells[11], NULL, 10);
        } else {
            assert_true(cells[1][0] == '\0' && cells[10][0] == '\0' && cells[11][0] == '\0');
        }
    }
    trace.steps = number - 1;
}

/// Trace a recorded episode in all formats, its actions given as digits and as a file.
static void check_line(const json_t *line, const char *where) {
    const char *task = json_string_value(json_object_get(line, "task")), *actions = json_string_value(json_object_get(line, "actions"));
    const char *expected = json_string_value(json_object_get(line, "sha256"));
    char seed[32], file[300];
    size_t size;
    assert_true(strlen(actions) <= MAX_ACTIONS);
    snprintf(seed, sizeof seed, "%lld", (long long)json_integer_value(json_object_get(line, "seed")));

    char *text = run_trace(task, seed, actions, "raw", &size);
    expect_sha256(where, text, size, expected);
    free(text);
    text = run_trace(task, seed, actions, "jsonl", &size);
    read_jsonl(text, actions);
    expect_trace_sha256(where, expected);
    free(text);
    FILE *digits = fopen(e2e_path("actions"), "w");
    assert_non_null(digits);
    assert_true(fprintf(digits, "%s\n", actions) > 0);
    assert_int_equal(fclose(digits), 0);
    snprintf(file, sizeof file, "@%s", e2e_path("actions"));
    text = run_trace(task, seed, file, "csv", &size);
    read_csv(text, actions);
    expect_trace_sha256(where, expected);
    free(text);
}

static void recorded_episodes_have_their_bytes_in_every_format(void **state) {
    (void)state;
    FILE *file = fopen("tests/data/traces.jsonl", "r");
    assert_non_null(file);
    char *text = NULL, where[64];
    size_t capacity = 0;
    int number = 0, checked = 0;
    while (getline(&text, &capacity, file) > 0) {
        number++;
        json_t *line = json_loads(text, 0, NULL);
        assert_non_null(line);
        snprintf(where, sizeof where, "traces.jsonl:%d", number);
        if (number % EVERY == 1 && json_object_get(line, "definition") == NULL) {
            check_line(line, where);
            checked++;
        }
        json_decref(line);
    }
    free(text);
    fclose(file);
    assert_true(checked >= 15);
}

static void digits_behind_the_end_are_counted(void **state) {
    (void)state;
    char actions[1001];
    memset(actions, '0', 1000);
    actions[1000] = '\0';
    const Outcome *outcome = e2e_run("trace", "--task", "standard", "--seed", "1", "--actions", actions, "--format", "csv", NULL);
    assert_int_equal(outcome->code, 0);
    int step, left;
    assert_int_equal(sscanf(outcome->err, "sharedqn trace: terminated after step %d: %d digits left over\n", &step, &left), 2);
    assert_int_equal(step + left, 1000);
    actions[step] = '\0';
    outcome = e2e_run("trace", "--task", "standard", "--seed", "1", "--actions", actions, "--format", "csv", NULL);
    assert_int_equal(outcome->code, 0);
    assert_string_equal(outcome->err, "");
}

static void a_trace_is_not_cut_at_the_time_limit(void **state) {
    (void)state;
    FILE *file = fopen(e2e_path("short.yaml"), "w");
    assert_non_null(file);
    fputs("task_definitions:\n  short:\n    base: heavy\n    time_limit_steps: 5\n", file);
    assert_int_equal(fclose(file), 0);
    const Outcome *outcome = e2e_run("trace", "--task", "short", "--config", e2e_path("short.yaml"), "--seed", "3", "--actions",
                                     "00000000000000000000", "--format", "jsonl", NULL);
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->out, "{\"step\":20,"));
    assert_string_equal(outcome->err, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(recorded_episodes_have_their_bytes_in_every_format),
        TEST(digits_behind_the_end_are_counted),
        TEST(a_trace_is_not_cut_at_the_time_limit),
    };
    return cmocka_run_group_tests_name("e2e_trace", tests, NULL, NULL);
}
