#include "study/study_page.h"

#include "run/sample_efficiency.h"
#include "study/collection.h"
#include "study/compare_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// What the page is made from.
typedef struct Material {
    const SdqnStudyPlan *plan;
    const SdqnStudy *study;
    SdqnArmRuns *arms;             ///< [plan->num_arms] of complete arms, tier by tier
    SdqnArmRuns *shown;            ///< those of the section being made
    int *places;                   ///< [plan->num_arms] index into arms; -1: not complete, or a candidate
    const SdqnStudyResult **lists; ///< the arms' runs
    SdqnArmPair *pairs;            ///< [plan->num_comparisons] planned ones of complete arms
    int num_arms, num_pairs;
} Material;

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for its page"); }

static void release(Material *material) {
    free(material->arms);
    free(material->shown);
    free(material->places);
    free(material->lists);
    free(material->pairs);
}

static int by_seed(const void *left, const void *right) {
    const SdqnStudyResult *a = *(const SdqnStudyResult *const *)left, *b = *(const SdqnStudyResult *const *)right;
    return (a->seed > b->seed) - (a->seed < b->seed);
}

/// @param list  room for its runs
static void take_arm(Material *material, int arm, const SdqnStudyResult **list) {
    const SdqnStudyArm *from = &material->plan->arms[arm];
    SdqnArmRuns *made = &material->arms[material->num_arms];
    snprintf(made->name, sizeof made->name, "%s", from->name);
    made->config = &from->config;
    made->num_runs = from->num_seeds;
    made->runs = list;
    for (int s = 0; s < from->num_seeds; s++) list[s] = &sdqn_study_job(material->study, arm, s)->result;
    qsort(list, (size_t)from->num_seeds, sizeof(SdqnStudyResult *), by_seed);
    material->places[arm] = material->num_arms++;
}

static SdqnStatus gather(const SdqnStudyPlan *plan, const SdqnStudy *study, Material *material, SdqnError *error) {
    size_t runs = 0;
    for (int a = 0; a < plan->num_arms; a++) runs += (size_t)plan->arms[a].num_seeds;
    *material = (Material){.plan = plan, .study = study};
    material->arms = calloc(SDQN_STUDY_MAX_ARMS, sizeof *material->arms);
    material->shown = calloc(SDQN_STUDY_MAX_ARMS, sizeof *material->shown);
    material->places = calloc(SDQN_STUDY_MAX_ARMS, sizeof *material->places);
    material->lists = calloc(runs + 1, sizeof(SdqnStudyResult *));
    material->pairs = calloc((size_t)plan->num_comparisons + 1, sizeof *material->pairs);
    if (!material->arms || !material->shown || !material->places || !material->lists || !material->pairs) return out_of_memory(error);
    const SdqnStudyResult **list = material->lists;
    for (int a = 0; a < plan->num_arms; a++) {
        material->places[a] = -1;
        if (plan->arms[a].candidate_of >= 0 || !sdqn_study_is_complete(study, a)) continue;
        take_arm(material, a, list);
        list += plan->arms[a].num_seeds;
    }
    for (int i = 0; i < plan->num_comparisons; i++) {
        const SdqnArmPair pair = {material->places[plan->comparisons[i].a], material->places[plan->comparisons[i].b]};
        if (pair.a >= 0 && pair.b >= 0) material->pairs[material->num_pairs++] = pair;
    }
    return SDQN_OK;
}

// ---- sections -------------------------------------------------------------------------------------------------------------------

/// Why an arm is not on the page: how many runs are done, and why others failed, as far as there is room.
static void describe_missing(const Material *material, int arm, char *reason, size_t size) {
    const SdqnStudyPlan *plan = material->plan;
    const SdqnStudyArm *missing = &plan->arms[arm];
    int done = 0;
    for (int s = 0; s < missing->num_seeds; s++) done += sdqn_study_job(material->study, arm, s)->state == SDQN_JOB_DONE;
    size_t length = (size_t)snprintf(reason, size, "%d of %d runs are done", done, missing->num_seeds);
    if (!sdqn_study_plan_is_settled(plan, arm))
        length += (size_t)snprintf(reason + length, size - length, ", the tuning of %s is not decided", plan->arms[missing->tuned_by].name);
    for (int s = 0; s < missing->num_seeds && length < size; s++) {
        const SdqnJob *job = sdqn_study_job(material->study, arm, s);
        if (job->state == SDQN_JOB_FAILED || job->state == SDQN_JOB_DIVERGED)
            length += (size_t)snprintf(reason + length, size - length, "; seed %llu %s: %s", (unsigned long long)job->seed,
                                       job->state == SDQN_JOB_FAILED ? "failed" : "diverged", job->failure);
    }
}

