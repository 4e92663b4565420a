#include "study/report.h"

#include "core/text.h"
#include "core/text_file.h"
#include "study/report_scores.h"
#include "study/study_scores.h"

#include <math.h>

// ---- what was run ---------------------------------------------------------------------------------------------------------------

static int count_state(const SdqnStudy *study, SdqnJobState state) {
    int count, with = 0;
    const SdqnJob *jobs = sdqn_study_jobs(study, &count);
    for (int i = 0; i < count; i++) with += jobs[i].state == state;
    return with;
}

static void write_head(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study) {
    const SdqnConfig *config = &plan->arms[0].config;
    int runs, candidates = 0;
    sdqn_study_jobs(study, &runs);
    for (int a = 0; a < plan->num_arms; a++) candidates += plan->arms[a].candidate_of >= 0;
    fprintf(out, "# Study %s\n\n%d arms", plan->name, plan->num_arms - candidates);
    if (candidates > 0) fprintf(out, " and %d candidates of tuning", candidates);
    fprintf(out, ": %d of %d runs are done", count_state(study, SDQN_JOB_DONE), runs);
    if (count_state(study, SDQN_JOB_FAILED) > 0) fprintf(out, ", %d failed", count_state(study, SDQN_JOB_FAILED));
    if (count_state(study, SDQN_JOB_DIVERGED) > 0) fprintf(out, ", %d diverged", count_state(study, SDQN_JOB_DIVERGED));
    fprintf(out,
            ". Evaluations are greedy: the final one of %d episodes a task with seeds from %llu, the\n"
            "periodic ones of %d with seeds from %llu, every %d training episodes.\n\n",
            config->final_episodes, (unsigned long long)config->final_seed, config->evaluation_episodes,
            (unsigned long long)config->evaluation_seed, config->evaluation_period);
}

/// Arms that are not in the tables, and why.
static void write_missing(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study) {
    bool any = false;
    for (int a = 0; a < plan->num_arms; a++) {
        const SdqnStudyArm *arm = &plan->arms[a];
        int done = 0;
        for (int s = 0; s < arm->num_seeds; s++) done += sdqn_study_job(study, a, s)->state == SDQN_JOB_DONE;
        if (done == arm->num_seeds) continue;
        fprintf(out, "- **%s is left out**: %d of %d runs are done", arm->name, done, arm->num_seeds);
        if (!sdqn_study_plan_is_settled(plan, a)) fprintf(out, ", the tuning of %s is not decided", plan->arms[arm->tuned_by].name);
        for (int s = 0; s < arm->num_seeds; s++) {
            const SdqnJob *job = sdqn_study_job(study, a, s);
            if (job->state == SDQN_JOB_FAILED) fprintf(out, "; seed %llu failed: %s", (unsigned long long)job->seed, job->failure);
            if (job->state == SDQN_JOB_DIVERGED) fprintf(out, "; seed %llu diverged: %s", (unsigned long long)job->seed, job->failure);
        }
        fputc('\n', out);
        any = true;
    }
    if (any) fputc('\n', out);
}

static double mean_of(const SdqnStudy *study, int arm, int seeds, double (*figure)(const SdqnStudyResult *result)) {
    double sum = 0.0;
    for (int s = 0; s < seeds; s++) sum += figure(&sdqn_study_job(study, arm, s)->result) / seeds;
    return sum;
}

static double episodes_of(const SdqnStudyResult *result) { return result->num_episodes; }
static double steps_of(const SdqnStudyResult *result) { return (double)result->environment_steps; }
static double updates_of(const SdqnStudyResult *result) { return (double)result->updates; }

/// Mean over all reports on a run's gradients; 0 without any.
static double mean_report(const SdqnStudyResult *result, const double *values) {
    double sum = 0.0;
    int64_t reports = 0;
    for (int i = 0; i <= result->curve.count; i++) {
        sum += values[i] * result->curve.gradient_reports[i];
        reports += result->curve.gradient_reports[i];
    }
    return reports > 0 ? sum / (double)reports : 0.0;
}

static double reports_of(const SdqnStudyResult *result) {
    double sum = 0.0;
    for (int i = 0; i <= result->curve.count; i++) sum += result->curve.gradient_reports[i];
    return sum;
}

static double cosine_of(const SdqnStudyResult *result) { return mean_report(result, result->curve.cosines); }
static double conflict_of(const SdqnStudyResult *result) { return mean_report(result, result->curve.conflict_shares); }

