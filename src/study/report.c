#include "study/report.h"

#include "core/file.h"
#include "core/text.h"
#include "study/comparison.h"
#include "study/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_complete(const SdqnStudyPlan *plan, const SdqnStudy *study, int arm) {
    bool whole = true;
    for (int s = 0; s < plan->num_seeds; s++) whole = whole && sdqn_study_job(study, arm, s)->state == SDQN_JOB_DONE;
    return whole;
}

SdqnStatus sdqn_study_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, SdqnScores *scores, int *arms,
                             SdqnError *error) {
    int count = 0;
    for (int a = 0; a < plan->num_arms; a++) arms[a] = is_complete(plan, study, a) ? count++ : -1;
    if (count == 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "study %s: no arm has all its runs yet", plan->name);
    const SdqnConfig *config = &plan->arms[0].config;
    const SdqnStatus status = sdqn_scores_create(count, config->num_tasks, plan->num_seeds, scores, error);
    if (status != SDQN_OK) return status;
    for (int t = 0; t < config->num_tasks; t++) snprintf(scores->tasks[t], SDQN_SCORES_NAME_SIZE, "%s", config->tasks[t]);
    for (int a = 0; a < plan->num_arms; a++) {
        if (arms[a] < 0) continue;
        snprintf(scores->arms[arms[a]], SDQN_SCORES_NAME_SIZE, "%s", plan->arms[a].name);
        for (int s = 0; s < plan->num_seeds; s++) {
            const SdqnStudyResult *result = &sdqn_study_job(study, a, s)->result;
            snprintf(scores->seeds[(size_t)arms[a] * (size_t)plan->num_seeds + (size_t)s], SDQN_SCORES_NAME_SIZE, "%llu",
                     (unsigned long long)plan->seeds[s]);
            for (int t = 0; t < config->num_tasks; t++) {
                const double score = kind == SDQN_SCORE_FINAL ? result->final[t].mean : sdqn_study_result_area(result, t);
                sdqn_scores_of(scores, arms[a], t)[s] = score;
            }
        }
    }
    return SDQN_OK;
}

// ---- Markdown -------------------------------------------------------------------------------------------------------------------

static void write_estimate(FILE *out, const SdqnEstimate *estimate, int decimals) {
    fprintf(out, " %.*f [%.*f, %.*f] |", decimals, estimate->value, decimals, estimate->low, decimals, estimate->high);
}

static void write_p(FILE *out, double p) {
    if (isnan(p)) {
        fputs(" - |", out);
    } else if (p < 1e-4) {
        fputs(" < 0.0001 |", out);
    } else {
        fprintf(out, " %.4f |", p);
    }
}

static void write_arms(FILE *out, const SdqnComparison *comparison) {
    const SdqnScores *scores = comparison->scores;
    fputs("| arm | IQM | mean | median of tasks | std |", out);
    for (int t = 0; t < scores->num_tasks; t++) fprintf(out, " %s |", scores->tasks[t]);
    fputs("\n|---|---|---|---|---|", out);
    for (int t = 0; t < scores->num_tasks; t++) fputs("---|", out);
    fputc('\n', out);
    for (int a = 0; a < scores->num_arms; a++) {
        const SdqnArmStatistics *arm = &comparison->arms[a];
        fprintf(out, "| %s |", scores->arms[a]);
        for (int k = SDQN_STATISTIC_IQM; k <= SDQN_STATISTIC_MEDIAN; k++) write_estimate(out, &arm->statistics[k], 1);
        fprintf(out, " %.1f |", arm->deviation);
        for (int t = 0; t < scores->num_tasks; t++) fprintf(out, " %.1f |", arm->task_means[t]);
        fputc('\n', out);
    }
    fputc('\n', out);
}

/// The pair of two arms, turned if it is the other way round.
static SdqnPairStatistics pair_of(const SdqnComparison *comparison, int a, int b) {
    for (int i = 0; i < comparison->num_pairs; i++) {
        SdqnPairStatistics pair = comparison->pairs[i];
        if (pair.a == a && pair.b == b) return pair;
        if (pair.a != b || pair.b != a) continue;
        pair.a = a;
        pair.b = b;
        pair.difference = -pair.difference;
        pair.paired = (SdqnEstimate){-pair.paired.value, -pair.paired.high, -pair.paired.low};
        pair.improvement = (SdqnEstimate){1.0 - pair.improvement.value, 1.0 - pair.improvement.high, 1.0 - pair.improvement.low};
        return pair;
    }
    return (SdqnPairStatistics){.a = -1};
}

static void write_comparisons(FILE *out, const SdqnStudyPlan *plan, const SdqnComparison *comparison, const int *arms) {
    SdqnPairStatistics pairs[SDQN_STUDY_MAX_COMPARISONS];
    double p[SDQN_STUDY_MAX_COMPARISONS], corrected[SDQN_STUDY_MAX_COMPARISONS];
    int count = 0;
    for (int i = 0; i < plan->num_comparisons; i++) {
        const int a = arms[plan->comparisons[i].a], b = arms[plan->comparisons[i].b];
        if (a < 0 || b < 0) continue;
        pairs[count] = pair_of(comparison, a, b);
        p[count] = pairs[count].welch_p;
        count++;
    }
    if (count == 0) return;
    sdqn_holm(p, count, corrected);
    fputs("| a | b | a - b | P(a > b) | Welch | Holm | permutation | paired permutation |\n|---|---|---|---|---|---|---|---|\n", out);
    for (int i = 0; i < count; i++) {
        const SdqnPairStatistics *pair = &pairs[i];
        fprintf(out, "| %s | %s |", comparison->scores->arms[pair->a], comparison->scores->arms[pair->b]);
        if (pair->has_pairs) {
            write_estimate(out, &pair->paired, 1);
        } else {
            fprintf(out, " %.1f |", pair->difference);
        }
        write_estimate(out, &pair->improvement, 3);
        write_p(out, pair->welch_p);
        write_p(out, corrected[i]);
        write_p(out, pair->permutation_p);
        write_p(out, pair->paired_permutation_p);
        fputc('\n', out);
    }
    fputc('\n', out);
}

