#include "study/study_scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/// Which runs make a table: some seeds of each of some arms.
typedef struct Selection {
    int num_arms, num_seeds;
    int *arms;  ///< [num_arms] indices into the plan
    int *seeds; ///< [num_arms, num_seeds] indices into the arm's own
} Selection;

static void release(Selection *selection) {
    free(selection->arms);
    free(selection->seeds);
}

/// @return whether there was enough; else nothing is left to release
static bool acquire(int num_arms, int num_seeds, Selection *selection) {
    *selection = (Selection){.num_arms = num_arms, .num_seeds = num_seeds};
    selection->arms = calloc((size_t)num_arms, sizeof *selection->arms);
    selection->seeds = calloc((size_t)num_arms * (size_t)num_seeds, sizeof *selection->seeds);
    if (selection->arms && selection->seeds) return true;
    release(selection);
    return false;
}

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory"); }

static const SdqnJob *job_of(const SdqnStudy *study, const Selection *selection, int row, int s) {
    return sdqn_study_job(study, selection->arms[row], selection->seeds[(size_t)row * (size_t)selection->num_seeds + (size_t)s]);
}

/// What all the runs reach.
static double common_budget(const SdqnStudy *study, const Selection *selection, SdqnScoreKind kind) {
    double budget = (double)INFINITY;
    for (int a = 0; a < selection->num_arms; a++) {
        for (int s = 0; s < selection->num_seeds; s++) {
            const double reach = sdqn_study_result_reach(&job_of(study, selection, a, s)->result, kind);
            if (reach < budget) budget = reach;
        }
    }
    return budget;
}

static SdqnStatus fill(const SdqnStudyPlan *plan, const SdqnStudy *study, const Selection *selection, SdqnScoreKind kind, double budget,
                       const SdqnScores *scores, SdqnError *error) {
    for (int a = 0; a < scores->num_arms; a++) {
        const char *name = plan->arms[selection->arms[a]].name;
        snprintf(scores->arms[a], SDQN_SCORES_NAME_SIZE, "%s", name);
        for (int s = 0; s < scores->num_seeds; s++) {
            const SdqnJob *job = job_of(study, selection, a, s);
            char *seed = scores->seeds[(size_t)a * (size_t)scores->num_seeds + (size_t)s];
            snprintf(seed, SDQN_SCORES_NAME_SIZE, "%llu", (unsigned long long)job->seed);
            for (int t = 0; t < scores->num_tasks; t++) {
                const double score = sdqn_study_result_score(&job->result, kind, budget, t);
                if (!isfinite(score))
                    return sdqn_error_set(error, SDQN_ERR_FORMAT, "arm %s, seed %s has no evaluation that early", name, seed);
                sdqn_scores_of(scores, a, t)[s] = score;
            }
        }
    }
    return SDQN_OK;
}

static SdqnStatus make_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, const Selection *selection, SdqnScoreKind kind,
                              SdqnScores *scores, double *budget, SdqnError *error) {
    const SdqnConfig *config = &plan->arms[0].config;
    SdqnScores made = {0};
    SdqnStatus status = sdqn_scores_create(selection->num_arms, config->num_tasks, selection->num_seeds, &made, error);
    if (status != SDQN_OK) return status;
    for (int t = 0; t < config->num_tasks; t++) snprintf(made.tasks[t], SDQN_SCORES_NAME_SIZE, "%s", config->tasks[t]);
    *budget = common_budget(study, selection, kind);
    status = fill(plan, study, selection, kind, *budget, &made, error);
    if (status == SDQN_OK) {
        *scores = made;
    } else {
        sdqn_scores_clear(&made);
    }
    return status;
}

SdqnStatus sdqn_study_tier_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnScoreKind kind, SdqnScores *scores,
                                  int *arms, double *budget, SdqnError *error) {
    const SdqnStudyTier *of = &plan->tiers[tier];
    Selection selection;
    int count = 0;
    for (int a = 0; a < plan->num_arms; a++) {
        const bool is_of_tier = plan->arms[a].candidate_of < 0 && plan->arms[a].tier == tier;
        arms[a] = is_of_tier && sdqn_study_is_complete(study, a) ? count++ : -1;
    }
    if (count == 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "no arm has all its runs yet");
    if (!acquire(count, of->num_seeds, &selection)) return out_of_memory(error);
    for (int a = 0; a < plan->num_arms; a++) {
        if (arms[a] >= 0) selection.arms[arms[a]] = a;
    }
    for (int i = 0; i < count * of->num_seeds; i++) selection.seeds[i] = i % of->num_seeds;
    const SdqnStatus status = make_scores(plan, study, &selection, kind, scores, budget, error);
    release(&selection);
    return status;
}

/// The seeds that two arms have in common, as indices into each one's. @return how many
static int common_seeds(const SdqnStudyArm *a, const SdqnStudyArm *b, int *of_a, int *of_b) {
    int count = 0;
    for (int i = 0; i < a->num_seeds; i++) {
        for (int j = 0; j < b->num_seeds; j++) {
            if (a->seeds[i] != b->seeds[j]) continue;
            if (of_a) of_a[count] = i;
            if (of_b) of_b[count] = j;
            count++;
        }
    }
    return count;
}

SdqnStatus sdqn_study_pair_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, const SdqnStudyComparison *pair, SdqnScoreKind kind,
                                  SdqnScores *scores, double *budget, SdqnError *error) {
    const SdqnStudyArm *a = &plan->arms[pair->a], *b = &plan->arms[pair->b];
    const int count = common_seeds(a, b, NULL, NULL);
    Selection selection;
    if (count == 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "no seed in common");
    if (!acquire(2, count, &selection)) return out_of_memory(error);
    selection.arms[0] = pair->a;
    selection.arms[1] = pair->b;
    common_seeds(a, b, selection.seeds, selection.seeds + count);
    const SdqnStatus status = make_scores(plan, study, &selection, kind, scores, budget, error);
    release(&selection);
    return status;
}
