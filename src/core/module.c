#define _GNU_SOURCE // dladdr1

#include "core/module.h"

#include "core/file.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Folder of the program or of the shared library that this code is in.
static SdqnStatus own_folder(char folder[SDQN_PATH_SIZE], SdqnError *error) {
    static const char here = 0;
    Dl_info info;
    void *map = NULL;
    char *path = NULL;
    if (dladdr1(&here, &info, &map, RTLD_DL_LINKMAP) != 0 && map) {
        const char *name = ((const struct link_map *)map)->l_name; // of the program itself: ""
        path = realpath(name[0] != '\0' ? name : "/proc/self/exe", NULL);
    }
    const int length = path ? snprintf(folder, SDQN_PATH_SIZE, "%s", path) : -1;
    free(path);
    if (length <= 0 || length >= SDQN_PATH_SIZE) return sdqn_error_set(error, SDQN_ERR_IO, "cannot find the path of this program");
    *strrchr(folder, '/') = '\0';
    return SDQN_OK;
}

/// Where a helper lies, or where it should if it is nowhere. @param found  receives which
static SdqnStatus find_module(const char *name, char path[SDQN_PATH_SIZE], bool *found, SdqnError *error) {
    static const char *const places[] = {"", "../lib/sharedqn/", "sharedqn/"};
    char folder[SDQN_PATH_SIZE], file[256];
    SdqnStatus status = own_folder(folder, error);
    *found = false;
    for (size_t i = 0; i < sizeof places / sizeof *places && status == SDQN_OK && !*found; i++) {
        snprintf(file, sizeof file, "%ssharedqn-%s.so", places[i], name);
        status = sdqn_file_join(folder, file, path, error);
        *found = status == SDQN_OK && sdqn_file_exists(path);
    }
    if (status != SDQN_OK || *found) return status;
    snprintf(file, sizeof file, "sharedqn-%s.so", name);
    return sdqn_file_join(folder, file, path, error);
}

SdqnStatus sdqn_module_load(const SdqnModuleDef *def, const void **table, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    bool found;
    const SdqnStatus status = find_module(def->name, path, &found, error);
    if (status != SDQN_OK) return status;
    if (!found) return sdqn_error_set(error, SDQN_ERR_IO, "%.800s is missing: %s", path, def->advice);
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        const char *why = dlerror();
        return sdqn_error_set(error, SDQN_ERR_IO, "cannot load a helper: %.600s: %s", why ? why : path, def->advice);
    }
    const SdqnModuleHead *head = dlsym(module, def->symbol);
    if (!head || head->version != def->head.version || head->size != def->head.size) {
        dlclose(module);
        return sdqn_error_set(error, SDQN_ERR_IO, "%.800s belongs to another version of this program: %s", path, def->advice);
    }
    *table = head;
    return SDQN_OK;
}
