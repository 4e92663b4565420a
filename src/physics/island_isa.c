// island_isa.c: the discrete solver of world.c for one world a lane. Compiled once a level; island.c chooses among the tables.
#include "physics/contact_isa.h"
#include "physics/island.h"
#include "physics/joint_isa.h"

#include <float.h>

/// One vector of worlds while their step is solved.
typedef struct Block {
    BodyLanes body[SDQN_NUM_BODIES];
    JointLanes joint[SDQN_NUM_LEGS];
    Mask was_lower[SDQN_NUM_LEGS], was_upper[SDQN_NUM_LEGS];
    LanesVec origin0[SDQN_NUM_BODIES];
    LanesVec origin[SDQN_NUM_BODIES];
    Mask solved; ///< positions within the slop
    SdqnWorld *const *worlds;
    int count; ///< lanes in use; the others repeat the first world and are thrown away
} Block;

/// Touching contacts of one vector of worlds, by body, each body's newest first.
typedef struct ContactBlock {
    SlotLanes slot[SDQN_NUM_BODIES][SDQN_ISLAND_MAX_SLOTS];
    int slots[SDQN_NUM_BODIES];
    SdqnManifold *manifold[SDQN_NUM_BODIES][SDQN_ISLAND_MAX_SLOTS][LANES]; ///< NULL in lanes without
    int points[SDQN_NUM_BODIES][SDQN_ISLAND_MAX_SLOTS][LANES];
} ContactBlock;

static void gather(Block *block, SdqnWorld *const *worlds, int count, float dt) {
    block->worlds = worlds;
    block->count = count;
    unsigned lower[SDQN_NUM_LEGS] = {0, 0}, upper[SDQN_NUM_LEGS] = {0, 0};
    for (int i = 0; i < LANES; i++) {
        const SdqnWorld *world = worlds[i < count ? i : 0];
        float dt_ratio = world->inverse_dt_last * dt;
        for (int b = 0; b < SDQN_NUM_BODIES; b++) body_put(&block->body[b], i, &world->bodies[b], world->gravity, dt);
        for (int leg = 0; leg < SDQN_NUM_LEGS; leg++) {
            joint_put(&block->joint[leg], i, &world->joints[leg], dt_ratio);
            lower[leg] |= (unsigned)(world->joints[leg].limit_state == SDQN_LIMIT_LOWER) << i;
            upper[leg] |= (unsigned)(world->joints[leg].limit_state == SDQN_LIMIT_UPPER) << i;
        }
    }
    for (int b = 0; b < SDQN_NUM_BODIES; b++) {
        body_begin(&block->body[b], &worlds[0]->bodies[b]);
        block->origin0[b] = body_origin(&block->body[b], block->body[b].center0, block->body[b].rotation);
    }
    for (int leg = 0; leg < SDQN_NUM_LEGS; leg++) {
        block->was_lower[leg] = mask_from_bits(lower[leg]);
        block->was_upper[leg] = mask_from_bits(upper[leg]);
    }
}

static void begin_joints(Block *block, const JointShape *shape) {
    for (int leg = SDQN_NUM_LEGS - 1; leg >= 0; leg--)
        joint_begin(&block->joint[leg], &shape[leg], &block->body[0], &block->body[1 + leg], block->was_lower[leg], block->was_upper[leg]);
}

