#include "study/report_scores.h"

#include "core/text.h"
#include "study/comparison.h"
#include "study/gain.h"
#include "study/significance.h"
#include "study/study_scores.h"

#include <math.h>
#include <stdlib.h>

#define ALPHA 0.05
#define POWER 0.8
#define MAX_SEEDS_NEEDED 10000
#define P_DECIMALS 4

// ---- cells ----------------------------------------------------------------------------------------------------------------------

/// What is not finite was not measured.
static void write_fixed(FILE *out, double value, int decimals) {
    char text[SDQN_TEXT_SIZE];
    fputs(isfinite(value) ? sdqn_text_from_double_fixed(value, decimals, text) : "-", out);
}

static void write_number(FILE *out, double value) {
    fputc(' ', out);
    write_fixed(out, value, 1);
    fputs(" |", out);
}

/// One seed has no interval.
static void write_estimate(FILE *out, const SdqnEstimate *estimate, int decimals) {
    fputc(' ', out);
    write_fixed(out, estimate->value, decimals);
    if (isfinite(estimate->value) && isfinite(estimate->low) && isfinite(estimate->high)) {
        fputs(" [", out);
        write_fixed(out, estimate->low, decimals);
        fputs(", ", out);
        write_fixed(out, estimate->high, decimals);
        fputc(']', out);
    }
    fputs(" |", out);
}

static void write_p(FILE *out, double p) {
    char text[SDQN_TEXT_SIZE];
    fprintf(out, " %s |", isnan(p) ? "-" : sdqn_text_from_p_value(p, P_DECIMALS, text));
}

/// The line under a table's head.
static void write_rule(FILE *out, int columns) {
    fputs("\n|", out);
    for (int i = 0; i < columns; i++) fputs("---|", out);
    fputc('\n', out);
}

static void write_count(FILE *out, double count) {
    const long long whole = (long long)count;
    if (whole >= 1000000) {
        fprintf(out, "%lld,%03lld,%03lld", whole / 1000000, whole / 1000 % 1000, whole % 1000);
    } else if (whole >= 1000) {
        fprintf(out, "%lld,%03lld", whole / 1000, whole % 1000);
    } else {
        fprintf(out, "%lld", whole);
    }
}

static void write_tier_title(FILE *out, const SdqnStudyTier *tier) {
    if (tier->name[0] != '\0') {
        fprintf(out, "### Tier %s: %d seeds\n\n", tier->name, tier->num_seeds);
    } else {
        fprintf(out, "### Arms: %d seeds\n\n", tier->num_seeds);
    }
}

/// Tasks of one run are not independent: whole seeds are drawn.
static SdqnBootstrap bootstrap_of_reports(void) {
    SdqnBootstrap bootstrap = sdqn_comparison_def_default().bootstrap;
    bootstrap.resampling = SDQN_RESAMPLE_SEED;
    return bootstrap;
}

// ---- tiers ----------------------------------------------------------------------------------------------------------------------

static void write_arms(FILE *out, const SdqnComparison *comparison) {
    const SdqnScores *scores = comparison->scores;
    fprintf(out, "| arm | mean | IQM | median of tasks | gap to %g | std |", comparison->def.target);
    write_rule(out, 6);
    for (int a = 0; a < scores->num_arms; a++) {
        const SdqnArmStatistics *arm = &comparison->arms[a];
        fprintf(out, "| %s |", scores->arms[a]);
        write_estimate(out, &arm->statistics[SDQN_STATISTIC_MEAN], 1);
        write_estimate(out, &arm->statistics[SDQN_STATISTIC_IQM], 1);
        write_estimate(out, &arm->statistics[SDQN_STATISTIC_MEDIAN], 1);
        write_estimate(out, &arm->statistics[SDQN_STATISTIC_GAP], 1);
        write_number(out, arm->deviation);
        fputc('\n', out);
    }
    fputc('\n', out);
}

/// Mean over an arm's runs of what the final evaluation says of a task.
static double mean_share(const SdqnStudy *study, int arm, int num_seeds, int task, bool at_rest) {
    double sum = 0.0;
    for (int s = 0; s < num_seeds; s++) {
        const SdqnTaskResult *result = &sdqn_study_job(study, arm, s)->result.final[task];
        sum += at_rest ? result->at_rest : result->success;
    }
    return sum / num_seeds;
}

