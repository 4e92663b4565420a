#include "methods/method_table.h"

#include <string.h>

static const SdqnMethod *const methods[] = {
    &sdqn_method_shared,
};
enum { NUM_METHODS = sizeof methods / sizeof methods[0] };

const SdqnMethod *const *sdqn_methods(int *count) {
    *count = NUM_METHODS;
    return methods;
}

const SdqnMethod *sdqn_method_find(const char *name) {
    for (int i = 0; i < NUM_METHODS; i++) {
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    }
    return NULL;
}
