// test_bronet.c: BroNet, dueling and the categorical loss against PyTorch's autograd (tools/make_bronet_data.py), and by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TORCH_DATA "tests/data/bronet.safetensors"
#include "nn/adam.h"
#include "nn/categorical.h"
#include "nn/clip.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "torch_data.h"

#include <stdlib.h>

enum { ROWS = 13, ACTIONS = 4, MAX_ATOMS = 17 };

typedef struct Case {
    const char *prefix;
    SdqnArchitecture architecture;
    bool dueling;
    int atoms;
} Case;

static const Case cases[] = {
    {"brc", SDQN_ARCHITECTURE_BRONET, false, 17},   {"published", SDQN_ARCHITECTURE_BRONET_PUBLISHED, false, 11},
    {"duel_atoms", SDQN_ARCHITECTURE_MLP, true, 7}, {"duel", SDQN_ARCHITECTURE_MLP, true, 0},
    {"bronet", SDQN_ARCHITECTURE_BRONET, false, 0},
};

static SdqnQNetworkDef def_of(const Case *c) {
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.observation_size = 5;
    def.embedding_size = 6;
    def.hidden1_size = 21;
    def.hidden2_size = 9;
    def.num_blocks = 2;
    def.architecture = c->architecture;
    def.dueling = c->dueling;
    def.num_atoms = c->atoms;
    return def;
}

/// A network with PyTorch's parameters and the batch that belongs to it.
typedef struct Fixture {
    SdqnSafetensors *file;
    const Case *c;
    SdqnQNetwork *network;
    SdqnQWorkspace *workspace;
    size_t count;
    int32_t task[ROWS];
    uint8_t action[ROWS], terminated[ROWS];
    float outputs[ROWS * ACTIONS * MAX_ATOMS], d_outputs[ROWS * ACTIONS * MAX_ATOMS];
    float *gradient;
} Fixture;

static const float *data(const Fixture *f, const char *name) { return torch_data_find(f->file, f->c->prefix, name)->data; }

static void take_parameters(const Fixture *f, const char *name, SdqnQNetwork *network) {
    assert_int_equal(sdqn_tensor_count(torch_data_find(f->file, f->c->prefix, name)), f->count);
    memcpy(sdqn_q_network_parameters_mutable(network), data(f, name), f->count * sizeof(float));
    sdqn_q_network_refresh(network);
}

static void set_up(Fixture *f, const Case *c, SdqnCpuLevel level) {
    const SdqnQNetworkDef def = def_of(c);
    SdqnError error = {0};
    *f = (Fixture){.file = torch_data_open(), .c = c};
    if (sdqn_q_network_create(&def, sdqn_kernels(level), &f->network, &error) != SDQN_OK) fail_msg("%s", error.message);
    if (sdqn_q_workspace_create(&def, ROWS, true, &f->workspace, &error) != SDQN_OK) fail_msg("%s", error.message);
    f->count = sdqn_q_network_parameter_count(f->network);
    f->gradient = calloc(f->count, sizeof(float));
    take_parameters(f, "parameters", f->network);
    for (int b = 0; b < ROWS; b++) {
        f->task[b] = (int32_t)data(f, "task")[b];
        f->action[b] = (uint8_t)data(f, "action")[b];
        f->terminated[b] = (uint8_t)data(f, "terminated")[b];
    }
}

static void tear_down(Fixture *f) {
    sdqn_q_network_destroy(f->network);
    sdqn_q_workspace_destroy(f->workspace);
    sdqn_safetensors_destroy(f->file);
    free(f->gradient);
}

static SdqnSupport support_of(const Fixture *f) { return (SdqnSupport){f->c->atoms, sdqn_q_network_support(f->network)}; }

