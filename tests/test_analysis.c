// test_analysis.c: what is read from folders of runs, whole and damaged, and figures against cases worked by hand.
#include "analysis/analysis.h"
#include "analysis/behaviour.h"
#include "analysis/conflict_gain.h"
#include "analysis/embeddings.h"
#include "analysis/gradient_record.h"
#include "analysis/kept_weights.h"

#include "lander/lander.h"
#include "nn/safetensors.h"
#include "plot_data.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- folders --------------------------------------------------------------------------------------------------------------------

/// Without syncing it to the disk, as some tests write many files.
static void put_bytes(const char *name, const void *bytes, size_t size) {
    char path[SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_join(plot_folder, name, path, NULL), SDQN_OK);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void put(const char *name, const char *text) { put_bytes(name, text, strlen(text)); }

/// A run of two tasks that has just begun.
static void put_run(const char *more) {
    char config[512];
    snprintf(config, sizeof config,
             "tasks: [standard, windy]\nepisodes: 40\nfinal_episodes: 2\nevaluation_period: 2\nevaluation_episodes: 1\n%s", more);
    put("config.yaml", config);
}

/// A line of metrics.jsonl.
static const char *episode_line(int episode, const char *task, double value) {
    static char line[400];
    snprintf(line, sizeof line,
             "{\"episode\": %d, \"task\": \"%s\", \"return\": %.1f, \"steps\": 10, \"terminated\": true, \"truncated\": false, "
             "\"at_rest\": false, "
             "\"epsilon\": 0.5, \"loss\": null, \"total_steps\": %d, \"total_updates\": 0}\n",
             episode, task, value, 10 * (episode + 1));
    return line;
}

/// A line of evaluations.jsonl with the same mean for both tasks.
static const char *evaluation_line(int episode, double mean, int seed) {
    static char line[800];
    char task[200];
    snprintf(task, sizeof task,
             "{\"mean\": %.1f, \"std\": 0.0, \"success\": 0.0, \"at_rest\": 0.5, \"timeout\": 0.0, \"steps\": 9.0, \"episodes\": []}",
             mean);
    snprintf(line, sizeof line,
             "{\"episode\": %d, \"kind\": \"periodic\", \"tasks\": {\"standard\": %s, \"windy\": %s}, \"mean\": %.1f, \"protocol\": "
             "{\"episodes\": 1, "
             "\"seed\": %d, \"greedy\": true, \"success_return\": 200.0, \"time_limits\": {}}}\n",
             episode, task, task, mean, seed);
    return line;
}

static SdqnRunRecord *read_run(void) {
    SdqnRunRecord *run = NULL;
    SdqnError error = {0};
    if (sdqn_run_record_read(plot_folder, &run, &error) != SDQN_OK) fail_msg("%s", error.message);
    return run;
}

static bool has_note(const SdqnNotes *notes, const char *part) {
    for (int i = 0; i < notes->count && i < SDQN_NOTES_MAX; i++) {
        if (strstr(notes->texts[i], part)) return true;
    }
    return false;
}

static void damaged_lines_are_left_out_by_name(void **state) {
    (void)state;
    char log[4000] = "";
    put_run("");
    strcat(log, episode_line(0, "standard", 1.0));
    strcat(log, "{\"episode\": 1, \"task\": \n"); // no JSON
    strcat(log, episode_line(2, "nowhere", 2.0));
    strcat(log, episode_line(3, "windy", 3.0));
    strcat(log, episode_line(3, "windy", 4.0)); // again
    strcat(log, "[]\n");
    strcat(log, episode_line(4, "standard", 5.0));
    strcat(log, "{\"episode\": 5, \"ta"); // as a kill leaves it
    put("metrics.jsonl", log);
    SdqnRunRecord *run = read_run();
    assert_int_equal(run->training.count, 3);
    assert_int_equal(run->training.episodes[2], 4);
    assert_true(run->training.returns[1] == 3.0 && run->training.tasks[1] == 1 && isnan(run->training.losses[1]));
    assert_true(has_note(&run->notes, "metrics.jsonl:2"));
    assert_true(has_note(&run->notes, "metrics.jsonl:3") && has_note(&run->notes, "nowhere"));
    assert_true(has_note(&run->notes, "metrics.jsonl:5"));
    assert_true(has_note(&run->notes, "metrics.jsonl:6"));
    assert_true(has_note(&run->notes, "metrics.jsonl:8 has no end"));
    assert_true(has_note(&run->notes, "2 of the first 5 training episodes are missing"));
    assert_true(has_note(&run->notes, "evaluations.jsonl: cannot open"));
    sdqn_run_record_destroy(run);
}

static void many_bad_lines_are_counted(void **state) {
    (void)state;
    char log[4000];
    put_run("");
    snprintf(log, sizeof log, "%s", episode_line(0, "standard", 1.0));
    for (int i = 0; i < 100; i++) strcat(log, "x\n");
    put("metrics.jsonl", log);
    SdqnRunRecord *run = read_run();
    assert_true(has_note(&run->notes, "100 lines of metrics.jsonl in all"));
    assert_true(run->notes.count < 10);
    sdqn_run_record_destroy(run);
}

static void evaluations_of_another_protocol_are_left_out(void **state) {
    (void)state;
    char log[4000] = "";
    put_run("");
    strcat(log, evaluation_line(2, 10.0, 2000000));
    strcat(log, evaluation_line(4, 99.0, 7));
    strcat(log, evaluation_line(6, 30.0, 2000000));
    put("evaluations.jsonl", log);
    SdqnRunRecord *run = read_run();
    assert_int_equal(run->evaluations.count, 2);
    assert_true(run->evaluations.means[2] == 30.0 && run->evaluations.at_rest[3] == 0.5 && !run->evaluations.has_final);
    assert_true(has_note(&run->notes, "evaluations.jsonl:2: another protocol"));
    sdqn_run_record_destroy(run);
}

static void lines_that_are_there_twice_are_left_out(void **state) {
    (void)state;
    char log[8000] = "", line[800];
    put_run("");
    strcat(log, evaluation_line(2, 10.0, 2000000));
    strcat(log, evaluation_line(2, 10.0, 2000000));
    snprintf(line, sizeof line, "%s", evaluation_line(4, 20.0, 2000000));
    memcpy(strstr(line, "periodic"), "whatever", strlen("whatever"));
    strcat(log, line);
    strcat(log, evaluation_line(6, -2e9, 2000000));
    strcat(log, evaluation_line(8, 30.0, 2000000));
    put("evaluations.jsonl", log);
    snprintf(log, sizeof log, "%s", episode_line(0, "standard", 1.0));
    strcat(log, episode_line(1, "windy", 2e9));
    put("metrics.jsonl", log);
    SdqnRunRecord *run = read_run();
    assert_true(run->evaluations.count == 2 && run->evaluations.episodes[1] == 8 && run->training.count == 1);
    assert_true(has_note(&run->notes, "evaluations.jsonl:2: is not behind the line before"));
    assert_true(has_note(&run->notes, "evaluations.jsonl:3: kind 'whatever': must be periodic or final"));
    assert_true(has_note(&run->notes, "evaluations.jsonl:4: a return of"));
    assert_true(has_note(&run->notes, "metrics.jsonl:2: a return of"));
    sdqn_run_record_destroy(run);
}

/// The final evaluation may come after the episode of the last periodic one.
static void a_final_evaluation_may_follow_at_once(void **state) {
    (void)state;
    char log[4000] = "", line[800];
    put_run("");
    strcat(log, evaluation_line(39, 10.0, 2000000));
    snprintf(line, sizeof line, "%s", evaluation_line(39, 20.0, 1000000));
    memcpy(strstr(line, "\"periodic\""), "\"final\"   ", strlen("\"periodic\""));
    *strstr(line, "\"episodes\": 1,") = ' ';
    memcpy(strstr(line, " episodes\": 1,"), "\"episodes\": 2,", strlen("\"episodes\": 2,"));
    strcat(log, line);
    put("evaluations.jsonl", log);
    SdqnRunRecord *run = read_run();
    assert_true(run->evaluations.count == 2 && run->evaluations.has_final);
    sdqn_run_record_destroy(run);
}

static void what_is_no_run_is_refused(void **state) {
    (void)state;
    SdqnRunRecord *run = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_run_record_read("/nowhere/at/all", &run, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "no such folder"));
    assert_int_equal(sdqn_run_record_read(plot_folder, &run, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "holds no config.yaml"));
    put_run("");
    assert_int_equal(sdqn_run_record_read(plot_folder, &run, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "nothing to analyse yet"));
    put("config.yaml", "method: no-such-method\n");
    assert_int_equal(sdqn_run_record_read(plot_folder, &run, &error), SDQN_ERR_FORMAT);
    assert_null(run);
}

