// What a comparison found, as JSON. What is not known is null.

#include "study/compare_parts.h"

#include <math.h>
#include <stdlib.h>

static void add_estimate(SdqnJsonWriter *writer, const char *key, const SdqnEstimate *estimate) {
    sdqn_json_begin_object(writer, key);
    sdqn_json_add_double(writer, "value", estimate->value);
    sdqn_json_add_double(writer, "low", estimate->low);
    sdqn_json_add_double(writer, "high", estimate->high);
    sdqn_json_end_object(writer);
}

/// A measure that depends on the task: its mean over the tasks and each of them.
static SdqnStatus add_measure(SdqnJsonWriter *writer, const SdqnCompareDef *def, int arm, const char *key, SdqnMeasureKind kind,
                              SdqnError *error) {
    SdqnEstimate estimate;
    SdqnStatus status = SDQN_OK;
    sdqn_json_begin_object(writer, key);
    for (int t = SDQN_ALL_TASKS; t < sdqn_compare_num_tasks(def) && status == SDQN_OK; t++) {
        if (t == 0) sdqn_json_begin_object(writer, "tasks");
        status = sdqn_measure_arm(&def->bootstrap, &def->set.arms[arm], (SdqnMeasure){kind, t}, &estimate, error);
        if (status == SDQN_OK) add_estimate(writer, t < 0 ? "mean" : sdqn_compare_task_name(def, t), &estimate);
    }
    if (status != SDQN_OK) return status;
    sdqn_json_end_object(writer);
    sdqn_json_end_object(writer);
    return SDQN_OK;
}

static SdqnStatus add_arm(SdqnJsonWriter *writer, const SdqnCompareDef *def, int index, SdqnError *error) {
    static const struct {
        const char *key;
        SdqnMeasureKind kind;
    } measures[] = {{"return", SDQN_MEASURE_RETURN},
                    {"area", SDQN_MEASURE_AREA},
                    {"return_per_1000_parameters", SDQN_MEASURE_EFFICIENCY},
                    {"success", SDQN_MEASURE_SUCCESS},
                    {"at_rest", SDQN_MEASURE_AT_REST}};
    const SdqnArmRuns *arm = &def->set.arms[index];
    SdqnStatus status = SDQN_OK;
    sdqn_json_begin_object(writer, arm->name);
    sdqn_json_add_string(writer, "method", arm->config->method);
    sdqn_json_begin_array(writer, "seeds");
    for (int i = 0; i < arm->num_runs; i++) sdqn_json_add_u64(writer, NULL, arm->runs[i]->seed);
    sdqn_json_end_array(writer);
    sdqn_json_add_i64(writer, "parameters", arm->runs[0]->parameters);
    sdqn_json_add_i64(writer, "episodes", arm->runs[0]->num_episodes);
    for (size_t k = 0; k < sizeof measures / sizeof *measures && status == SDQN_OK; k++)
        status = add_measure(writer, def, index, measures[k].key, measures[k].kind, error);
    if (status == SDQN_OK) sdqn_json_end_object(writer);
    return status;
}

static void add_pair(SdqnJsonWriter *writer, const SdqnCompareDef *def, const SdqnContrast *pair) {
    const SdqnDifference *difference = &pair->difference;
    const char *const names[] = {def->set.arms[pair->a].name, def->set.arms[pair->b].name};
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_string(writer, "a", names[0]);
    sdqn_json_add_string(writer, "b", names[1]);
    sdqn_json_add_i64(writer, "common_seeds", difference->pairs);
    add_estimate(writer, "difference", &difference->estimate);
    add_estimate(writer, "probability_of_improvement", &pair->improvement);
    sdqn_json_add_double(writer, "welch_p", pair->welch_p);
    sdqn_json_add_double(writer, "holm_p", pair->holm_p);
    sdqn_json_add_double(writer, "permutation_p", pair->permutation_p);
    sdqn_json_add_double(writer, "signs_p", difference->pairs > 0 ? difference->p : (double)NAN);
    sdqn_json_add_string(writer, "winner", difference->verdict == 0 ? "open" : names[difference->verdict < 0]);
    sdqn_json_end_object(writer);
}

static SdqnStatus add_pairs(SdqnJsonWriter *writer, const SdqnCompareDef *def, SdqnError *error) {
    SdqnContrast *contrasts = calloc((size_t)def->num_pairs + 1, sizeof *contrasts);
    if (!contrasts) return sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory");
    for (int i = 0; i < def->num_pairs; i++) {
        contrasts[i].a = def->pairs[i].a;
        contrasts[i].b = def->pairs[i].b;
    }
    const SdqnStatus status =
        sdqn_contrast_list(&def->bootstrap, &def->set, SDQN_MEASURE_RETURN, contrasts, def->num_pairs, def->num_planned, error);
    sdqn_json_begin_array(writer, "pairs");
    for (int i = 0; i < def->num_pairs && status == SDQN_OK; i++) add_pair(writer, def, &contrasts[i]);
    sdqn_json_end_array(writer);
    free(contrasts);
    return status;
}

SdqnStatus sdqn_compare_json_add(SdqnJsonWriter *writer, const SdqnCompareDef *def, const SdqnExclusion *exclusions, int num_exclusions,
                                 SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    sdqn_json_begin_object(writer, "arms");
    for (int a = 0; a < def->set.num_arms && status == SDQN_OK; a++) status = add_arm(writer, def, a, error);
    if (status != SDQN_OK) return status;
    sdqn_json_end_object(writer);
    status = add_pairs(writer, def, error);
    sdqn_json_begin_array(writer, "left_out");
    for (int i = 0; i < num_exclusions; i++) {
        sdqn_json_begin_object(writer, NULL);
        sdqn_json_add_string(writer, "what", exclusions[i].what);
        sdqn_json_add_string(writer, "reason", exclusions[i].reason);
        sdqn_json_end_object(writer);
    }
    sdqn_json_end_array(writer);
    sdqn_json_add_i64(writer, "repeats", def->bootstrap.repeats);
    return status;
}
