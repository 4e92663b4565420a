#include "lander/lander_batch.h"

#include "lander/lander_stepper.h"
#include "physics/island.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct SdqnLanderBatch {
    int lanes;
    SdqnAutoreset autoreset;
    SdqnLander *landers;      ///< [lanes]
    uint8_t *begun;           ///< [lanes] 1 once the lane has an episode
    uint8_t *reset_due;       ///< [lanes] 1 if its next step is a reset (mode next step)
    void **queue;             ///< [lanes] landers that step together
    SdqnThrust *queue_thrust; ///< [lanes] what their engines do
    SdqnLanderStepper *stepper;
};

void sdqn_lander_batch_destroy(SdqnLanderBatch *batch) {
    if (batch == NULL) return;
    free(batch->landers);
    free(batch->begun);
    free(batch->reset_due);
    free(batch->queue);
    free(batch->queue_thrust);
    sdqn_lander_stepper_destroy(batch->stepper);
    free(batch);
}

static SdqnStatus check_def(const SdqnLanderBatchDef *def, SdqnError *error) {
    if (def->lanes < 1 || def->lanes > SDQN_LANDER_BATCH_MAX_LANES)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "lander batch: lanes = %d: must be in [1, %d]", def->lanes,
                              SDQN_LANDER_BATCH_MAX_LANES);
    if ((unsigned)def->autoreset > SDQN_AUTORESET_SAME_STEP)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                              "lander batch: autoreset = %d: must be 0 (disabled), 1 (next step) or 2 (same step)", (int)def->autoreset);
    if (sdqn_island_solver(def->level) == NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "lander batch: level %d is not available on this machine", (int)def->level);
    for (int i = 0; i < def->lanes; i++) {
        SdqnStatus status = sdqn_task_check(&def->tasks[i], error);
        if (status != SDQN_OK) return status;
    }
    return SDQN_OK;
}

static bool allocate(SdqnLanderBatch *batch, size_t lanes) {
    batch->landers = calloc(lanes, sizeof *batch->landers);
    batch->begun = calloc(lanes, sizeof *batch->begun);
    batch->reset_due = calloc(lanes, sizeof *batch->reset_due);
    batch->queue = calloc(lanes, sizeof(void *));
    batch->queue_thrust = calloc(lanes, sizeof *batch->queue_thrust);
    return batch->landers && batch->begun && batch->reset_due && batch->queue && batch->queue_thrust;
}

SdqnStatus sdqn_lander_batch_create(const SdqnLanderBatchDef *def, SdqnLanderBatch **batch, SdqnError *error) {
    SdqnStatus status = check_def(def, error);
    if (status != SDQN_OK) return status;
    SdqnLanderBatch *made = calloc(1, sizeof *made);
    if (made == NULL || !allocate(made, (size_t)def->lanes)) {
        sdqn_lander_batch_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "lander batch: out of memory for %d lanes", def->lanes);
    }
    status = sdqn_lander_stepper_create(def->lanes, def->level, &made->stepper, error);
    if (status != SDQN_OK) {
        sdqn_lander_batch_destroy(made);
        return status;
    }
    made->lanes = def->lanes;
    made->autoreset = def->autoreset;
    for (int i = 0; i < def->lanes; i++) sdqn_lander_create(&made->landers[i], &def->tasks[i], &def->rngs[i]);
    *batch = made;
    return SDQN_OK;
}

int sdqn_lander_batch_lanes(const SdqnLanderBatch *batch) { return batch->lanes; }

/// Let a lane begin an episode; its internal step is made with the queue.
static void queue_reset(SdqnLanderBatch *batch, int *queued, int lane) {
    sdqn_lander_begin_episode(&batch->landers[lane]);
    batch->begun[lane] = 1;
    batch->reset_due[lane] = 0;
    batch->queue[*queued] = &batch->landers[lane];
    batch->queue_thrust[(*queued)++] = (SdqnThrust){0.0, 0.0};
}

/// Row of a lane in an array [N, 8].
static float *row(float *rows, int lane) { return rows + (size_t)lane * SDQN_LANDER_OBSERVATION_SIZE; }