static void write_tasks(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, const SdqnScores *scores,
                        const int *arms) {
    fputs("| arm |", out);
    for (int t = 0; t < scores->num_tasks; t++) fprintf(out, " %s |", scores->tasks[t]);
    write_rule(out, 1 + scores->num_tasks);
    for (int a = 0; a < plan->num_arms; a++) {
        if (arms[a] < 0) continue;
        fprintf(out, "| %s |", plan->arms[a].name);
        for (int t = 0; t < scores->num_tasks; t++) {
            const double *values = sdqn_scores_of(scores, arms[a], t);
            const size_t n = (size_t)scores->num_seeds;
            fputc(' ', out);
            write_fixed(out, sdqn_mean(values, n), 1);
            if (n > 1) {
                fputs(" ± ", out);
                write_fixed(out, sdqn_deviation(values, n), 1);
            }
            if (kind == SDQN_SCORE_FINAL)
                fprintf(out, "; %.0f %% / %.0f %%", 100.0 * mean_share(study, a, scores->num_seeds, t, false),
                        100.0 * mean_share(study, a, scores->num_seeds, t, true));
            fputs(" |", out);
        }
        fputc('\n', out);
    }
    fputc('\n', out);
}

/// What cannot be made is said in the report; @return only what must end it
static SdqnStatus note(FILE *out, SdqnStatus status, const SdqnError *cause, SdqnError *error) {
    if (status == SDQN_ERR_FORMAT) {
        fprintf(out, "No table: %s.\n\n", cause->message);
        return SDQN_OK;
    }
    return status == SDQN_OK ? SDQN_OK : sdqn_error_set(error, status, "%s", cause->message);
}

static SdqnStatus write_tier(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnScoreKind kind, SdqnError *error) {
    SdqnComparisonDef def = sdqn_comparison_def_default();
    SdqnScores scores = {0};
    SdqnComparison *comparison = NULL;
    SdqnError cause = {0};
    int arms[SDQN_STUDY_MAX_ARMS];
    double budget;
    def.bootstrap = bootstrap_of_reports();
    def.arms_only = true;
    write_tier_title(out, &plan->tiers[tier]);
    SdqnStatus status = sdqn_study_tier_scores(plan, study, tier, kind, &scores, arms, &budget, &cause);
    if (status == SDQN_OK) status = sdqn_comparison_create(&def, &scores, &comparison, &cause);
    if (status == SDQN_OK) {
        write_arms(out, comparison);
        write_tasks(out, plan, study, kind, &scores, arms);
    }
    sdqn_comparison_destroy(comparison);
    sdqn_scores_clear(&scores);
    return note(out, status, &cause, error);
}

// ---- planned comparisons --------------------------------------------------------------------------------------------------------

/// One planned comparison by one score.
typedef struct Planned {
    bool made;    ///< whether both arms are complete and have scores
    char why[96]; ///< if not
    int seeds;    ///< that both arms have
    double budget;
    SdqnEstimate difference;                              ///< mean over tasks, seed by seed
    SdqnEstimate task_differences[SDQN_CONFIG_MAX_TASKS]; ///< of each task
    SdqnEstimate improvement;                             ///< P(a > b), if asked for
    SdqnGain gain;                                        ///< likewise
    double deviation_a, deviation_b;                      ///< of the seeds' means over tasks
    double welch_p, holm_p, permutation_p, paired_permutation_p;
} Planned;

static void forget_intervals(Planned *planned, int tasks) {
    sdqn_estimate_forget_interval(&planned->difference);
    sdqn_estimate_forget_interval(&planned->improvement);
    sdqn_estimate_forget_interval(&planned->gain.relative);
    for (int t = 0; t < tasks; t++) {
        sdqn_estimate_forget_interval(&planned->task_differences[t]);
        sdqn_estimate_forget_interval(&planned->gain.beyond_others[t]);
    }
}

