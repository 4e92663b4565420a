// module_sample.h: the table of a helper made for test_module.c.
#ifndef MODULE_SAMPLE_H
#define MODULE_SAMPLE_H

#include "core/module.h"

#define SAMPLE_VERSION 3

typedef struct SampleModule {
    SdqnModuleHead head;
    int (*twice)(int number);
} SampleModule;

#endif