static SdqnStatus write_scores(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, SdqnError *error) {
    SdqnComparisonDef def = sdqn_comparison_def_default();
    SdqnScores scores = {0};
    SdqnComparison *comparison = NULL;
    int arms[SDQN_STUDY_MAX_ARMS];
    def.bootstrap.resampling = SDQN_RESAMPLE_SEED; // tasks of one run are not independent
    SdqnStatus status = sdqn_study_scores(plan, study, kind, &scores, arms, error);
    if (status == SDQN_OK) status = sdqn_comparison_create(&def, &scores, &comparison, error);
    if (status == SDQN_OK) {
        write_arms(out, comparison);
        write_comparisons(out, plan, comparison, arms);
    }
    sdqn_comparison_destroy(comparison);
    sdqn_scores_clear(&scores);
    return status;
}

/// Arms that are not in the tables, and why.
static void write_missing(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study) {
    for (int a = 0; a < plan->num_arms; a++) {
        int done = 0, failed = 0;
        const char *failure = "";
        for (int s = 0; s < plan->num_seeds; s++) {
            const SdqnJob *job = sdqn_study_job(study, a, s);
            done += job->state == SDQN_JOB_DONE;
            failed += job->state == SDQN_JOB_FAILED;
            if (job->state == SDQN_JOB_FAILED) failure = job->failure;
        }
        if (done == plan->num_seeds) continue;
        fprintf(out, "- **%s is left out**: %d of %d runs are done", plan->arms[a].name, done, plan->num_seeds);
        if (failed > 0) fprintf(out, ", %d failed (%s)", failed, failure);
        fputc('\n', out);
    }
}

SdqnStatus sdqn_study_report_write(FILE *stream, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error) {
    const SdqnConfig *config = &plan->arms[0].config;
    fprintf(stream, "# Study %s\n\n%d arms, %d training seeds each. Final policy: %d greedy episodes a task, seeds from %llu.\n\n",
            plan->name, plan->num_arms, plan->num_seeds, config->final_episodes, (unsigned long long)config->final_seed);
    write_missing(stream, plan, study);
    fputs("\n## Final policy\n\nMean return. [low, high]: 95 % bootstrap interval that draws whole seeds 50,000 times. a - b: mean over "
          "seeds of the\n"
          "difference of the means over tasks, same seed by same seed. Holm: Welch's p-values corrected for the planned comparisons.\n\n",
          stream);
    SdqnStatus status = write_scores(stream, plan, study, SDQN_SCORE_FINAL, error);
    if (status != SDQN_OK) return status;
    fputs("## Area under the evaluation curve\n\nMean return over training, by the periodic evaluations.\n\n", stream);
    return write_scores(stream, plan, study, SDQN_SCORE_AREA, error);
}

static void write_csv(FILE *out, const SdqnScores *scores) {
    char number[SDQN_TEXT_SIZE];
    fputs("arm,task,seed,score\n", out);
    for (int a = 0; a < scores->num_arms; a++) {
        for (int t = 0; t < scores->num_tasks; t++) {
            for (int s = 0; s < scores->num_seeds; s++) {
                fprintf(out, "%s,%s,%s,%s\n", scores->arms[a], scores->tasks[t],
                        scores->seeds[(size_t)a * (size_t)scores->num_seeds + (size_t)s],
                        sdqn_text_from_double(sdqn_scores_of(scores, a, t)[s], number));
            }
        }
    }
}

/// Write what was written into memory. @param text  freed here
static SdqnStatus write_file(const char *folder, const char *name, FILE *out, char **text, const size_t *size, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    bool failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;
    SdqnStatus status = failed ? sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for %s", name) : SDQN_OK;
    if (status == SDQN_OK) status = sdqn_file_join(folder, name, path, error);
    if (status == SDQN_OK) status = sdqn_file_write(path, &(SdqnPiece){*text, *size}, 1, error);
    free(*text);
    return status;
}

SdqnStatus sdqn_study_report_files(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error) {
    SdqnScores scores = {0};
    int arms[SDQN_STUDY_MAX_ARMS];
    char *text = NULL;
    size_t size = 0;
    SdqnStatus status = sdqn_study_scores(plan, study, SDQN_SCORE_FINAL, &scores, arms, error);
    if (status != SDQN_OK) return status;
    FILE *out = open_memstream(&text, &size);
    if (out) {
        write_csv(out, &scores);
        status = write_file(folder, "scores.csv", out, &text, &size, error);
    }
    sdqn_scores_clear(&scores);
    text = NULL;
    if (status == SDQN_OK && out) out = open_memstream(&text, &size);
    if (!out) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for its report");
    if (status != SDQN_OK) return status;
    status = sdqn_study_report_write(out, plan, study, error);
    const SdqnStatus written = write_file(folder, "report.md", out, &text, &size, error);
    return status == SDQN_OK ? written : status;
}
