#include "study/report.h"

#include "core/file.h"
#include "core/text.h"
#include "study/comparison.h"
#include "study/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Put the scores of one arm into a table: those of `seeds`, indices into the arm's own.
static void fill_arm(const SdqnStudyPlan *plan, const SdqnStudy *study, int arm, const int *seeds, SdqnScoreKind kind, SdqnScores *scores,
                     int row) {
    snprintf(scores->arms[row], SDQN_SCORES_NAME_SIZE, "%s", plan->arms[arm].name);
    for (int s = 0; s < scores->num_seeds; s++) {
        const SdqnJob *job = sdqn_study_job(study, arm, seeds[s]);
        char *name = scores->seeds[(size_t)row * (size_t)scores->num_seeds + (size_t)s];
        snprintf(name, SDQN_SCORES_NAME_SIZE, "%llu", (unsigned long long)job->seed);
        for (int t = 0; t < scores->num_tasks; t++) sdqn_scores_of(scores, row, t)[s] = sdqn_study_result_score(&job->result, kind, t);
    }
}

static SdqnStatus create_scores(const SdqnStudyPlan *plan, int arms, int seeds, SdqnScores *scores, SdqnError *error) {
    const SdqnConfig *config = &plan->arms[0].config;
    const SdqnStatus status = sdqn_scores_create(arms, config->num_tasks, seeds, scores, error);
    for (int t = 0; status == SDQN_OK && t < config->num_tasks; t++)
        snprintf(scores->tasks[t], SDQN_SCORES_NAME_SIZE, "%s", config->tasks[t]);
    return status;
}

SdqnStatus sdqn_study_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnScoreKind kind, SdqnScores *scores, int *arms,
                             SdqnError *error) {
    int count = 0;
    for (int a = 0; a < plan->num_arms; a++) {
        const bool is_of_tier = plan->arms[a].candidate_of < 0 && plan->arms[a].tier == tier;
        arms[a] = is_of_tier && sdqn_study_is_complete(study, a) ? count++ : -1;
    }
    if (count == 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "study %s: no arm %s%s has all its runs yet", plan->name,
                              plan->tiers[tier].name[0] != '\0' ? "of tier " : "", plan->tiers[tier].name);
    const int num_seeds = plan->tiers[tier].num_seeds;
    int *seeds = calloc((size_t)num_seeds, sizeof *seeds);
    if (!seeds) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory");
    for (int s = 0; s < num_seeds; s++) seeds[s] = s;
    const SdqnStatus status = create_scores(plan, count, num_seeds, scores, error);
    for (int a = 0; a < plan->num_arms && status == SDQN_OK; a++) {
        if (arms[a] >= 0) fill_arm(plan, study, a, seeds, kind, scores, arms[a]);
    }
    free(seeds);
    return status;
}

/// The seeds that two arms have in common, as indices into each one's. @return how many
static int common_seeds(const SdqnStudyArm *a, const SdqnStudyArm *b, int *of_a, int *of_b) {
    int count = 0;
    for (int i = 0; i < a->num_seeds; i++) {
        for (int j = 0; j < b->num_seeds; j++) {
            if (a->seeds[i] != b->seeds[j]) continue;
            of_a[count] = i;
            of_b[count++] = j;
        }
    }
    return count;
}