static float loss_and_gradient(Fixture *f, const float *target) {
    sdqn_q_network_forward(f->network, f->workspace, data(f, "observation"), f->task, ROWS, f->outputs);
    float y[ROWS];
    for (int b = 0; b < ROWS; b++) y[b] = data(f, "reward")[b] / 100;
    const float loss = f->c->atoms > 0 ? sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), f->outputs, f->action, target, NULL, ROWS,
                                                               ACTIONS, f->c->atoms, NULL, f->d_outputs)
                                       : sdqn_mse_loss(f->outputs, f->action, y, ROWS, ACTIONS, f->d_outputs);
    sdqn_q_network_backward(f->network, f->workspace, f->task, f->d_outputs, ROWS, f->gradient);
    return loss;
}

/// The TD targets of the batch, as the learner makes them with double DQN.
static void make_targets(Fixture *f, SdqnProjection projection, float *target) {
    const SdqnQNetworkDef def = def_of(f->c);
    const SdqnSupport support = support_of(f);
    const int atoms = f->c->atoms;
    SdqnQNetwork *behind;
    float q[ROWS * ACTIONS], next[MAX_ATOMS];
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &behind, NULL), SDQN_OK);
    take_parameters(f, "target_parameters", behind);
    sdqn_q_network_q_values(f->network, f->workspace, data(f, "next_observation"), f->task, ROWS, q);
    sdqn_q_network_forward(behind, f->workspace, data(f, "next_observation"), f->task, ROWS, f->outputs);
    for (int b = 0; b < ROWS; b++) {
        int best = 0;
        for (int a = 1; a < ACTIONS; a++) best = q[b * ACTIONS + a] > q[b * ACTIONS + best] ? a : best;
        sdqn_softmax(sdqn_kernels(SDQN_CPU_SCALAR), f->outputs + (b * ACTIONS + best) * atoms, atoms, next);
        sdqn_categorical_project(&support, projection, next, data(f, "reward")[b], f->terminated[b] ? 0 : data(f, "discount")[b],
                                 target + b * atoms);
    }
    sdqn_q_network_destroy(behind);
}

static void everything_equals_pytorch_on_every_level(void **state) {
    (void)state;
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            Fixture f;
            set_up(&f, &cases[c], (SdqnCpuLevel)level);
            const int atoms = cases[c].atoms;
            float target[ROWS * MAX_ATOMS], q[ROWS * ACTIONS];
            if (atoms > 0) {
                make_targets(&f, SDQN_PROJECTION_CORRECT, target);
                check_close("targets", target, data(&f, "target"), (size_t)(ROWS * atoms), 2e-6);
                sdqn_q_network_q_values(f.network, f.workspace, data(&f, "observation"), f.task, ROWS, q);
                check_close("Q-values", q, data(&f, "q"), (size_t)ROWS * ACTIONS, 2e-6);
            }
            const float loss = loss_and_gradient(&f, target);
            check_close("outputs", f.outputs, data(&f, "outputs"), (size_t)(ROWS * ACTIONS * (atoms > 0 ? atoms : 1)), 2e-6);
            check_close("loss", &loss, data(&f, "loss"), 1, 2e-6);
            check_close("gradient", f.gradient, data(&f, "gradient"), f.count, 4e-6);
            tear_down(&f);
        }
    }
}

static void ten_clipped_steps_of_adamw_equal_pytorch(void **state) {
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        if (cases[c].atoms == 0) continue;
        Fixture f;
        set_up(&f, &cases[c], SDQN_CPU_SCALAR);
        SdqnAdam adam;
        assert_int_equal(sdqn_adam_create(&adam, f.count, NULL), SDQN_OK);
        float *parameters = sdqn_q_network_parameters_mutable(f.network);
        for (int step = 0; step < 10; step++) {
            loss_and_gradient(&f, data(&f, "target"));
            assert_true(sdqn_clip_norm(sdqn_kernels(SDQN_CPU_SCALAR), f.gradient, f.count, 0.5) > 0.5); // it acts
            sdqn_weight_decay(1e-3, 0.1, f.count, parameters);
            sdqn_adam_step(&adam, sdqn_kernels(SDQN_CPU_SCALAR), f.gradient, 1e-3, parameters);
            sdqn_q_network_refresh(f.network);
        }
        check_close("parameters", parameters, data(&f, "after"), f.count, 1e-5);
        sdqn_adam_destroy(&adam);
        tear_down(&f);
    }
}

