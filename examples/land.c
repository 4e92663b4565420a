// land.c: load trained weights, fly one episode, print its return: land WEIGHTS_OR_RUN [TASK [SEED]]
//
//     cc land.c $(pkg-config --cflags --libs sharedqn) -o land && ./land runs/mine windy 7
#include <sharedqn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const SdqnTask *task = sdqn_task_find(argc > 2 ? argv[2] : "standard");
    const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    SdqnError error = {0};
    SdqnAgent *agent = NULL;
    SdqnEnv *env = NULL;
    SdqnEnvStep step = {0};
    double episode_return = 0.0;
    if (!task || argc < 2) return fputs("usage: land WEIGHTS_OR_RUN [TASK [SEED]]\n", stderr), 2;
    int failed = sdqn_agent_load(argv[1], &agent, &error) || sdqn_env_create(task, seed, &env, &error);
    const int32_t number = failed ? 0 : sdqn_agent_find_task(agent, task->name);
    if (!failed) sdqn_env_reset(env, &seed, observation);
    while (!failed && !step.terminated && !step.truncated) {
        int32_t action = 0;
        failed = sdqn_agent_act(agent, &number, observation, 1, &action, &error) || sdqn_env_step(env, action, observation, &step, &error);
        episode_return += step.reward;
    }
    if (failed) fprintf(stderr, "land: %s\n", error.message);
    if (!failed) printf("%s, seed %llu: return %.2f\n", task->name, (unsigned long long)seed, episode_return);
    sdqn_env_destroy(env);
    sdqn_agent_destroy(agent);
    return failed != 0;
}