static SdqnStatus add_missing(SdqnPage *page, const Material *material, SdqnError *error) {
    const SdqnStudyPlan *plan = material->plan;
    enum { REASON_SIZE = 4096 };
    SdqnExclusion *exclusions = calloc(SDQN_STUDY_MAX_ARMS, sizeof *exclusions);
    char *reasons = calloc(SDQN_STUDY_MAX_ARMS, REASON_SIZE), *names = calloc(SDQN_STUDY_MAX_ARMS, SDQN_STUDY_NAME_SIZE + 8);
    int count = 0;
    if (exclusions && reasons && names) {
        for (int a = 0; a < plan->num_arms; a++) {
            if (sdqn_study_is_complete(material->study, a)) continue;
            exclusions[count] = (SdqnExclusion){names + (size_t)count * (SDQN_STUDY_NAME_SIZE + 8), reasons + (size_t)count * REASON_SIZE};
            snprintf(exclusions[count].what, SDQN_STUDY_NAME_SIZE + 8, "arm %s", plan->arms[a].name);
            describe_missing(material, a, exclusions[count].reason, REASON_SIZE);
            count++;
        }
        sdqn_compare_page_add_exclusions(page, exclusions, count);
    }
    const bool whole = exclusions && reasons && names;
    free(exclusions);
    free(reasons);
    free(names);
    return whole ? SDQN_OK : out_of_memory(error);
}

/// The settings that tuning gave to the arms.
static void add_tuning(SdqnPage *page, const SdqnStudyPlan *plan) {
    if (plan->num_tunings == 0) return;
    sdqn_page_section(page, "Tuning");
    sdqn_page_text(page, "Settings that a grid has decided, on seeds used nowhere else; report.md has the figures of all candidates.");
    for (int a = 0; a < plan->num_arms; a++) {
        const SdqnStudyArm *arm = &plan->arms[a];
        char text[2048] = "";
        size_t length = 0;
        if (arm->tuned_by < 0) continue;
        if (!sdqn_study_plan_is_settled(plan, a)) {
            sdqn_page_item(page, "%s: not decided yet", arm->name);
            continue;
        }
        for (int i = arm->num_settings - arm->num_tuned; i < arm->num_settings && length < sizeof text; i++)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length > 0 ? ", " : "", arm->settings[i]);
        sdqn_page_item(page, "%s: %s", arm->name, text);
    }
}

/// Whether an arm is complete and of a tier.
static bool is_of_tier(const Material *material, int arm, int tier) {
    return material->places[arm] >= 0 && material->plan->arms[arm].tier == tier;
}

/// Whether a complete arm of an earlier tier is what one of this tier is planned to be compared with.
static bool is_reference(const Material *material, int arm, int tier) {
    const SdqnStudyPlan *plan = material->plan;
    bool found = false;
    if (material->places[arm] < 0 || plan->arms[arm].tier >= tier) return false;
    for (int i = 0; i < plan->num_comparisons; i++) {
        const SdqnStudyComparison *planned = &plan->comparisons[i];
        found = found || (planned->a == arm && is_of_tier(material, planned->b, tier)) ||
                (planned->b == arm && is_of_tier(material, planned->a, tier));
    }
    return found;
}

/// Put the arms of a tier into material->shown, behind those of earlier tiers to compare them with, as far as there is room for these.
/// @param note  receives the names of the latter; "" if there are none @return how many are shown
static int gather_tier(Material *material, int tier, int own, char *note, size_t size) {
    const SdqnStudyPlan *plan = material->plan;
    int count = 0, others = 0;
    size_t length = 0;
    note[0] = '\0';
    for (int a = 0; a < plan->num_arms; a++) {
        const bool is_other = is_reference(material, a, tier) && own + others < SDQN_COLLECTION_MAX_ARMS;
        if (!is_other && !is_of_tier(material, a, tier)) continue;
        material->shown[count++] = material->arms[material->places[a]];
        others += is_other;
        if (is_other && length < size)
            length += (size_t)snprintf(note + length, size - length, "%s%s", others == 1 ? "Of earlier tiers, to compare with: " : ", ",
                                       plan->arms[a].name);
    }
    return count;
}