static void bits_are_those_of_scalar_on_every_level_and_of_groups_alone(void **state) {
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        Fixture scalar;
        set_up(&scalar, &cases[c], SDQN_CPU_SCALAR);
        loss_and_gradient(&scalar, data(&scalar, cases[c].atoms > 0 ? "target" : "reward"));
        for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
            if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
            Fixture f;
            set_up(&f, &cases[c], (SdqnCpuLevel)level);
            loss_and_gradient(&f, data(&f, cases[c].atoms > 0 ? "target" : "reward"));
            assert_memory_equal(f.outputs, scalar.outputs, sizeof f.outputs);
            assert_memory_equal(f.gradient, scalar.gradient, f.count * sizeof(float));
            // Two groups of 4 rows: each has the gradient of its rows alone.
            float *groups = calloc(2 * f.count, sizeof(float));
            const size_t row = (size_t)ACTIONS * (size_t)(cases[c].atoms > 0 ? cases[c].atoms : 1);
            sdqn_q_network_forward(f.network, f.workspace, data(&f, "observation"), f.task, 8, f.outputs);
            sdqn_q_network_backward_groups(f.network, f.workspace, f.task, f.d_outputs, 2, 4, groups);
            for (size_t g = 0; g < 2; g++) {
                sdqn_q_network_forward(f.network, f.workspace, data(&f, "observation") + g * 4 * 5, f.task + g * 4, 4, f.outputs);
                sdqn_q_network_backward(f.network, f.workspace, f.task + g * 4, f.d_outputs + g * 4 * row, 4, f.gradient);
                assert_memory_equal(groups + g * f.count, f.gradient, f.count * sizeof(float));
            }
            free(groups);
            tear_down(&f);
        }
        tear_down(&scalar);
    }
}

static void parameter_counts_are_those_of_the_definition(void **state) {
    (void)state;
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.architecture = SDQN_ARCHITECTURE_BRONET;
    def.embedding_size = 32;
    def.num_atoms = 51;
    assert_int_equal(sdqn_q_network_def_parameter_count(&def), 459820);
    def.num_blocks = 2;
    def.num_atoms = 21;
    assert_int_equal(sdqn_q_network_def_parameter_count(&def), 296884);
}

/// An update of brc is five passes of 64 rows through its linear layers, two operations a weight: about 290 million.
static void an_update_of_brc_has_the_operations_of_its_page(void **state) {
    (void)state;
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.architecture = SDQN_ARCHITECTURE_BRONET;
    def.embedding_size = 32;
    def.num_atoms = 51;
    SdqnQNetwork *network;
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    size_t weights = 0;
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, NULL), SDQN_OK);
    for (int i = 0, count = sdqn_q_network_tensors(network, tensors); i < count; i++) {
        const bool linear = tensors[i].rank == 2 && strcmp(tensors[i].name, "task_embedding.weight") != 0;
        weights += linear ? sdqn_tensor_count(&tensors[i]) : 0;
    }
    assert_int_equal(weights, 455680); // docs/methods/brc.md
    assert_int_equal((5 * 64 * 2 * weights + 500000) / 1000000, 292);
    sdqn_q_network_destroy(network);
}