/// The internal steps of queued resets, and the observations that they give.
static void finish_resets(SdqnLanderBatch *batch, int queued, float *observation) {
    sdqn_lander_stepper_advance(batch->stepper, batch->queue, batch->queue_thrust, queued);
    for (int k = 0; k < queued; k++) {
        float unwanted[SDQN_LANDER_OBSERVATION_SIZE];
        const int lane = (int)((SdqnLander *)batch->queue[k] - batch->landers);
        sdqn_lander_end_step(batch->queue[k], (SdqnThrust){0.0, 0.0}, observation ? row(observation, lane) : unwanted);
    }
}

void sdqn_lander_batch_reset(SdqnLanderBatch *batch, const uint8_t *chosen, const uint64_t *seeds, float *observation) {
    SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    int queued = 0;
    for (int i = 0; i < batch->lanes; i++) {
        if (chosen != NULL && !chosen[i]) continue;
        if (seeds != NULL) sdqn_rng_seed(&batch->landers[i].rng, seeds[i]);
        queue_reset(batch, &queued, i);
    }
    finish_resets(batch, queued, observation);
    sdqn_cpu_mode_restore(mode);
}

static SdqnStatus not_begun(int lane, SdqnError *error) {
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "lander batch: lane %d has not been reset", lane);
}

static void copy_observation(float *rows, int lane, const float *observation) {
    if (rows != NULL) memcpy(row(rows, lane), observation, SDQN_LANDER_OBSERVATION_SIZE * sizeof *observation);
}

/// Hand out what a lane's step gave.
static void report(const SdqnLanderBatchStep *out, int lane, const SdqnStep *step, int32_t steps, const float *observation) {
    copy_observation(out->observation, lane, observation);
    if (out->reward != NULL) out->reward[lane] = step->reward;
    if (out->terminated != NULL) out->terminated[lane] = step->terminated;
    if (out->truncated != NULL) out->truncated[lane] = step->truncated;
    if (out->at_rest != NULL) out->at_rest[lane] = step->at_rest;
    if (out->steps != NULL) out->steps[lane] = steps;
}

/// Finish the step of every lane. @return lanes queued for a reset in this same step
static int end_steps(SdqnLanderBatch *batch, const SdqnLanderBatchStep *out) {
    int resets = 0;
    for (int i = 0; i < batch->lanes; i++) {
        float observation[SDQN_LANDER_OBSERVATION_SIZE];
        SdqnLander *lander = &batch->landers[i];
        SdqnStep step = sdqn_lander_end_step(lander, batch->queue_thrust[i], observation);
        if (batch->reset_due[i]) {
            batch->reset_due[i] = 0;
            step = (SdqnStep){.reward = 0.0};
        } else {
            sdqn_lander_count_step(lander, &step);
        }
        report(out, i, &step, lander->steps, observation);
        if ((!step.terminated && !step.truncated) || batch->autoreset == SDQN_AUTORESET_DISABLED) continue;
        if (batch->autoreset == SDQN_AUTORESET_NEXT_STEP) {
            batch->reset_due[i] = 1;
        } else {
            copy_observation(out->final_observation, i, observation);
            queue_reset(batch, &resets, i); // the places taken lie before those still to be read
        }
    }
    return resets;
}

/// One step of every lane, whose thrust lies in the queue.
static void step_lanes(SdqnLanderBatch *batch, const SdqnLanderBatchStep *out) {
    for (int i = 0; i < batch->lanes; i++) {
        batch->queue[i] = &batch->landers[i];
        if (!batch->reset_due[i]) continue;
        sdqn_lander_begin_episode(&batch->landers[i]);
        batch->queue_thrust[i] = (SdqnThrust){0.0, 0.0};
    }
    sdqn_lander_stepper_advance(batch->stepper, batch->queue, batch->queue_thrust, batch->lanes);
    const int resets = end_steps(batch, out);
    if (resets > 0) finish_resets(batch, resets, out->observation);
}

SdqnStatus sdqn_lander_batch_step(SdqnLanderBatch *batch, const int32_t *actions, const SdqnLanderBatchStep *out, SdqnError *error) {
    for (int i = 0; i < batch->lanes; i++) {
        if (actions[i] < 0 || actions[i] >= SDQN_LANDER_NUM_ACTIONS)
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "lander batch: action of lane %d = %d: must be in [0, %d)", i, (int)actions[i],
                                  SDQN_LANDER_NUM_ACTIONS);
        if (!batch->begun[i]) return not_begun(i, error);
    }
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    for (int i = 0; i < batch->lanes; i++) batch->queue_thrust[i] = sdqn_thrust_of_action(actions[i]);
    step_lanes(batch, out);
    sdqn_cpu_mode_restore(mode);
    return SDQN_OK;
}