static SdqnStatus add_tier(SdqnPage *page, Material *material, int tier, SdqnError *error) {
    const SdqnStudyPlan *plan = material->plan;
    int own = 0;
    char heading[SDQN_STUDY_NAME_SIZE + 16] = "", suffix[24] = "", note[4096];
    for (int a = 0; a < plan->num_arms; a++) own += is_of_tier(material, a, tier);
    if (plan->num_tiers > 1) {
        snprintf(heading, sizeof heading, ": tier %s", plan->tiers[tier].name);
        snprintf(suffix, sizeof suffix, "-tier%d", tier + 1);
    }
    if (own == 0) {
        char title[sizeof heading + 16];
        snprintf(title, sizeof title, "What is compared%s", heading);
        sdqn_page_section(page, title);
        sdqn_page_text(page, "No arm has all its runs yet.");
        return SDQN_OK;
    }
    if (own > SDQN_COLLECTION_MAX_ARMS)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "study: %d arms in a tier: a page holds at most %d", own, SDQN_COLLECTION_MAX_ARMS);
    const int count = gather_tier(material, tier, own, note, sizeof note);
    const SdqnCompareDef def = {.set = {count, material->shown},
                                .heading = heading,
                                .note = note,
                                .suffix = suffix,
                                .bootstrap = {SDQN_RESAMPLE_SEED, SDQN_BOOTSTRAP_REPEATS, 0},
                                .window = SDQN_SAMPLE_WINDOW};
    SdqnTable *verdict = NULL;
    SdqnStatus status = sdqn_compare_verdict_table(&def, &verdict, error);
    if (status == SDQN_OK) status = sdqn_compare_page_add_arms(page, &def, verdict, error);
    sdqn_table_destroy(verdict);
    return status;
}

static SdqnStatus add_comparisons(SdqnPage *page, const Material *material, SdqnError *error) {
    char planned[128];
    snprintf(planned, sizeof planned, "the planned comparisons; %d of %d can be made", material->num_pairs,
             material->plan->num_comparisons);
    const SdqnCompareDef def = {.set = {material->num_arms, material->arms},
                                .heading = "",
                                .suffix = "",
                                .pairs = material->pairs,
                                .num_pairs = material->num_pairs,
                                .num_planned = material->plan->num_comparisons,
                                .pairs_are = planned,
                                .bootstrap = {SDQN_RESAMPLE_SEED, SDQN_BOOTSTRAP_REPEATS, 0},
                                .window = SDQN_SAMPLE_WINDOW};
    return sdqn_compare_page_add_pairs(page, &def, error);
}

static SdqnStatus fill(SdqnPage *page, Material *material, SdqnError *error) {
    SdqnStatus status = add_missing(page, material, error);
    if (status == SDQN_OK) status = add_comparisons(page, material, error);
    if (status == SDQN_OK) add_tuning(page, material->plan);
    for (int i = 0; i < material->plan->num_tiers && status == SDQN_OK; i++) status = add_tier(page, material, i, error);
    if (status != SDQN_OK) return status;
    sdqn_page_section(page, "More");
    sdqn_page_link(page, "report.md", "the report as text");
    sdqn_page_text(page, "This page is made from the results alone and holds no times; sharedqn compare makes a page with them.");
    return sdqn_page_write_html(page, "report", error);
}

SdqnStatus sdqn_study_page_write(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *undrawn,
                                 SdqnError *error) {
    char title[SDQN_STUDY_NAME_SIZE + 16];
    Material material;
    snprintf(title, sizeof title, "Study %s", plan->name);
    undrawn->message[0] = '\0';
    SdqnStatus status = gather(plan, study, &material, error);
    SdqnPage *page = status == SDQN_OK ? sdqn_page_create(folder, title, error) : NULL;
    if (page) {
        status = fill(page, &material, error);
        if (sdqn_page_undrawn(page)) snprintf(undrawn->message, sizeof undrawn->message, "%s", sdqn_page_undrawn(page));
    } else if (status == SDQN_OK) {
        status = SDQN_ERR_IO;
    }
    sdqn_page_destroy(page);
    release(&material);
    return status;
}