/// @param means [2, seeds] written
static SdqnStatus compare_scores(const SdqnScores *scores, bool tests, double *means, Planned *planned, SdqnError *error) {
    const SdqnBootstrap bootstrap = bootstrap_of_reports();
    const int n = scores->num_seeds;
    double *a = means, *b = means + n;
    SdqnStatus status = SDQN_OK;
    for (int t = 0; t < scores->num_tasks && status == SDQN_OK; t++)
        status = sdqn_bootstrap_paired_difference(&bootstrap, sdqn_scores_of(scores, 0, t), sdqn_scores_of(scores, 1, t), n,
                                                  &planned->task_differences[t], error);
    sdqn_scores_seed_means(scores, 0, a);
    sdqn_scores_seed_means(scores, 1, b);
    if (status == SDQN_OK) status = sdqn_bootstrap_paired_difference(&bootstrap, a, b, n, &planned->difference, error);
    if (status == SDQN_OK && tests) status = sdqn_bootstrap_improvement(&bootstrap, scores, 0, scores, 1, &planned->improvement, error);
    if (status == SDQN_OK && tests) status = sdqn_gain(&bootstrap, scores, &planned->gain, error);
    if (n < 2) forget_intervals(planned, scores->num_tasks);
    planned->seeds = n;
    planned->deviation_a = sdqn_deviation(a, (size_t)n);
    planned->deviation_b = sdqn_deviation(b, (size_t)n);
    planned->welch_p = sdqn_welch_p(a, n, b, n);
    planned->permutation_p = planned->paired_permutation_p = (double)NAN;
    if (!tests || n < 2) return status;
    planned->permutation_p = sdqn_permutation_p(a, n, b, n, bootstrap.seed);
    for (int s = 0; s < n; s++) b[s] = a[s] - b[s];
    planned->paired_permutation_p = sdqn_paired_permutation_p(b, n, bootstrap.seed);
    return status;
}

static SdqnStatus compare_planned(const SdqnStudyPlan *plan, const SdqnStudy *study, const SdqnStudyComparison *arms, SdqnScoreKind kind,
                                  bool tests, Planned *planned, SdqnError *error) {
    SdqnScores scores = {0};
    SdqnError cause = {0};
    const int absent = !sdqn_study_is_complete(study, arms->a) ? arms->a : !sdqn_study_is_complete(study, arms->b) ? arms->b : -1;
    if (absent >= 0) {
        snprintf(planned->why, sizeof planned->why, "%s is not complete", plan->arms[absent].name);
        return SDQN_OK;
    }
    SdqnStatus status = sdqn_study_pair_scores(plan, study, arms, kind, &scores, &planned->budget, &cause);
    if (status == SDQN_ERR_FORMAT) {
        snprintf(planned->why, sizeof planned->why, "%.95s", cause.message);
        return SDQN_OK;
    }
    double *means = status == SDQN_OK ? calloc(2 * (size_t)scores.num_seeds, sizeof *means) : NULL;
    if (means) {
        status = compare_scores(&scores, tests, means, planned, &cause);
        planned->made = status == SDQN_OK;
    } else if (status == SDQN_OK) {
        status = sdqn_error_set(&cause, SDQN_ERR_MEMORY, "study: out of memory");
    }
    free(means);
    sdqn_scores_clear(&scores);
    return status == SDQN_OK ? SDQN_OK : sdqn_error_set(error, status, "%s", cause.message);
}

/// Holm's correction over all that were planned: those that cannot be made count as the least significant ones.
static void correct(Planned *planned, int count) {
    double p[SDQN_STUDY_MAX_COMPARISONS] = {0.0}, corrected[SDQN_STUDY_MAX_COMPARISONS];
    for (int i = 0; i < count; i++) p[i] = planned[i].made && !isnan(planned[i].welch_p) ? planned[i].welch_p : 1.0;
    sdqn_holm(p, count, corrected);
    for (int i = 0; i < count; i++) planned[i].holm_p = isnan(planned[i].welch_p) ? (double)NAN : corrected[i];
}

/// @param tests  whether P(a > b), gains and the permutation tests are wanted too, which take longer
/// @param planned  receives [plan->num_comparisons]; the caller frees it, also after an error
static SdqnStatus compare_all(const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, bool tests, Planned **planned,
                              SdqnError *error) {
    *planned = calloc((size_t)plan->num_comparisons + 1, sizeof **planned);
    if (!*planned) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory");
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < plan->num_comparisons && status == SDQN_OK; i++)
        status = compare_planned(plan, study, &plan->comparisons[i], kind, tests, &(*planned)[i], error);
    correct(*planned, plan->num_comparisons);
    return status;
}