static void initial_weights_are_kaiming_and_the_head_is_xavier(void **state) {
    (void)state;
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.architecture = SDQN_ARCHITECTURE_BRONET;
    def.num_atoms = 51;
    SdqnQNetwork *network;
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, NULL), SDQN_OK);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 4);
    sdqn_q_network_init(network, &rng);
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    const int count = sdqn_q_network_tensors(network, tensors);
    for (int i = 0; i < count; i++) {
        const SdqnTensor *t = &tensors[i];
        const size_t values = sdqn_tensor_count(t);
        double square = 0.0, largest = 0.0;
        for (size_t k = 0; k < values; k++) {
            square += (double)t->data[k] * (double)t->data[k];
            largest = fabs((double)t->data[k]) > largest ? fabs((double)t->data[k]) : largest;
        }
        const double deviation = sqrt(square / (double)values);
        if (strcmp(t->name, "support") == 0) {
            assert_true(t->data[0] == -100 && t->data[1] == -92 && t->data[50] == 300);
        } else if (strcmp(t->name, "head.weight") == 0) {
            const double bound = sqrt(6.0 / (256 + 204));
            assert_true(largest <= bound && largest > 0.99 * bound && fabs(deviation / bound * sqrt(3.0) - 1) < 0.02);
        } else if (strstr(t->name, "norm") && strstr(t->name, "weight")) {
            for (size_t k = 0; k < values; k++) assert_true(t->data[k] == 1);
        } else if (strstr(t->name, "bias")) {
            assert_true(largest == 0);
        } else if (strstr(t->name, "weight") && strcmp(t->name, "task_embedding.weight") != 0) {
            assert_true(fabs(deviation / sqrt(2.0 / (double)t->shape[1]) - 1) < 0.05);
        }
    }
    sdqn_q_network_destroy(network);
}

static void unit_embeddings_have_length_one_after_every_change(void **state) {
    (void)state;
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.unit_embeddings = true;
    SdqnQNetwork *network;
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, NULL), SDQN_OK);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 4);
    sdqn_q_network_init(network, &rng);
    float *embedding = sdqn_q_network_parameters_mutable(network) + sdqn_q_network_parameter_count(network) - 24;
    for (int round = 0; round < 2; round++) {
        for (int t = 0; t < 3; t++) {
            double square = 0.0;
            for (int k = 0; k < 8; k++) square += (double)embedding[t * 8 + k] * (double)embedding[t * 8 + k];
            assert_true(fabs(square - 1) < 1e-6);
        }
        for (int k = 0; k < 24; k++) embedding[k] = (float)(3 * k - 20);
        sdqn_q_network_refresh(network);
    }
    assert_true(fabsf(embedding[1] / embedding[0] - 17.0f / 20.0f) < 1e-6f); // the direction stays
    sdqn_q_network_destroy(network);
}

// The projection

static const float five_atoms[] = {-10, -5, 0, 5, 10};
static const SdqnSupport five = {5, five_atoms};

static void check_projection(SdqnProjection projection, const float *p, float reward, float discount, const float *expected, float cut) {
    float target[5];
    const float found = sdqn_categorical_project(&five, projection, p, reward, discount, target);
    for (int j = 0; j < 5; j++) {
        if (fabsf(target[j] - expected[j]) > 1e-6f) fail_msg("atom %d: expected %g, found %g", j, (double)expected[j], (double)target[j]);
    }
    assert_true(fabsf(found - cut) < 1e-6f);
}

static void projection_worked_by_hand(void **state) {
    (void)state;
    const float p[5] = {0.1f, 0.2f, 0.3f, 0.3f, 0.1f};
    check_projection(SDQN_PROJECTION_CORRECT, p, 0, 1, p, 0);                                       // nothing moves
    check_projection(SDQN_PROJECTION_CORRECT, p, 5, 1, (float[]){0, 0.1f, 0.2f, 0.3f, 0.4f}, 0.1f); // one atom up, the last is cut
    check_projection(SDQN_PROJECTION_CORRECT, p, 1, 0, (float[]){0, 0, 0.8f, 0.2f, 0}, 0);          // terminal, between two atoms
    check_projection(SDQN_PROJECTION_CORRECT, p, -10, 0, (float[]){1, 0, 0, 0, 0}, 0);              // terminal, on the edge
    check_projection(SDQN_PROJECTION_CORRECT, p, -25, 0, (float[]){1, 0, 0, 0, 0}, 1);              // terminal, outside
    check_projection(SDQN_PROJECTION_CORRECT, p, 5, 0, (float[]){0, 0, 0, 1, 0}, 0);                // terminal, on an atom
}

