// module_sample.c: a helper for test_module.c.
#include "module_sample.h"

static int twice(int number) { return 2 * number; }

extern const SampleModule sample_module;
SDQN_MODULE_EXPORT const SampleModule sample_module = {{SAMPLE_VERSION, sizeof(SampleModule)}, twice};