static void write_names(FILE *out, const SdqnStudyPlan *plan, int comparison) {
    fprintf(out, "| %s | %s |", plan->arms[plan->comparisons[comparison].a].name, plan->arms[plan->comparisons[comparison].b].name);
}

static int count_made(const SdqnStudyPlan *plan, const Planned *planned) {
    int made = 0;
    for (int i = 0; i < plan->num_comparisons; i++) made += planned[i].made;
    return made;
}

/// Those that cannot be made, by name. @return how many can
static int write_not_made(FILE *out, const SdqnStudyPlan *plan, const Planned *planned) {
    const int made = count_made(plan, planned);
    if (made == plan->num_comparisons) return made;
    fprintf(out, "%d of %d cannot be made:", plan->num_comparisons - made, plan->num_comparisons);
    const char *between = " ";
    for (int i = 0; i < plan->num_comparisons; i++) {
        if (planned[i].made) continue;
        fprintf(out, "%s%s against %s (%s)", between, plan->arms[plan->comparisons[i].a].name, plan->arms[plan->comparisons[i].b].name,
                planned[i].why);
        between = ", ";
    }
    fputs(".\n\n", out);
    return made;
}

static void write_tests(FILE *out, const SdqnStudyPlan *plan, const Planned *planned) {
    fputs("| a | b | n | a - b | Welch | Holm | permutation | paired permutation | P(a > b) |", out);
    write_rule(out, 9);
    for (int i = 0; i < plan->num_comparisons; i++) {
        if (!planned[i].made) continue;
        write_names(out, plan, i);
        fprintf(out, " %d |", planned[i].seeds);
        write_estimate(out, &planned[i].difference, 1);
        write_p(out, planned[i].welch_p);
        write_p(out, planned[i].holm_p);
        write_p(out, planned[i].permutation_p);
        write_p(out, planned[i].paired_permutation_p);
        write_estimate(out, &planned[i].improvement, 2);
        fputc('\n', out);
    }
    fputc('\n', out);
}

/// Head of a table of pairs with a column a task.
static void write_pairs_head(FILE *out, const SdqnStudyPlan *plan, const char *title, const char *first_column) {
    const SdqnConfig *config = &plan->arms[0].config;
    fprintf(out, "%s:\n\n| a | b |%s", title, first_column);
    for (int t = 0; t < config->num_tasks; t++) fprintf(out, " %s |", config->tasks[t]);
    write_rule(out, 2 + (first_column[0] != '\0') + config->num_tasks);
}

static void write_task_differences(FILE *out, const SdqnStudyPlan *plan, const Planned *planned, const char *title, int decimals) {
    write_pairs_head(out, plan, title, "");
    for (int i = 0; i < plan->num_comparisons; i++) {
        if (!planned[i].made) continue;
        write_names(out, plan, i);
        for (int t = 0; t < plan->arms[0].config.num_tasks; t++) write_estimate(out, &planned[i].task_differences[t], decimals);
        fputc('\n', out);
    }
    fputc('\n', out);
}

static void write_gains(FILE *out, const SdqnStudyPlan *plan, const Planned *planned) {
    write_pairs_head(out, plan,
                     "Mean of a / mean of b - 1 (-: b's mean is not surely above 0), and a - b on a task less its mean on the other tasks",
                     " a / b - 1 |");
    for (int i = 0; i < plan->num_comparisons; i++) {
        const SdqnGain *gain = &planned[i].gain;
        if (!planned[i].made) continue;
        write_names(out, plan, i);
        write_estimate(out, &gain->relative, 3);
        for (int t = 0; t < plan->arms[0].config.num_tasks; t++) write_estimate(out, &gain->beyond_others[t], 1);
        fputc('\n', out);
    }
    fputc('\n', out);
}

/// Differences of how the final policies' episodes end.
static SdqnStatus write_ends(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error) {
    static const struct {
        SdqnScoreKind kind;
        const char *title;
        int decimals;
    } tables[] = {{SDQN_SCORE_TIMEOUT, "Share of episodes cut by the time limit, a - b", 3},
                  {SDQN_SCORE_LENGTH, "Mean length of the episodes in environment steps, a - b", 1}};
    SdqnStatus status = SDQN_OK;
    for (size_t k = 0; k < sizeof tables / sizeof *tables && status == SDQN_OK; k++) {
        Planned *planned;
        status = compare_all(plan, study, tables[k].kind, false, &planned, error);
        if (status == SDQN_OK) write_task_differences(out, plan, planned, tables[k].title, tables[k].decimals);
        free(planned);
    }
    return status;
}

