#include "view/draw.h"

SdqnStatus sdqn_draw_load(const SdqnDraw **draw, SdqnError *error) {
    static const SdqnModuleDef def = {"draw",
                                      "sdqn_draw_module",
                                      {SDQN_DRAW_VERSION, sizeof(SdqnDraw)},
                                      "pictures need it and cairo: `make view` installs and builds both (Debian: libcairo2-dev)"};
    const void *table = NULL;
    const SdqnStatus status = sdqn_module_load(&def, &table, error);
    if (status == SDQN_OK) *draw = table;
    return status;
}