// ---- gradients ------------------------------------------------------------------------------------------------------------------

enum { TASKS = 3, SIZE = 4 };

static double dot(const double *a, const double *b) {
    double sum = 0.0;
    for (int i = 0; i < SIZE; i++) sum += a[i] * b[i];
    return sum;
}

/// Lengths and cosines of gradients as JSON members.
static void write_gram(char *text, size_t size, const double g[TASKS][SIZE]) {
    char cosines[3][40];
    static const int pairs[3][2] = {{0, 1}, {0, 2}, {1, 2}};
    for (int p = 0; p < 3; p++) {
        const double *a = g[pairs[p][0]], *b = g[pairs[p][1]], square = dot(a, a) * dot(b, b);
        snprintf(cosines[p], sizeof cosines[p], square > 0.0 ? "%.17g" : "null", square > 0.0 ? dot(a, b) / sqrt(square) : 0.0);
    }
    snprintf(text, size, "\"norms\": [%.17g, %.17g, %.17g], \"cosines\": [%s, %s, %s]", sqrt(dot(g[0], g[0])), sqrt(dot(g[1], g[1])),
             sqrt(dot(g[2], g[2])), cosines[0], cosines[1], cosines[2]);
}

static const double gradients[3][TASKS][SIZE] = {
    {{1, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 3, 0}},
    {{1, 0, 0, 0}, {-4, 1, 0, 0}, {-1, 0, 2, 0}}, // the sum raises the first task's loss
    {{1, 1, 0, 0}, {0, 0, 0, 0}, {-1, 1, 1, 0}},  // a task without rows
};

