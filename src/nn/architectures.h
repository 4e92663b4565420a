// architectures.h: the graphs of the networks: the multilayer perceptron and BroNet, with one output stream or dueling ones.
#ifndef SDQN_NN_ARCHITECTURES_H
#define SDQN_NN_ARCHITECTURES_H

#include "nn/graph.h"
#include "nn/network.h"

/// Build the graph of a checked definition. @param graph  written
void sdqn_architecture_build(const SdqnQNetworkDef *def, SdqnGraph *graph);

#endif
