#include "view/window.h"

SdqnStatus sdqn_window_load(const SdqnWindowModule **module, SdqnError *error) {
    static const SdqnModuleDef def = {"window",
                                      "sdqn_window_module",
                                      {SDQN_WINDOW_VERSION, sizeof(SdqnWindowModule)},
                                      "windows need it and SDL2: `make view` installs and builds both (Debian: libsdl2-dev)"};
    const void *table = NULL;
    const SdqnStatus status = sdqn_module_load(&def, &table, error);
    if (status == SDQN_OK) *module = table;
    return status;
}