/// Three reports of three tasks, the last with a control, and one that is damaged.
static void put_gradients(void) {
    char log[8000] = "", gram[300], line[2400];
    put_run("");
    put("config.yaml", "tasks: [standard, windy, heavy]\nepisodes: 40\nevaluation_period: 2\nevaluation_episodes: 1\n");
    put("metrics.jsonl", episode_line(0, "standard", 1.0));
    for (int r = 0; r < 3; r++) {
        char control[800] = "";
        write_gram(gram, sizeof gram, gradients[r]);
        if (r == 2) snprintf(control, sizeof control, ", \"shuffled\": {%s, \"conflict\": 0.0, \"layers\": {\"fc1\": {%s}}}", gram, gram);
        snprintf(line, sizeof line,
                 "{\"update\": %d, \"episode\": %d, \"tasks\": [\"standard\", \"windy\", \"heavy\"], \"weights\": %s, \"errors\": [1.0, "
                 "1.0, null], "
                 "%s, \"conflict\": 0.0, \"layers\": {\"fc1\": {%s}}, \"cut\": 0.25%s}\n",
                 1000 * (r + 1), 3 * r + 1, r == 0 ? "[0.5, 0.25, 0.25]" : "[null, null, null]", gram, gram, control);
        strcat(log, line);
    }
    strcat(log, "{\"update\": 4000, \"episode\": 12, \"tasks\": [\"standard\"], \"layers\": {}}\n");
    put("gradients.jsonl", log);
}