static void original_projection_loses_what_falls_on_an_atom(void **state) {
    (void)state;
    const float p[5] = {0.1f, 0.2f, 0.3f, 0.3f, 0.1f};
    check_projection(SDQN_PROJECTION_ORIGINAL, p, 1, 0, (float[]){0, 0, 0.8f, 0.2f, 0}, 0); // between two atoms: as the correct one
    check_projection(SDQN_PROJECTION_ORIGINAL, p, -10, 0, (float[]){0, 0, 0, 0, 0}, 0);     // a crash has no target at all
    check_projection(SDQN_PROJECTION_ORIGINAL, p, -25, 0, (float[]){0, 0, 0, 0, 0}, 1);
    check_projection(SDQN_PROJECTION_ORIGINAL, p, 0, 1, (float[]){0, 0, 0, 0, 0}, 0);
}

static void correct_projection_keeps_all_mass_and_the_mean_inside(void **state) {
    (void)state;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 11);
    float atoms[51], p[51], target[51];
    for (int j = 0; j < 51; j++) atoms[j] = (float)(-100 + 8 * j);
    const SdqnSupport support = {51, atoms};
    for (int round = 0; round < 20000; round++) {
        float logits[51];
        for (int j = 0; j < 51; j++) logits[j] = (float)sdqn_rng_uniform(&rng, -8, 8);
        sdqn_softmax(sdqn_kernels(SDQN_CPU_SCALAR), logits, 51, p);
        // Rewards on atoms, on the edges, anywhere; discounts of 0, 1 and between.
        const double kind = sdqn_rng_double(&rng), anywhere = sdqn_rng_uniform(&rng, -500, 500);
        const float reward = kind < 0.3 ? (float)(-100 + 8 * sdqn_rng_integers(&rng, 0, 51)) : kind < 0.4 ? -100.0f : (float)anywhere;
        const float discount = sdqn_rng_double(&rng) < 0.3 ? 0.0f : sdqn_rng_double(&rng) < 0.2 ? 1.0f : 0.99f;
        const float cut = sdqn_categorical_project(&support, SDQN_PROJECTION_CORRECT, p, reward, discount, target);
        double mass = 0, mean = 0, expected = 0;
        for (int j = 0; j < 51; j++) {
            const double moved = (double)reward + (double)discount * (double)atoms[j];
            assert_true(target[j] >= 0);
            mass += (double)target[j];
            mean += (double)target[j] * (double)atoms[j];
            expected += (double)p[j] * (moved < -100 ? -100 : moved > 300 ? 300 : moved);
        }
        if (!(fabs(mass - 1) <= 1e-6) || !(fabs(mean - expected) <= 1e-3) || !(cut >= 0 && cut <= 1.00001f)) {
            fail_msg("round %d: reward %g, discount %g: mass %.9g, mean %g, expected %g", round, (double)reward, (double)discount, mass,
                     mean, expected);
        }
    }
}

static void nan_reaches_the_loss(void **state) {
    (void)state;
    const float p[5] = {0.1f, 0.2f, 0.3f, 0.3f, 0.1f};
    float target[5], logits[5] = {0, 1, NAN, 2, 3}, d[5], q;
    sdqn_categorical_project(&five, SDQN_PROJECTION_CORRECT, p, NAN, 1, target);
    const uint8_t action = 0;
    const float good[5] = {0, 0, 0, 1, 2};
    assert_true(isnan(sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), good, &action, target, NULL, 1, 1, 5, NULL, d)));
    assert_true(isnan(sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), logits, &action, p, NULL, 1, 1, 5, NULL, d)));
    sdqn_categorical_mean(sdqn_kernels(SDQN_CPU_SCALAR), &five, logits, 1, &q);
    assert_true(isnan(q));
    float not_numbers[5];
    sdqn_softmax(sdqn_kernels(SDQN_CPU_SCALAR), logits, 5, not_numbers);
    sdqn_categorical_project(&five, SDQN_PROJECTION_CORRECT, not_numbers, 0, 1, target);
    assert_true(isnan(target[0]));
}

