#include "dqn/exploration.h"

void sdqn_exploration_init(SdqnExploration *exploration, double start, double decay, double floor) {
    *exploration = (SdqnExploration){.decay = decay, .floor = floor, .power = start};
}

double sdqn_exploration_epsilon(const SdqnExploration *exploration) {
    return exploration->power > exploration->floor ? exploration->power : exploration->floor;
}

void sdqn_exploration_next_episode(SdqnExploration *exploration) { exploration->power *= exploration->decay; }

int sdqn_exploration_draw(const SdqnExploration *exploration, SdqnRng *rng, int num_actions) {
    if (sdqn_rng_double(rng) >= sdqn_exploration_epsilon(exploration)) return -1;
    return (int)sdqn_rng_integers(rng, 0, num_actions);
}

int sdqn_greedy_action(const float *q, int num_actions) {
    int best = 0;
    for (int a = 1; a < num_actions; a++) {
        if (q[a] > q[best]) best = a;
    }
    return best;
}