static void steps_are_judged_by_inner_products(void **state) {
    (void)state;
    SdqnGradientRecord *record = NULL;
    put_gradients();
    SdqnRunRecord *run = read_run();
    assert_int_equal(sdqn_gradient_record_read(run, &record, NULL), SDQN_OK);
    assert_int_equal(record->count, 3);
    assert_true(record->tasks == 3 && record->pairs == 3 && record->num_layers == 1 && record->has_control && record->cuts[1] == 0.25);
    assert_true(has_note(&run->notes, "gradients.jsonl:4: is of 1 tasks"));
    int raised = 0;
    for (int r = 0; r < 3; r++) {
        const double weights[2][TASKS] = {{0.5, 0.25, 0.25}, {1, 1, 1}};
        double direction[SIZE] = {0};
        for (int t = 0; t < TASKS; t++) {
            for (int i = 0; i < SIZE; i++) direction[i] += weights[r > 0][t] * gradients[r][t][i];
        }
        for (int t = 0; t < TASKS; t++) {
            const double *g = gradients[r][t], cosine = sdqn_gradient_step_cosine(record, &record->seen, r, t);
            if (dot(g, g) == 0.0) {
                assert_true(isnan(cosine));
                continue;
            }
            const double expected = dot(g, direction) / sqrt(dot(g, g) * dot(direction, direction));
            if (fabs(cosine - expected) > 1e-12) fail_msg("report %d, task %d: %.17g, expected %.17g", r, t, cosine, expected);
            raised += t == 0 && expected < 0.0;
        }
    }
    int count;
    assert_int_equal(raised, 1);
    assert_true(fabs(sdqn_gradient_robustness(record, &record->seen, 0, &count) - 2.0 / 3.0) < 1e-15 && count == 3);
    assert_true(sdqn_gradient_robustness(record, &record->seen, 1, &count) == 1.0 && count == 2);
    assert_true(isnan(record->control.cosines[0]) && record->control.cosines[7] == record->seen.cosines[7]);
    sdqn_gradient_record_destroy(record);
    sdqn_run_record_destroy(run);
}

static void impossible_reports_are_left_out(void **state) {
    (void)state;
    static const char *const changes[][3] = {
        {"", "", NULL},
        {"", "", "gradients.jsonl:2: update 1000 is not behind that of the line before"},
        {"\"update\": 1000", "\"update\": 1999", NULL},
        {"\"norms\": [1.0", "\"norms\": [-1.0", "gradients.jsonl:4: norms[0]: must be in [0, 1e+50]"},
        {"\"cosines\": [0.5", "\"cosines\": [5.0", "gradients.jsonl:5: cosines[0]: must be in [-1"},
        {"\"weights\": [1e0", "\"weights\": [1e99", "gradients.jsonl:6: weights[0]: must be in"},
        {"\"cut\": 0.5", "\"cut\": 1.5", "gradients.jsonl:7: cut: must be in [0, 1]"},
    };
    char log[8000] = "";
    put_run("");
    put("metrics.jsonl", episode_line(0, "standard", 1.0));
    const size_t count = sizeof changes / sizeof *changes;
    for (size_t i = 0; i < count; i++) {
        char line[600] =
            "{\"update\": 1000, \"episode\": 1, \"tasks\": [\"standard\", \"windy\"], \"weights\": [1e0, 0.5], \"norms\": [1.0, 2.0], "
            "\"cosines\": [0.5], \"layers\": {}, \"cut\": 0.5}\n";
        const char *place = strstr(line, changes[i][0]);
        assert_non_null(place);
        char rest[600];
        snprintf(rest, sizeof rest, "%s", place + strlen(changes[i][0]));
        const size_t begin = (size_t)(place - line);
        snprintf(line + begin, sizeof line - begin, "%s%s", changes[i][1], rest);
        if (i > 2) memcpy(strstr(line, "1000"), "3000", 4);
        strcat(log, line);
    }
    put("gradients.jsonl", log);
    SdqnRunRecord *run = read_run();
    SdqnGradientRecord *record = NULL;
    assert_int_equal(sdqn_gradient_record_read(run, &record, NULL), SDQN_OK);
    assert_int_equal(record->count, 2);
    for (size_t i = 0; i < count; i++) {
        if (changes[i][2] && !has_note(&run->notes, changes[i][2])) fail_msg("no note of: %s", changes[i][2]);
    }
    sdqn_gradient_record_destroy(record);
    sdqn_run_record_destroy(run);
}

static void pairs_are_numbered_as_in_the_log(void **state) {
    (void)state;
    for (int b = 1, pair = 0; b < 20; b++) {
        for (int a = 0; a < b; a++, pair++) {
            int found_a, found_b;
            sdqn_gradient_pair(pair, &found_a, &found_b);
            assert_true(found_a == a && found_b == b);
        }
    }
}