static void write_budgets(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study) {
    fputs("## What the runs took\n\nMeans over seeds. Cosine and conflict: of the tasks' gradients, mean over their pairs and over "
          "training, and the\n"
          "share of pairs that point against each other.\n\n"
          "| arm | parameters | episodes | environment steps | updates | cosine | conflict |\n|---|---|---|---|---|---|---|\n",
          out);
    for (int a = 0; a < plan->num_arms; a++) {
        const SdqnStudyArm *arm = &plan->arms[a];
        const int n = arm->num_seeds;
        if (arm->candidate_of >= 0 || !sdqn_study_is_complete(study, a)) continue;
        fprintf(out, "| %s | %lld | %.0f | %.0f | %.0f |", arm->name, (long long)sdqn_study_job(study, a, 0)->result.parameters,
                mean_of(study, a, n, episodes_of), mean_of(study, a, n, steps_of), mean_of(study, a, n, updates_of));
        if (mean_of(study, a, n, reports_of) > 0.0) {
            fprintf(out, " %.3f | %.0f %% |\n", mean_of(study, a, n, cosine_of), 100.0 * mean_of(study, a, n, conflict_of));
        } else {
            fputs(" - | - |\n", out);
        }
    }
    fputc('\n', out);
}

// ---- tuning ---------------------------------------------------------------------------------------------------------------------

static void write_tuned_settings(FILE *out, const SdqnStudyArm *candidate) {
    for (int i = candidate->num_settings - candidate->num_tuned; i < candidate->num_settings; i++)
        fprintf(out, "%s%s", i > candidate->num_settings - candidate->num_tuned ? ", " : "", candidate->settings[i]);
}

static void write_score(FILE *out, const SdqnStudy *study, int arm, SdqnScoreKind kind) {
    const double score = sdqn_study_is_complete(study, arm) ? sdqn_study_mean_score(study, arm, kind) : (double)NAN;
    if (isnan(score)) {
        fputs(" - |", out);
    } else {
        fprintf(out, " %.1f |", score);
    }
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
        write_score(out, study, c, SDQN_SCORE_AREA);
        write_score(out, study, c, SDQN_SCORE_FINAL);
        fputc('\n', out);
    }
}

/// Arms that get what is chosen for an arm, though it was not chosen among their own candidates.
static void write_followers(FILE *out, const SdqnStudyPlan *plan, int tuned) {
    const char *between = ": ";
    for (int a = 0; a < plan->num_arms; a++) {
        const SdqnStudyArm *arm = &plan->arms[a];
        if (a == tuned || arm->candidate_of >= 0 || arm->tuned_by != tuned) continue;
        if (between[0] == ':') fprintf(out, "\nWhat is chosen for %s also goes to", plan->arms[tuned].name);
        fprintf(out, "%s%s", between, arm->name);
        between = ", ";
    }
    if (between[0] != ':') fputs(".\n", out);
}

/// A comparison of a tuned arm with one that keeps its method's settings is not on equal terms: the report names these.
static void write_untuned(FILE *out, const SdqnStudyPlan *plan) {
    const char *between = "\nNot tuned, with the settings of their methods or of the study's file: ";
    bool any = false;
    for (int a = 0; a < plan->num_arms; a++) {
        if (plan->arms[a].candidate_of >= 0 || plan->arms[a].tuned_by >= 0) continue;
        fprintf(out, "%s%s", between, plan->arms[a].name);
        between = ", ";
        any = true;
    }
    if (any) fputs(".\n", out);
}

static void write_tuning(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study) {
    if (plan->num_tunings == 0) return;
    fputs("## Tuning\n\nMeans over tasks and tuning seeds; the candidate in bold gives its settings to the arm", out);
    for (int u = 0; u < plan->num_tunings; u++) {
        fprintf(out, "%s chosen by the %s with seeds", u == 0 ? ":" : ";",
                plan->tunings[u].select == SDQN_SCORE_AREA ? "area under the evaluation curve" : "final policy");
        for (int s = 0; s < plan->tunings[u].num_seeds; s++)
            fprintf(out, "%s %llu", s > 0 ? "," : "", (unsigned long long)plan->tunings[u].seeds[s]);
    }
    if (count_state(study, SDQN_JOB_DIVERGED) > 0) fputs("; one of which a run diverged is behind all others", out);
    fputs(".\n\n| arm | candidate | seeds | area | final |\n|---|---|---|---|---|\n", out);
    for (int a = 0; a < plan->num_arms; a++) {
        if (plan->arms[a].num_candidates > 0) write_candidates(out, plan, study, a);
    }
    for (int a = 0; a < plan->num_arms; a++) write_followers(out, plan, a);
    write_untuned(out, plan);
    fputc('\n', out);
}

// ---- the report -----------------------------------------------------------------------------------------------------------------