/// Once the velocities are known: positions, until every lane is within the slop or has had its iterations.
static void solve_positions(Block *block, const JointShape *shape, const ContactBlock *contacts, float dt, int iterations) {
    for (int b = 0; b < SDQN_NUM_BODIES; b++) body_integrate(&block->body[b], lanes_all(dt));
    block->solved = mask_none();
    for (int n = 0; n < iterations && (mask_bits(block->solved) & ALL_LANES) != ALL_LANES; n++) {
        BodyLanes next[SDQN_NUM_BODIES];
        for (int b = 0; b < SDQN_NUM_BODIES; b++) next[b] = block->body[b];
        Mask done = mask_not(mask_none());
        if (contacts != NULL) {
            Lanes min_separation = lanes_all(0.0f);
            for (int b = 0; b < SDQN_NUM_BODIES; b++)
                for (int k = 0; k < contacts->slots[b]; k++)
                    min_separation = slot_solve_position(&contacts->slot[b][k], &next[b], mask_not(block->solved), min_separation);
            done = lanes_at_least(min_separation, lanes_all(-3.0f * SDQN_LINEAR_SLOP));
        }
        for (int leg = SDQN_NUM_LEGS - 1; leg >= 0; leg--)
            done = mask_and(done, joint_solve_position(&block->joint[leg], &shape[leg], &next[0], &next[1 + leg]));
        for (int b = 0; b < SDQN_NUM_BODIES; b++) {
            block->body[b].center = vec_choose(block->solved, block->body[b].center, next[b].center);
            block->body[b].angle = lanes_choose(block->solved, block->body[b].angle, next[b].angle);
        }
        block->solved = mask_or(block->solved, done);
    }
}

/// Count the time at rest. @return lanes that fall asleep
static Mask update_sleep(Block *block, float dt) {
    Lanes shortest = lanes_all(FLT_MAX);
    for (int b = 0; b < SDQN_NUM_BODIES; b++) {
        BodyLanes *body = &block->body[b];
        Mask turns = lanes_greater(body->w * body->w, lanes_all(SDQN_ANGULAR_SLEEP_TOLERANCE * SDQN_ANGULAR_SLEEP_TOLERANCE));
        Mask moves =
            lanes_greater(vec_dot(body->velocity, body->velocity), lanes_all(SDQN_LINEAR_SLEEP_TOLERANCE * SDQN_LINEAR_SLEEP_TOLERANCE));
        body->sleep_time = lanes_choose(mask_or(turns, moves), lanes_all(0.0f), body->sleep_time + lanes_all(dt));
        shortest = lanes_min(shortest, body->sleep_time);
    }
    return mask_and(lanes_at_least(shortest, lanes_all(SDQN_TIME_TO_SLEEP)), block->solved);
}

static void scatter_body(const BodyLanes *lanes, const LanesVec *origin, int lane, SdqnBody *body) {
    body->sweep.center0 = vec_get(&lanes->center0, lane);
    body->sweep.angle0 = lanes_get(&lanes->angle0, lane);
    body->sweep.center = vec_get(&lanes->center, lane);
    body->sweep.angle = lanes_get(&lanes->angle, lane);
    body->velocity = vec_get(&lanes->velocity, lane);
    body->angular_velocity = lanes_get(&lanes->w, lane);
    body->transform.p = vec_get(origin, lane);
    body->transform.q = (SdqnRot){lanes_get(&lanes->rotation.s, lane), lanes_get(&lanes->rotation.c, lane)};
    body->sleep_time = lanes_get(&lanes->sleep_time, lane);
    body->fat.lower = vec_get(&lanes->fat.lower, lane);
    body->fat.upper = vec_get(&lanes->fat.upper, lane);
}

static void scatter_joint(const JointLanes *lanes, int lane, unsigned inside, unsigned upper, SdqnLegJoint *joint) {
    joint->impulse = vec_get(&lanes->impulse, lane);
    joint->limit_impulse = lanes_get(&lanes->limit_impulse, lane);
    joint->motor_impulse = lanes_get(&lanes->motor_impulse, lane);
    joint->limit_state = inside >> lane & 1u ? SDQN_LIMIT_INACTIVE : upper >> lane & 1u ? SDQN_LIMIT_UPPER : SDQN_LIMIT_LOWER;
}