/// Four evaluations, three intervals with conflicts 1/3, 0 and 1 and gains 10, 40 and -20.
static void growth_is_compared_between_more_and_less_conflict(void **state) {
    (void)state;
    char log[4000] = "";
    static const double means[] = {0, 10, 50, 30};
    double cosines[] = {-0.5, 0.5, 0.5, 0.1, 0.2, 0.3, -0.1, -0.2, -0.3, -1, -1, -1};
    int64_t episodes[] = {4, 5, 7, 1000};
    SdqnGradientRecord record = {.count = 4, .tasks = 3, .pairs = 3, .episodes = episodes, .seen = {.cosines = cosines}};
    SdqnConflictGain gain;
    put_run("");
    for (int i = 0; i < 4; i++) strcat(log, evaluation_line(2 + 2 * i, means[i], 2000000));
    put("evaluations.jsonl", log);
    SdqnRunRecord *run = read_run();
    assert_int_equal(sdqn_conflict_gain(run, &record, &gain, NULL), SDQN_OK);
    assert_true(gain.low_count == 2 && gain.high_count == 1 && fabs(gain.median - 1.0 / 3.0) < 1e-15);
    assert_true(gain.low_gain == 25.0 && gain.high_gain == -20.0 && isnan(gain.high_deviation));
    assert_true(fabs(gain.low_deviation - sqrt(2.0 * 15.0 * 15.0)) < 1e-12);
    // x = 1/3, 0, 1 about 4/9; y = 10, 40, -20 about 10
    const double xx = 1.0 / 81 + 16.0 / 81 + 25.0 / 81, xy = -4.0 / 9 * 30 - 5.0 / 9 * 30, yy = 1800.0;
    assert_true(fabs(gain.correlation - xy / sqrt(xx * yy)) < 1e-12);
    sdqn_run_record_destroy(run);
}

// ---- embeddings -----------------------------------------------------------------------------------------------------------------

static void put_embedding(const char *name, const float *values, size_t rows, size_t columns) {
    uint8_t *bytes;
    size_t size;
    const SdqnTensor tensor = {.name = "task_embedding.weight", .rank = 2, .shape = {rows, columns}, .data = values};
    assert_int_equal(sdqn_safetensors_encode(&tensor, 1, &bytes, &size, NULL), SDQN_OK);
    put_bytes(name, bytes, size);
    free(bytes);
}

static void make_checkpoints(void) {
    char path[SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_join(plot_folder, "checkpoints", path, NULL), SDQN_OK);
    assert_int_equal(sdqn_file_make_folder(path, NULL), SDQN_OK);
}

/// Points of a plane in three dimensions keep their distances in the projection; files that do not fit are left out.
static void projections_keep_a_plane(void **state) {
    (void)state;
    static const float moments[3][6] = {
        {3, 0, 4, 0, 2, 0}, {-6, 1, -8, 0, -3, 0}, {9, 0, 12, 0.6f, 0, 0.8f}}; // spanned by (3, 0, 4), (0, 1, 0)
    SdqnEmbeddings embeddings;
    double points[12], shares[2];
    put_run("");
    put("metrics.jsonl", episode_line(0, "standard", 1.0));
    make_checkpoints();
    put_embedding("checkpoints/episode_000200.safetensors", moments[1], 2, 3);
    put_embedding("checkpoints/episode_000100.safetensors", moments[0], 2, 3);
    put_embedding("checkpoints/episode_000300.safetensors", moments[0], 3, 2);
    put_embedding("checkpoints/episode_0300.safetensors", moments[0], 2, 3); // no name that a run writes
    put("checkpoints/episode_000400.safetensors", "rubbish");
    put_embedding("final.safetensors", moments[2], 2, 3);
    SdqnRunRecord *run = read_run();
    assert_int_equal(sdqn_embeddings_read(run, &embeddings, NULL), SDQN_OK);
    assert_true(embeddings.count == 3 && embeddings.available == 5 && embeddings.episodes[0] == 100 && embeddings.episodes[2] == 39);
    assert_true(has_note(&run->notes, "episode_000300") && has_note(&run->notes, "episode_000400"));
    assert_true(fabs(sdqn_embedding_distance(&embeddings, 0, 0, 1) - sqrt(9 + 4 + 16)) < 1e-12);
    assert_int_equal(sdqn_embeddings_project(&embeddings, points, shares, NULL), SDQN_OK);
    assert_true(fabs(shares[0] + shares[1] - 1.0) < 1e-6 && shares[0] > shares[1]);
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            const double *a = embeddings.values + 3 * i, *b = embeddings.values + 3 * j;
            const double whole = sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
            const double seen = hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
            if (fabs(seen - whole) > 1e-5 * (1 + whole)) fail_msg("points %d and %d: %.9g apart, expected %.9g", i, j, seen, whole);
        }
    }
    sdqn_embeddings_clear(&embeddings);
    sdqn_run_record_destroy(run);
}