static SdqnStatus write_comparisons(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, SdqnError *error) {
    Planned *planned;
    if (plan->num_comparisons == 0) return SDQN_OK;
    fputs("### Planned comparisons\n\n", out);
    SdqnStatus status = compare_all(plan, study, kind, true, &planned, error);
    if (status == SDQN_OK && write_not_made(out, plan, planned) > 0) {
        write_tests(out, plan, planned);
        write_task_differences(out, plan, planned, "a - b, task by task", 1);
        write_gains(out, plan, planned);
        if (kind == SDQN_SCORE_FINAL) status = write_ends(out, plan, study, error);
    }
    free(planned);
    return status;
}

SdqnStatus sdqn_report_scores(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < plan->num_tiers && status == SDQN_OK; i++) status = write_tier(out, plan, study, i, kind, error);
    return status == SDQN_OK ? write_comparisons(out, plan, study, kind, error) : status;
}

// ---- equal budgets --------------------------------------------------------------------------------------------------------------

/// Mean over tasks with its interval, the std over seeds, and the tasks' means.
static SdqnStatus write_short_arm(FILE *out, const SdqnScores *scores, int arm, double *means, SdqnError *error) {
    const SdqnBootstrap bootstrap = bootstrap_of_reports();
    SdqnEstimate mean;
    const SdqnStatus status = sdqn_bootstrap_statistic(&bootstrap, scores, arm, SDQN_STATISTIC_MEAN, 0.0, &mean, error);
    if (status != SDQN_OK) return status;
    sdqn_scores_seed_means(scores, arm, means);
    if (scores->num_seeds < 2) sdqn_estimate_forget_interval(&mean);
    write_estimate(out, &mean, 1);
    write_number(out, sdqn_deviation(means, (size_t)scores->num_seeds));
    for (int t = 0; t < scores->num_tasks; t++) write_number(out, sdqn_mean(sdqn_scores_of(scores, arm, t), (size_t)scores->num_seeds));
    return SDQN_OK;
}

static SdqnStatus write_short_arms(FILE *out, const SdqnScores *value, const SdqnScores *area, SdqnError *error) {
    double *means = calloc((size_t)value->num_seeds, sizeof *means);
    if (!means) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory");
    SdqnStatus status = SDQN_OK;
    const SdqnScores *const both[] = {value, area};
    fputs("| arm |", out);
    for (int k = 0; k < 2; k++) {
        fprintf(out, " %s | std |", k == 0 ? "value" : "area");
        for (int t = 0; t < value->num_tasks; t++) fprintf(out, " %s |", value->tasks[t]);
    }
    write_rule(out, 5 + 2 * value->num_tasks);
    for (int a = 0; a < value->num_arms && status == SDQN_OK; a++) {
        fprintf(out, "| %s |", value->arms[a]);
        for (int k = 0; k < 2 && status == SDQN_OK; k++) status = write_short_arm(out, both[k], a, means, error);
        fputc('\n', out);
    }
    fputc('\n', out);
    free(means);
    return status;
}

static SdqnStatus write_budget_tier(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnScoreKind value,
                                    SdqnScoreKind area, const char *unit, SdqnError *error) {
    SdqnScores values = {0}, areas = {0};
    SdqnError cause = {0};
    int arms[SDQN_STUDY_MAX_ARMS];
    double budget;
    write_tier_title(out, &plan->tiers[tier]);
    SdqnStatus status = sdqn_study_tier_scores(plan, study, tier, value, &values, arms, &budget, &cause);
    if (status == SDQN_OK) status = sdqn_study_tier_scores(plan, study, tier, area, &areas, arms, &budget, &cause);
    if (status == SDQN_OK) {
        fputs("At ", out);
        write_count(out, budget);
        fprintf(out, " %s, which all these runs reach:\n\n", unit);
        status = write_short_arms(out, &values, &areas, &cause);
    }
    sdqn_scores_clear(&values);
    sdqn_scores_clear(&areas);
    return note(out, status, &cause, error);
}