/// The end of a step: transforms, sleep, fat boxes; and the worlds get their numbers back.
static void finish(Block *block, float dt, uint8_t *moved) {
    unsigned changed[SDQN_NUM_BODIES];
    unsigned sleeping = mask_bits(update_sleep(block, dt));
    for (int b = 0; b < SDQN_NUM_BODIES; b++) {
        BodyLanes *body = &block->body[b];
        LanesRot rotation0 = body->rotation;
        body->rotation = rot_of(body->angle);
        block->origin[b] = body_origin(body, body->center, body->rotation);
        changed[b] =
            mask_bits(body_synchronize_box(body, sdqn_world_polygon(block->worlds[0], b), block->origin0[b], rotation0, block->origin[b]));
    }
    unsigned inside[SDQN_NUM_LEGS], upper[SDQN_NUM_LEGS];
    for (int leg = 0; leg < SDQN_NUM_LEGS; leg++) {
        inside[leg] = mask_bits(block->joint[leg].inside);
        upper[leg] = mask_bits(block->joint[leg].upper);
    }
    for (int i = 0; i < block->count; i++) {
        SdqnWorld *world = block->worlds[i];
        moved[i] = 0;
        for (int b = 0; b < SDQN_NUM_BODIES; b++) {
            scatter_body(&block->body[b], &block->origin[b], i, &world->bodies[b]);
            moved[i] |= (uint8_t)((changed[b] >> i & 1u) << b);
        }
        for (int leg = 0; leg < SDQN_NUM_LEGS; leg++) scatter_joint(&block->joint[leg], i, inside[leg], upper[leg], &world->joints[leg]);
        if (sleeping >> i & 1u) sdqn_world_put_to_sleep(world);
    }
}

/// All velocity iterations of `vectors` blocks (a constant) side by side, the newest joint first.
LANES_INLINE void solve_joints(Block *blocks, const JointShape *shape, int vectors, int iterations) {
    for (int n = 0; n < iterations; n++) {
        for (int leg = SDQN_NUM_LEGS - 1; leg >= 0; leg--) {
            JointLanes *joints[MAX_VECTORS];
            BodyLanes *hulls[MAX_VECTORS], *legs[MAX_VECTORS];
            for (int v = 0; v < vectors; v++) {
                joints[v] = &blocks[v].joint[leg];
                hulls[v] = &blocks[v].body[0];
                legs[v] = &blocks[v].body[1 + leg];
            }
            joint_solve_velocity(joints, &shape[leg], hulls, legs, vectors);
        }
    }
}

static void solve_flight(SdqnWorld *const *worlds, int count, float dt, int velocity_iterations, int position_iterations, uint8_t *moved) {
    JointShape shape[SDQN_NUM_LEGS];
    Block blocks[MAX_VECTORS];
    if (count == 0) return;
    for (int leg = 0; leg < SDQN_NUM_LEGS; leg++) joint_shape(&shape[leg], worlds[0], leg, dt);
    while (count > 0) {
        int vectors = 0, taken = 0;
        while (vectors < MAX_VECTORS && taken < count) {
            int lanes = count - taken < LANES ? count - taken : LANES;
            gather(&blocks[vectors], worlds + taken, lanes, dt);
            begin_joints(&blocks[vectors++], shape);
            taken += lanes;
        }
        switch (vectors) {
#if MAX_VECTORS > 2
        case 4:
            solve_joints(blocks, shape, 4, velocity_iterations);
            break;
        case 3:
            solve_joints(blocks, shape, 3, velocity_iterations);
            break;
#endif
        case 2:
            solve_joints(blocks, shape, 2, velocity_iterations);
            break;
        default:
            solve_joints(blocks, shape, 1, velocity_iterations);
        }
        for (int v = 0; v < vectors; v++) {
            solve_positions(&blocks[v], shape, NULL, dt, position_iterations);
            finish(&blocks[v], dt, moved + v * LANES);
        }
        worlds += taken;
        moved += taken;
        count -= taken;
    }
}