static void large_logits_do_not_overflow(void **state) {
    (void)state;
    const float logits[5] = {1e30f, -1e30f, 0, 1e30f, 3};
    float p[5];
    sdqn_softmax(sdqn_kernels(SDQN_CPU_SCALAR), logits, 5, p);
    assert_true(p[0] == 0.5f && p[3] == 0.5f && p[1] == 0 && p[2] == 0 && p[4] == 0);
}

static void weights_of_rows_scale_their_loss(void **state) {
    (void)state;
    const float logits[2 * 5] = {0, 1, -1, 2, 3, 1, 1, 0, 0, -2}, target[2 * 5] = {0, 0, 1, 0, 0, 0.5f, 0.5f, 0, 0, 0};
    const float weights[2] = {0.25f, 2};
    const uint8_t action[2] = {0, 0};
    float plain[10], weighed[10], rows[2];
    sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), logits, action, target, NULL, 2, 1, 5, rows, plain);
    const float loss = sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), logits, action, target, weights, 2, 1, 5, NULL, weighed);
    assert_true(fabsf(loss - (0.25f * rows[0] + 2 * rows[1]) / 2) < 1e-6f);
    for (int j = 0; j < 10; j++) assert_true(fabsf(weighed[j] - plain[j] * weights[j / 5]) < 1e-7f);
}

/// The original projection leaves targets of less than mass 1, or none: the derivative is that of the loss all the same.
static void derivative_of_a_target_with_lost_mass_is_that_of_the_loss(void **state) {
    (void)state;
    const float target[2 * 5] = {0, 0.1f, 0.3f, 0.2f, 0, 0, 0, 0, 0, 0}; // masses 0.6 and 0
    const uint8_t action[2] = {0, 0};
    float logits[2 * 5] = {0, 1, -1, 2, 0.5f, 1, 1, 0, 0, -2}, derivative[10], other[10];
    const double step = 0x1p-6;
    sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), logits, action, target, NULL, 2, 1, 5, NULL, derivative);
    for (int j = 0; j < 10; j++) {
        const float at = logits[j];
        logits[j] = at + (float)step;
        const double above =
            (double)sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), logits, action, target, NULL, 2, 1, 5, NULL, other);
        logits[j] = at - (float)step;
        const double below =
            (double)sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), logits, action, target, NULL, 2, 1, 5, NULL, other);
        logits[j] = at;
        assert_true(fabs((above - below) / (2.0 * step) - (double)derivative[j]) < 1e-4);
        assert_true(j < 5 || derivative[j] == 0.0f); // what has no target teaches nothing
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_equals_pytorch_on_every_level),
        cmocka_unit_test(ten_clipped_steps_of_adamw_equal_pytorch),
        cmocka_unit_test(bits_are_those_of_scalar_on_every_level_and_of_groups_alone),
        cmocka_unit_test(parameter_counts_are_those_of_the_definition),
        cmocka_unit_test(an_update_of_brc_has_the_operations_of_its_page),
        cmocka_unit_test(initial_weights_are_kaiming_and_the_head_is_xavier),
        cmocka_unit_test(unit_embeddings_have_length_one_after_every_change),
        cmocka_unit_test(projection_worked_by_hand),
        cmocka_unit_test(original_projection_loses_what_falls_on_an_atom),
        cmocka_unit_test(correct_projection_keeps_all_mass_and_the_mean_inside),
        cmocka_unit_test(nan_reaches_the_loss),
        cmocka_unit_test(large_logits_do_not_overflow),
        cmocka_unit_test(weights_of_rows_scale_their_loss),
        cmocka_unit_test(derivative_of_a_target_with_lost_mass_is_that_of_the_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