/// However a plane lies in space, and whichever way its axes come out: turned round, a component is turned round whole.
static void projections_keep_a_plane_that_lies_anyhow(void **state) {
    (void)state;
    static const double plane[6][3] = {{3, 0, 4}, {2, -1, 0}, {-6, 1, -8}, {-3, 0.5, 1}, {9, 2, 12}, {0.6, 0, 0.8}}; // not centred
    int64_t episodes[3] = {1, 2, 3};
    double values[18], points[12], shares[2];
    for (int turn = 0; turn < 24; turn++) { // columns in another order, some with another sign
        const int order[3] = {turn / 8, (turn / 8 + 1) % 3, (turn / 8 + 2) % 3};
        for (int i = 0; i < 6; i++) {
            const double flat[3] = {plane[i][0] - 2.0 * plane[i][1], plane[i][1], 0.5 * plane[i][0]};
            for (int k = 0; k < 3; k++) values[3 * i + k] = (turn >> k & 1 ? -1.0 : 1.0) * flat[order[k]];
        }
        const SdqnEmbeddings embeddings = {.count = 3, .available = 3, .tasks = 2, .size = 3, .episodes = episodes, .values = values};
        assert_int_equal(sdqn_embeddings_project(&embeddings, points, shares, NULL), SDQN_OK);
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < i; j++) {
                const double *a = values + 3 * i, *b = values + 3 * j;
                const double whole = sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
                const double seen = hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
                if (fabs(seen - whole) > 1e-9 * (1 + whole))
                    fail_msg("turn %d: points %d and %d: %.9g apart, expected %.9g", turn, i, j, seen, whole);
            }
        }
    }
}

static void of_many_checkpoints_evenly_spaced_ones_are_read(void **state) {
    (void)state;
    const float values[2] = {1, 2};
    SdqnEmbeddings embeddings;
    put_run("");
    put("metrics.jsonl", episode_line(0, "standard", 1.0));
    make_checkpoints();
    for (int i = 1; i <= 2 * SDQN_EMBEDDINGS_MAX_CHECKPOINTS; i++) {
        char name[64];
        snprintf(name, sizeof name, "checkpoints/episode_%06d.safetensors", i);
        put_embedding(name, values, 2, 1);
    }
    SdqnRunRecord *run = read_run();
    assert_int_equal(sdqn_embeddings_read(run, &embeddings, NULL), SDQN_OK);
    assert_int_equal(embeddings.count, SDQN_EMBEDDINGS_MAX_CHECKPOINTS);
    assert_int_equal(embeddings.available, 2 * SDQN_EMBEDDINGS_MAX_CHECKPOINTS);
    for (int i = 0; i < embeddings.count; i++) assert_int_equal(embeddings.episodes[i], 2 * (i + 1));
    sdqn_embeddings_clear(&embeddings);
    sdqn_run_record_destroy(run);
}

// ---- behaviour ------------------------------------------------------------------------------------------------------------------

/// No episode of random actions earns more than the bound, and those of a trained network come near it.
static void no_return_exceeds_what_is_reachable(void **state) {
    (void)state;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 7);
    for (int i = 0; i < 4; i++) {
        const SdqnTask *task = sdqn_task_builtin(i);
        assert_int_equal(sdqn_task_allows_rest(task), i != 1);
        for (int e = 0; e < 40; e++) {
            SdqnLander lander;
            float observation[SDQN_LANDER_OBSERVATION_SIZE];
            sdqn_lander_create(&lander, task, &rng);
            sdqn_lander_reset_seeded(&lander, (uint64_t)e, observation);
            const double bound = sdqn_reachable_return(task, observation);
            double sum = 0.0;
            for (SdqnStep step = {0}; !step.terminated && !step.truncated;) {
                step = sdqn_lander_step(&lander, (int)sdqn_rng_integers(&rng, 0, 4), observation);
                sum += step.reward;
            }
            if (sum > bound) fail_msg("task %d, seed %d: return %g above %g", i, e, sum, bound);
        }
    }
}