static const char READING[] =
    "The unit is the training seed. [low, high]: 95 % bootstrap interval that draws whole seeds 50,000 times. std: over the seeds of "
    "their\n"
    "means over tasks. a - b: mean over the seeds that both arms have (n) of the difference of their means over tasks, same seed by same\n"
    "seed. Welch, permutation: two-sided p-values; Holm: Welch's corrected for all planned comparisons, also those that cannot be made "
    "yet.\n"
    "P(a > b): that a run of a scores higher on a task, mean over tasks.\n\n";
static const char FINAL[] =
    "## Final policy\n\nMean return after each arm's own number of episodes. Tasks: mean ± std over seeds; share of "
    "episodes with a return of 200\nor more / that end at rest.\n\n";
static const char AREA[] =
    "## Area under the evaluation curve\n\nMean return over training, from the first periodic evaluation to the last. "
    "Tasks: mean ± std over seeds.\n\n";
static const char EPISODES[] =
    "## At equal episodes\n\nThe evaluation curve at the last episode count that all compared runs reach, on the line "
    "between two evaluations; area: the\nmean of the curve until there. Episodes are of all tasks together.\n\n";
static const char STEPS[] =
    "## At equal environment steps\n\nThe same at the largest number of environment steps that all compared runs reach. "
    "A comparison has the budget of its own\ntwo arms, a table that of all its arms.\n\n";
static const char POWER_HEAD[] =
    "## Seeds needed\n\nSeeds an arm with which Welch's test finds a true difference of so many points of mean "
    "return in 80 % of studies (two-sided, 5 %,\nwithout correction), with the std of the final policy seen "
    "here.\n\n";

SdqnStatus sdqn_study_report_write(FILE *stream, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error) {
    write_head(stream, plan, study);
    write_missing(stream, plan, study);
    fputs(READING, stream);
    fputs(FINAL, stream);
    SdqnStatus status = sdqn_report_scores(stream, plan, study, SDQN_SCORE_FINAL, error);
    fputs(AREA, stream);
    if (status == SDQN_OK) status = sdqn_report_scores(stream, plan, study, SDQN_SCORE_AREA, error);
    fputs(EPISODES, stream);
    if (status == SDQN_OK)
        status = sdqn_report_budget(stream, plan, study, SDQN_SCORE_VALUE_AT_EPISODES, SDQN_SCORE_AREA_TO_EPISODES, "episodes", error);
    fputs(STEPS, stream);
    if (status == SDQN_OK)
        status = sdqn_report_budget(stream, plan, study, SDQN_SCORE_VALUE_AT_STEPS, SDQN_SCORE_AREA_TO_STEPS, "environment steps", error);
    write_budgets(stream, plan, study);
    write_tuning(stream, plan, study);
    if (plan->num_comparisons == 0 || status != SDQN_OK) return status;
    fputs(POWER_HEAD, stream);
    return sdqn_report_power(stream, plan, study, error);
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

static SdqnStatus write_tier_scores(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnError *error) {
    SdqnScores scores = {0};
    SdqnError cause = {0};
    int arms[SDQN_STUDY_MAX_ARMS];
    double budget;
    char name[SDQN_STUDY_NAME_SIZE + 16];
    SdqnTextFile file;
    SdqnStatus status = sdqn_study_tier_scores(plan, study, tier, SDQN_SCORE_FINAL, &scores, arms, &budget, &cause);
    if (status == SDQN_ERR_FORMAT) return SDQN_OK; // nothing to write yet
    if (status != SDQN_OK) return sdqn_error_set(error, status, "%s", cause.message);
    snprintf(name, sizeof name, "scores%s%s.csv", plan->tiers[tier].name[0] != '\0' ? "-" : "", plan->tiers[tier].name);
    status = sdqn_text_file_begin(&file, error);
    if (status == SDQN_OK) {
        write_csv(file.out, &scores);
        status = sdqn_text_file_write(&file, folder, name, error);
    }
    sdqn_scores_clear(&scores);
    return status;
}

SdqnStatus sdqn_study_report_files(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, FILE *copy, SdqnError *error) {
    SdqnTextFile file;
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < plan->num_tiers && status == SDQN_OK; i++) status = write_tier_scores(folder, plan, study, i, error);
    if (status == SDQN_OK) status = sdqn_text_file_begin(&file, error);
    if (status != SDQN_OK) return status;
    status = sdqn_study_report_write(file.out, plan, study, error);
    if (status != SDQN_OK) {
        sdqn_text_file_drop(&file);
        return status;
    }
    const bool copied = !copy || (fflush(file.out) == 0 && fwrite(file.text, 1, file.size, copy) == file.size);
    status = sdqn_text_file_write(&file, folder, "report.md", error);
    return status != SDQN_OK || copied ? status : sdqn_error_set(error, SDQN_ERR_IO, "cannot write the report");
}