SdqnStatus sdqn_study_pair_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, const SdqnStudyComparison *pair, SdqnScoreKind kind,
                                  SdqnScores *scores, SdqnError *error) {
    const SdqnStudyArm *a = &plan->arms[pair->a], *b = &plan->arms[pair->b];
    const int most = a->num_seeds < b->num_seeds ? a->num_seeds : b->num_seeds;
    int *seeds = calloc(2 * (size_t)most, sizeof *seeds);
    if (!seeds) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory");
    const int count = common_seeds(a, b, seeds, seeds + most);
    SdqnStatus status = count > 0 ? create_scores(plan, 2, count, scores, error)
                                  : sdqn_error_set(error, SDQN_ERR_FORMAT, "arms %s and %s have no seed in common", a->name, b->name);
    if (status == SDQN_OK) {
        fill_arm(plan, study, pair->a, seeds, kind, scores, 0);
        fill_arm(plan, study, pair->b, seeds + most, kind, scores, 1);
    }
    free(seeds);
    return status;
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

/// Statistics of scores as reports make them.
static SdqnStatus compare(const SdqnScores *scores, bool arms_only, SdqnComparison **comparison, SdqnError *error) {
    SdqnComparisonDef def = sdqn_comparison_def_default();
    def.bootstrap.resampling = SDQN_RESAMPLE_SEED; // tasks of one run are not independent
    def.arms_only = arms_only;
    return sdqn_comparison_create(&def, scores, comparison, error);
}

static SdqnStatus write_tier(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnScoreKind kind, SdqnError *error) {
    SdqnScores scores = {0};
    SdqnComparison *comparison = NULL;
    SdqnError cause = {0};
    int arms[SDQN_STUDY_MAX_ARMS];
    SdqnStatus status = sdqn_study_scores(plan, study, tier, kind, &scores, arms, &cause);
    if (plan->tiers[tier].name[0] != '\0') fprintf(out, "### Tier %s: %d seeds\n\n", plan->tiers[tier].name, plan->tiers[tier].num_seeds);
    if (status == SDQN_ERR_FORMAT) {
        fputs("No arm has all its runs yet.\n\n", out);
        return SDQN_OK;
    }
    if (status == SDQN_OK) status = compare(&scores, true, &comparison, &cause);
    if (status == SDQN_OK) write_arms(out, comparison);
    sdqn_comparison_destroy(comparison);
    sdqn_scores_clear(&scores);
    return status == SDQN_OK ? SDQN_OK : sdqn_error_set(error, status, "%s", cause.message);
}

/// One planned comparison.
typedef struct Planned {
    SdqnStudyComparison arms;
    int seeds;
    SdqnPairStatistics pair;
} Planned;

static SdqnStatus compare_planned(const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, Planned *planned,
                                  SdqnError *error) {
    SdqnScores scores = {0};
    SdqnComparison *comparison = NULL;
    SdqnStatus status = sdqn_study_pair_scores(plan, study, &planned->arms, kind, &scores, error);
    if (status == SDQN_OK) status = compare(&scores, false, &comparison, error);
    if (status == SDQN_OK) {
        planned->pair = comparison->pairs[0];
        planned->seeds = scores.num_seeds;
    }
    sdqn_comparison_destroy(comparison);
    sdqn_scores_clear(&scores);
    return status;
}

static void write_planned(FILE *out, const SdqnStudyPlan *plan, const Planned *planned, double corrected) {
    const SdqnPairStatistics *pair = &planned->pair;
    fprintf(out, "| %s | %s | %d |", plan->arms[planned->arms.a].name, plan->arms[planned->arms.b].name, planned->seeds);
    if (pair->has_pairs) {
        write_estimate(out, &pair->paired, 1);
    } else {
        fprintf(out, " %.1f |", pair->difference);
    }
    write_estimate(out, &pair->improvement, 3);
    write_p(out, pair->welch_p);
    write_p(out, corrected);
    write_p(out, pair->permutation_p);
    write_p(out, pair->paired_permutation_p);
    fputc('\n', out);
}

static SdqnStatus write_comparisons(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, SdqnError *error) {
    Planned planned[SDQN_STUDY_MAX_COMPARISONS];
    double p[SDQN_STUDY_MAX_COMPARISONS], corrected[SDQN_STUDY_MAX_COMPARISONS];
    int count = 0;
    for (int i = 0; i < plan->num_comparisons; i++) {
        const SdqnStudyComparison *arms = &plan->comparisons[i];
        if (!sdqn_study_is_complete(study, arms->a) || !sdqn_study_is_complete(study, arms->b)) continue;
        planned[count].arms = *arms;
        const SdqnStatus status = compare_planned(plan, study, kind, &planned[count], error);
        if (status != SDQN_OK) return status;
        p[count] = planned[count].pair.welch_p;
        count++;
    }
    if (plan->num_comparisons == 0) return SDQN_OK;
    fprintf(out, "Planned comparisons, on the seeds that both arms have: %d of %d can be made.\n\n", count, plan->num_comparisons);
    if (count == 0) return SDQN_OK;
    sdqn_holm(p, count, corrected);
    fputs("| a | b | n | a - b | P(a > b) | Welch | Holm | permutation | paired permutation |\n|---|---|---|---|---|---|---|---|---|\n",
          out);
    for (int i = 0; i < count; i++) write_planned(out, plan, &planned[i], corrected[i]);
    fputc('\n', out);
    return SDQN_OK;
}

static SdqnStatus write_scores(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < plan->num_tiers && status == SDQN_OK; i++) status = write_tier(out, plan, study, i, kind, error);
    return status == SDQN_OK ? write_comparisons(out, plan, study, kind, error) : status;
}

/// Arms that are not in the tables, and why.
static void write_missing(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study) {
    for (int a = 0; a < plan->num_arms; a++) {
        const SdqnStudyArm *arm = &plan->arms[a];
        int done = 0, failed = 0;
        const char *failure = "";
        for (int s = 0; s < arm->num_seeds; s++) {
            const SdqnJob *job = sdqn_study_job(study, a, s);
            done += job->state == SDQN_JOB_DONE;
            failed += job->state == SDQN_JOB_FAILED;
            if (job->state == SDQN_JOB_FAILED) failure = job->failure;
        }
        if (done == arm->num_seeds) continue;
        fprintf(out, "- **%s is left out**: %d of %d runs are done", arm->name, done, arm->num_seeds);
        if (failed > 0) fprintf(out, ", %d failed (%s)", failed, failure);
        if (!sdqn_study_plan_is_settled(plan, a)) fprintf(out, ", the tuning of %s is not decided", plan->arms[arm->tuned_by].name);
        fputc('\n', out);
    }
}

// ---- tuning ---------------------------------------------------------------------------------------------------------------------