SdqnStatus sdqn_lander_batch_step_continuous(SdqnLanderBatch *batch, const double *actions, const SdqnLanderBatchStep *out,
                                             SdqnError *error) {
    for (int i = 0; i < batch->lanes; i++) {
        const double *action = actions + (size_t)i * SDQN_LANDER_ACTION_SIZE;
        if (!isfinite(action[0]) || !isfinite(action[1]))
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "lander batch: action of lane %d = (%g, %g): must be finite", i, action[0],
                                  action[1]);
        if (!batch->begun[i]) return not_begun(i, error);
    }
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    for (int i = 0; i < batch->lanes; i++)
        batch->queue_thrust[i] = sdqn_thrust_of_continuous(actions + (size_t)i * SDQN_LANDER_ACTION_SIZE);
    step_lanes(batch, out);
    sdqn_cpu_mode_restore(mode);
    return SDQN_OK;
}

const SdqnLander *sdqn_lander_batch_lane(const SdqnLanderBatch *batch, int lane) {
    assert(lane >= 0 && lane < batch->lanes);
    return &batch->landers[lane];
}

static bool same_vec(SdqnVec2 a, SdqnVec2 b) { return a.x == b.x && a.y == b.y; }
static bool same_polygon(const SdqnPolygon *a, const SdqnPolygon *b) {
    bool same = a->count == b->count && same_vec(a->centroid, b->centroid);
    for (int i = 0; i < SDQN_MAX_POLYGON_VERTICES; i++)
        same = same && same_vec(a->vertex[i], b->vertex[i]) && same_vec(a->normal[i], b->normal[i]);
    return same;
}
static bool same_body(const SdqnBody *a, const SdqnBody *b) {
    return a->inverse_mass == b->inverse_mass && a->inverse_inertia == b->inverse_inertia &&
           same_vec(a->sweep.local_center, b->sweep.local_center);
}
static bool same_joint(const SdqnLegJoint *a, const SdqnLegJoint *b) {
    return same_vec(a->anchor_hull, b->anchor_hull) && same_vec(a->anchor_leg, b->anchor_leg) && a->reference_angle == b->reference_angle &&
           a->lower_angle == b->lower_angle && a->upper_angle == b->upper_angle && a->motor_speed == b->motor_speed &&
           a->max_motor_torque == b->max_motor_torque;
}

/// Whether two worlds have the same hull, legs and joints: what the lanes of a vector must share.
static bool same_build(const SdqnWorld *a, const SdqnWorld *b) {
    bool same = same_polygon(&a->hull, &b->hull) && same_polygon(&a->leg, &b->leg);
    for (int i = 0; i < SDQN_NUM_BODIES; i++) same = same && same_body(&a->bodies[i], &b->bodies[i]);
    for (int i = 0; i < SDQN_NUM_LEGS; i++) same = same && same_joint(&a->joints[i], &b->joints[i]);
    return same;
}

static bool contacts_in_range(const SdqnWorld *world) {
    if (world->num_contacts < 0 || world->num_contacts > SDQN_MAX_CONTACTS) return false;
    for (int i = 0; i < world->num_contacts; i++) {
        const SdqnContact *contact = &world->contacts[i];
        if (contact->edge < 0 || contact->edge >= SDQN_NUM_EDGES || contact->body < 0 || contact->body >= SDQN_NUM_BODIES) return false;
        if (contact->manifold.count < 0 || contact->manifold.count > 2) return false;
    }
    return true;
}

SdqnStatus sdqn_lander_batch_set_lane(SdqnLanderBatch *batch, int lane, const SdqnLander *lander, SdqnError *error) {
    assert(lane >= 0 && lane < batch->lanes);
    SdqnLander fresh; // any episode: the build is always the same
    sdqn_lander_create(&fresh, sdqn_task_builtin(0), &lander->rng);
    sdqn_lander_begin_episode(&fresh);
    SdqnStatus status = sdqn_task_check(&lander->task, error);
    if (status != SDQN_OK) return status;
    if (!same_build(&lander->world, &fresh.world) || !contacts_in_range(&lander->world))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "lander batch: the lander for lane %d has no episode, or is not a LunarLander",
                              lane);
    memcpy(&batch->landers[lane], lander, sizeof *lander); // padding too
    batch->begun[lane] = 1;
    batch->reset_due[lane] = 0;
    return SDQN_OK;
}
