// agent.h: agents from networks. What users need is in sharedqn.h.
#ifndef SDQN_API_AGENT_H
#define SDQN_API_AGENT_H

#include "core/error.h"
#include "nn/network_file.h"

/// @param set    taken over and emptied; on an error destroyed
/// @param tasks  [num_tasks] their names in order; NULL: as sdqn_agent_create
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (the names do not fit the networks), SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_agent_create_from(SdqnQNetworkSet *set, const char *const *tasks, int num_tasks, SdqnAgent **agent, SdqnError *error);

#endif