/// Prepare the touching contacts of every lane and put them into slots.
static void gather_contacts(ContactBlock *contacts, SdqnWorld *const *worlds, int count, float dt) {
    SlotBits bits[SDQN_NUM_BODIES][SDQN_ISLAND_MAX_SLOTS];
    memset(contacts, 0, sizeof *contacts);
    memset(bits, 0, sizeof bits);
    for (int i = 0; i < count; i++) {
        SdqnWorld *world = worlds[i];
        int used[SDQN_NUM_BODIES] = {0, 0, 0};
        for (int k = world->num_contacts - 1; k >= 0; k--) {
            SdqnContact *contact = &world->contacts[k];
            if (!contact->touching || !contact->enabled) continue;
            int b = contact->body, slot = used[b]++;
            const SdqnBody *body = &world->bodies[b];
            SdqnContactConstraint c;
            SdqnPosition position = {body->sweep.center, body->sweep.angle};
            SdqnVelocity velocity = {{0.0f, 0.0f}, 0.0f}; // matters only for restitution, which is 0
            sdqn_contact_begin(&c, &contact->manifold, body, 0, contact->friction, world->inverse_dt_last * dt);
            sdqn_contact_prepare(&c, &position, &velocity);
            slot_put(&contacts->slot[b][slot], &bits[b][slot], i, &c);
            contacts->manifold[b][slot][i] = &contact->manifold;
            contacts->points[b][slot][i] = c.points;
            if (used[b] > contacts->slots[b]) contacts->slots[b] = used[b];
        }
    }
    for (int b = 0; b < SDQN_NUM_BODIES; b++)
        for (int k = 0; k < contacts->slots[b]; k++) slot_set_masks(&contacts->slot[b][k], &bits[b][k]);
}

static void scatter_contacts(const ContactBlock *contacts, int count) {
    for (int b = 0; b < SDQN_NUM_BODIES; b++)
        for (int k = 0; k < contacts->slots[b]; k++)
            for (int i = 0; i < count; i++)
                if (contacts->manifold[b][k][i] != NULL)
                    slot_get(&contacts->slot[b][k], i, contacts->points[b][k][i], contacts->manifold[b][k][i]);
}

static void solve_contact(SdqnWorld *const *worlds, int count, float dt, int velocity_iterations, int position_iterations, uint8_t *moved) {
    JointShape shape[SDQN_NUM_LEGS];
    Block block;
    ContactBlock contacts;
    if (count == 0) return;
    for (int leg = 0; leg < SDQN_NUM_LEGS; leg++) joint_shape(&shape[leg], worlds[0], leg, dt);
    for (int taken; count > 0; worlds += taken, moved += taken, count -= taken) {
        taken = count < LANES ? count : LANES;
        gather(&block, worlds, taken, dt);
        gather_contacts(&contacts, worlds, taken, dt);
        for (int b = 0; b < SDQN_NUM_BODIES; b++)
            for (int k = 0; k < contacts.slots[b]; k++) slot_warm_start(&contacts.slot[b][k], &block.body[b]);
        begin_joints(&block, shape);
        for (int n = 0; n < velocity_iterations; n++) {
            solve_joints(&block, shape, 1, 1);
            for (int b = 0; b < SDQN_NUM_BODIES; b++)
                for (int k = 0; k < contacts.slots[b]; k++) slot_solve_velocity(&contacts.slot[b][k], &block.body[b]);
        }
        scatter_contacts(&contacts, taken);
        solve_positions(&block, shape, &contacts, dt, position_iterations);
        finish(&block, dt, moved);
    }
}

const SdqnIslandSolver LEVEL_NAME(sdqn_island_solver_, SDQN_ISA) = {
#if defined(SDQN_ISA_avx512)
    .level = SDQN_CPU_AVX512,
#elif defined(SDQN_ISA_avx2)
    .level = SDQN_CPU_AVX2,
#elif defined(SDQN_ISA_neon)
    .level = SDQN_CPU_NEON,
#else
    .level = SDQN_CPU_SCALAR,
#endif
    .lanes = LANES,
    .solve_flight = solve_flight,
    .solve_contact = solve_contact,
};
