// exploration.h: epsilon-greedy actions with an epsilon that shrinks once an episode.
#ifndef SDQN_DQN_EXPLORATION_H
#define SDQN_DQN_EXPLORATION_H

#include "core/rng.h"

/// State of the schedule. Episode e explores with max(floor, start decay^e), a running product in double.
typedef struct SdqnExploration {
    double decay; ///< factor an episode, in (0, 1]
    double floor; ///< smallest epsilon, in [0, 1]
    double power; ///< start decay^e
} SdqnExploration;

/// The schedule before episode 0. @param start  epsilon of episode 0, in [0, 1]
void sdqn_exploration_init(SdqnExploration *exploration, double start, double decay, double floor);
/// Epsilon of the present episode.
double sdqn_exploration_epsilon(const SdqnExploration *exploration);
/// Go on to the next episode.
void sdqn_exploration_next_episode(SdqnExploration *exploration);
/// Decide whether this step explores, and how: one double is drawn; if it is below epsilon, one integer gives a uniform action.
/// @return the action, or -1: act greedily
int sdqn_exploration_draw(const SdqnExploration *exploration, SdqnRng *rng, int num_actions);

/// The action of the largest value; ties take the lowest index. @param q [num_actions]
int sdqn_greedy_action(const float *q, int num_actions);

#endif