static void write_tuned_settings(FILE *out, const SdqnStudyArm *candidate) {
    for (int i = candidate->num_settings - candidate->num_tuned; i < candidate->num_settings; i++)
        fprintf(out, "%s%s", i > candidate->num_settings - candidate->num_tuned ? ", " : "", candidate->settings[i]);
}

/// The candidates of one arm with their figures; the winner bold.
static void write_candidates(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, int index) {
    const SdqnStudyArm *arm = &plan->arms[index];
    for (int c = arm->first_candidate; c < arm->first_candidate + arm->num_candidates; c++) {
        const SdqnStudyArm *candidate = &plan->arms[c];
        const char *mark = c == arm->chosen ? "**" : "";
        fprintf(out, "| %s | %s", arm->name, mark);
        write_tuned_settings(out, candidate);
        fprintf(out, "%s | %d |", mark, candidate->num_seeds);
        if (sdqn_study_is_complete(study, c)) {
            fprintf(out, " %.1f | %.1f |\n", sdqn_study_mean_score(study, c, SDQN_SCORE_AREA),
                    sdqn_study_mean_score(study, c, SDQN_SCORE_FINAL));
        } else {
            fputs(" - | - |\n", out);
        }
    }
}

static void write_tuning(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study) {
    if (plan->num_tunings == 0) return;
    fputs("\n## Tuning\n\nMeans over tasks and tuning seeds; the candidate in bold gives its settings to the arm", out);
    for (int u = 0; u < plan->num_tunings; u++) {
        fprintf(out, "%s chosen by the %s with seeds", u == 0 ? ":" : ";",
                plan->tunings[u].select == SDQN_SCORE_AREA ? "area under the evaluation curve" : "final policy");
        for (int s = 0; s < plan->tunings[u].num_seeds; s++)
            fprintf(out, "%s %llu", s > 0 ? "," : "", (unsigned long long)plan->tunings[u].seeds[s]);
    }
    fputs(".\n\n| arm | candidate | seeds | area | final |\n|---|---|---|---|---|\n", out);
    for (int a = 0; a < plan->num_arms; a++) {
        if (plan->arms[a].num_candidates > 0) write_candidates(out, plan, study, a);
    }
    for (int a = 0; a < plan->num_arms; a++) {
        const int by = plan->arms[a].tuned_by;
        if (by >= 0 && by != a) fprintf(out, "\n%s is tuned as %s.\n", plan->arms[a].name, plan->arms[by].name);
    }
}

// ---- the report -----------------------------------------------------------------------------------------------------------------

static void write_head(FILE *out, const SdqnStudyPlan *plan) {
    const SdqnConfig *config = &plan->arms[0].config;
    int runs = 0, candidates = 0;
    for (int a = 0; a < plan->num_arms; a++) {
        runs += plan->arms[a].num_seeds;
        candidates += plan->arms[a].candidate_of >= 0;
    }
    fprintf(out, "# Study %s\n\n%d arms", plan->name, plan->num_arms - candidates);
    if (candidates > 0) fprintf(out, " and %d candidates of tuning", candidates);
    fprintf(out, ", %d runs. Final policy: %d greedy episodes a task, seeds from %llu.\n\n", runs, config->final_episodes,
            (unsigned long long)config->final_seed);
}

SdqnStatus sdqn_study_report_write(FILE *stream, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error) {
    write_head(stream, plan);
    write_missing(stream, plan, study);
    write_tuning(stream, plan, study);
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

static SdqnStatus write_tier_scores(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnError *error) {
    SdqnScores scores = {0};
    SdqnError cause = {0};
    int arms[SDQN_STUDY_MAX_ARMS];
    char *text = NULL, name[SDQN_STUDY_NAME_SIZE + 16];
    size_t size = 0;
    SdqnStatus status = sdqn_study_scores(plan, study, tier, SDQN_SCORE_FINAL, &scores, arms, &cause);
    if (status == SDQN_ERR_FORMAT) return SDQN_OK; // nothing to write yet
    if (status != SDQN_OK) return sdqn_error_set(error, status, "%s", cause.message);
    snprintf(name, sizeof name, "scores%s%s.csv", plan->tiers[tier].name[0] != '\0' ? "-" : "", plan->tiers[tier].name);
    FILE *out = open_memstream(&text, &size);
    if (out) {
        write_csv(out, &scores);
        status = write_file(folder, name, out, &text, &size, error);
    } else {
        status = sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for %s", name);
    }
    sdqn_scores_clear(&scores);
    return status;
}

SdqnStatus sdqn_study_report_files(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error) {
    char *text = NULL;
    size_t size = 0;
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < plan->num_tiers && status == SDQN_OK; i++) status = write_tier_scores(folder, plan, study, i, error);
    if (status != SDQN_OK) return status;
    FILE *out = open_memstream(&text, &size);
    if (!out) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for its report");
    status = sdqn_study_report_write(out, plan, study, error);
    const SdqnStatus written = write_file(folder, "report.md", out, &text, &size, error);
    return status == SDQN_OK ? written : status;
}