static void copy_weights(void) {
    uint8_t *bytes;
    size_t size;
    assert_int_equal(sdqn_file_read("tests/data/trained.safetensors", 1 << 20, &bytes, &size, NULL), SDQN_OK);
    put_bytes("final.safetensors", bytes, size);
    free(bytes);
}

/// The trained weights land on standard and heavy, and never come to rest on windy. Episodes are counted again one by one.
static void episodes_of_the_weights_are_watched(void **state) {
    (void)state;
    SdqnBehaviour *behaviour = NULL;
    put("config.yaml", "tasks: [standard, windy, heavy]\nepisodes: 40\nfinal_episodes: 12\nfinal_seed: 100\n");
    put("metrics.jsonl", episode_line(0, "standard", 1.0));
    copy_weights();
    SdqnRunRecord *run = read_run();
    assert_int_equal(sdqn_behaviour_play(run, &behaviour, NULL), SDQN_OK);
    assert_non_null(behaviour);
    assert_string_equal(behaviour->weights, "final.safetensors");
    for (int t = 0; t < 3; t++) {
        const SdqnTaskBehaviour *seen = &behaviour->tasks[t];
        int ended[SDQN_NUM_ENDS] = {0}, total = 0;
        for (int e = 0; e < 12; e++) ended[seen->ends[e]]++;
        for (int k = 0; k < SDQN_NUM_ENDS; k++) {
            assert_int_equal(seen->ended[k], ended[k]);
            total += ended[k];
        }
        assert_int_equal(total, 12);
        assert_true(seen->hovered >= 0 && seen->hovered < seen->steps && seen->steps > 12);
        assert_true(seen->share_reached == seen->mean / seen->reachable && seen->share_reached < 1.0);
    }
    assert_true(behaviour->tasks[0].ended[SDQN_END_AT_REST] >= 6 && behaviour->tasks[0].share_reached > 0.5);
    assert_true(behaviour->tasks[1].ended[SDQN_END_AT_REST] == 0 && behaviour->tasks[1].ended[SDQN_END_TIMEOUT_GROUNDED] > 0);
    assert_true(behaviour->tasks[0].reachable - behaviour->tasks[1].reachable > 90.0);
    sdqn_behaviour_destroy(behaviour);
    sdqn_run_record_destroy(run);
}

static void weights_that_do_not_fit_are_noted(void **state) {
    (void)state;
    SdqnBehaviour *behaviour = NULL;
    put_run(""); // two tasks; the weights know three
    put("metrics.jsonl", episode_line(0, "standard", 1.0));
    SdqnRunRecord *run = read_run();
    assert_int_equal(sdqn_behaviour_play(run, &behaviour, NULL), SDQN_OK);
    assert_null(behaviour);
    assert_true(has_note(&run->notes, "no weights yet"));
    copy_weights();
    assert_int_equal(sdqn_behaviour_play(run, &behaviour, NULL), SDQN_OK);
    assert_null(behaviour);
    assert_true(has_note(&run->notes, "knows 3 tasks"));
    put("final.safetensors", "rubbish");
    assert_int_equal(sdqn_behaviour_play(run, &behaviour, NULL), SDQN_OK);
    assert_null(behaviour);
    sdqn_run_record_destroy(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(damaged_lines_are_left_out_by_name, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(many_bad_lines_are_counted, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(evaluations_of_another_protocol_are_left_out, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(lines_that_are_there_twice_are_left_out, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(a_final_evaluation_may_follow_at_once, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(impossible_reports_are_left_out, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_run_is_refused, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(steps_are_judged_by_inner_products, plot_setup, plot_teardown),
        cmocka_unit_test(pairs_are_numbered_as_in_the_log),
        cmocka_unit_test_setup_teardown(growth_is_compared_between_more_and_less_conflict, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(projections_keep_a_plane, plot_setup, plot_teardown),
        cmocka_unit_test(projections_keep_a_plane_that_lies_anyhow),
        cmocka_unit_test_setup_teardown(of_many_checkpoints_evenly_spaced_ones_are_read, plot_setup, plot_teardown),
        cmocka_unit_test(no_return_exceeds_what_is_reachable),
        cmocka_unit_test_setup_teardown(episodes_of_the_weights_are_watched, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(weights_that_do_not_fit_are_noted, plot_setup, plot_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