static SdqnStatus write_budget_comparisons(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind value,
                                           SdqnScoreKind area, const char *unit, SdqnError *error) {
    Planned *values = NULL, *areas = NULL;
    if (plan->num_comparisons == 0) return SDQN_OK;
    fputs("### Planned comparisons\n\n", out);
    SdqnStatus status = compare_all(plan, study, value, false, &values, error);
    if (status == SDQN_OK) status = compare_all(plan, study, area, false, &areas, error);
    if (status == SDQN_OK && write_not_made(out, plan, values) > 0) {
        fprintf(out, "| a | b | n | %s | value: a - b | Holm | area: a - b | Holm |", unit);
        write_rule(out, 8);
        for (int i = 0; i < plan->num_comparisons; i++) {
            if (!values[i].made) continue;
            write_names(out, plan, i);
            fprintf(out, " %d | ", values[i].seeds);
            write_count(out, values[i].budget);
            fputs(" |", out);
            write_estimate(out, &values[i].difference, 1);
            write_p(out, values[i].holm_p);
            write_estimate(out, &areas[i].difference, 1);
            write_p(out, areas[i].holm_p);
            fputc('\n', out);
        }
        fputc('\n', out);
    }
    free(values);
    free(areas);
    return status;
}

SdqnStatus sdqn_report_budget(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind value, SdqnScoreKind area,
                              const char *unit, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < plan->num_tiers && status == SDQN_OK; i++)
        status = write_budget_tier(out, plan, study, i, value, area, unit, error);
    return status == SDQN_OK ? write_budget_comparisons(out, plan, study, value, area, unit, error) : status;
}

// ---- power ----------------------------------------------------------------------------------------------------------------------

/// The fewest seeds an arm with which the test finds the difference; 0 if even MAX_SEEDS_NEEDED are too few.
static int seeds_needed(double difference, double deviation_a, double deviation_b) {
    int low = 1, high = 2; // low is too few
    while (high <= MAX_SEEDS_NEEDED && sdqn_welch_power(difference, deviation_a, deviation_b, high, ALPHA) < POWER) {
        low = high;
        high *= 2;
    }
    if (high > MAX_SEEDS_NEEDED) return 0;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (sdqn_welch_power(difference, deviation_a, deviation_b, middle, ALPHA) < POWER) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static void write_seeds_needed(FILE *out, double difference, const Planned *planned) {
    const int seeds = seeds_needed(difference, planned->deviation_a, planned->deviation_b);
    if (seeds > 0) {
        fprintf(out, " %d |", seeds);
    } else {
        fprintf(out, " > %d |", MAX_SEEDS_NEEDED);
    }
}

SdqnStatus sdqn_report_power(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error) {
    static const double differences[] = {20.0, 40.0, 80.0};
    enum { NUM_DIFFERENCES = sizeof differences / sizeof *differences };
    Planned *planned;
    const SdqnStatus status = compare_all(plan, study, SDQN_SCORE_FINAL, false, &planned, error);
    if (status == SDQN_OK && count_made(plan, planned) > 0) {
        fputs("| a | b | n | std of a | std of b | observed |", out);
        for (int k = 0; k < NUM_DIFFERENCES; k++) fprintf(out, " seeds for %g |", differences[k]);
        fputs(" for the observed |", out);
        write_rule(out, 7 + NUM_DIFFERENCES);
        for (int i = 0; i < plan->num_comparisons; i++) {
            const Planned *one = &planned[i];
            if (!one->made || one->seeds < 2) continue;
            write_names(out, plan, i);
            fprintf(out, " %d |", one->seeds);
            write_number(out, one->deviation_a);
            write_number(out, one->deviation_b);
            write_number(out, one->difference.value);
            const bool spread = one->deviation_a > 0.0 || one->deviation_b > 0.0;
            for (int k = 0; k < NUM_DIFFERENCES; k++) {
                if (spread) write_seeds_needed(out, differences[k], one);
            }
            if (spread) write_seeds_needed(out, one->difference.value, one);
            for (int k = 0; !spread && k <= NUM_DIFFERENCES; k++) fputs(" - |", out);
            fputc('\n', out);
        }
        fputc('\n', out);
    } else if (status == SDQN_OK) {
        fputs("No planned comparison can be made yet.\n\n", out);
    }
    free(planned);
    return status;
}
