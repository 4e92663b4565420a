#!/bin/sh
# Options of a training that is short but whole: replay, target copies, evaluations, checkpoints. Its weights are compared between builds.
echo "--episodes 10 --set min_replay_size=300 --set replay_capacity=1000 --set batch_size=8 --set evaluation_period=5
    --set evaluation_episodes=1 --set final_episodes=1 --set checkpoint_period=5 --set target_period=3 --set tensorboard=false"
