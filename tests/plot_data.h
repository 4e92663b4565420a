// plot_data.h: for tests of the plots: a folder of their own, and files in it as text.
#ifndef SDQN_TESTS_PLOT_DATA_H
#define SDQN_TESTS_PLOT_DATA_H

#include "core/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/// A name that tries to get out of wherever it stands.
#define HOSTILE_NAME "it's \"<script>&amp;\" {x}_2^3 } `touch pwned` @m | $y$ \\\n%\xff end"

static char plot_folder[64];

static inline int plot_setup(void **state) {
    (void)state;
    snprintf(plot_folder, sizeof plot_folder, "/tmp/sdqn_plot_XXXXXX");
    return mkdtemp(plot_folder) != NULL ? 0 : -1;
}

static inline int plot_teardown(void **state) {
    (void)state;
    return sdqn_file_remove_tree(plot_folder, NULL) == SDQN_OK ? 0 : -1;
}

/// The text of a file in the folder, to be freed.
static inline char *plot_read(const char *name) {
    char path[SDQN_PATH_SIZE];
    uint8_t *text = NULL;
    size_t size;
    SdqnError error = {0};
    if (sdqn_file_join(plot_folder, name, path, &error) != SDQN_OK ||
        sdqn_file_read(path, (size_t)1 << 26, &text, &size, &error) != SDQN_OK)
        fail_msg("%s", error.message);
    char *copy = strdup((const char *)text); // not `text` itself, whose address gcc 12 takes for what is returned
    free(text);
    assert_non_null(copy);
    return copy;
}

static inline bool plot_has(const char *name) {
    char path[SDQN_PATH_SIZE];
    return sdqn_file_join(plot_folder, name, path, NULL) == SDQN_OK && sdqn_file_exists(path);
}

/// Whether a program is on the PATH.
static inline bool plot_finds_program(const char *name) {
    const char *path = getenv("PATH");
    char *copy = strdup(path ? path : ""), *rest = copy;
    bool found = false;
    for (const char *folder; !found && (folder = strtok_r(rest, ":", &rest)) != NULL;) {
        char file[SDQN_PATH_SIZE];
        found = sdqn_file_join(folder, name, file, NULL) == SDQN_OK && sdqn_file_exists(file);
    }
    free(copy);
    return found;
}

/// Skip the running test if there is no gnuplot.
static inline void plot_needs_gnuplot(void) {
    if (plot_finds_program("gnuplot")) return;
    print_message("gnuplot is not installed\n");
    skip();
}

/// How often a text is in another.
static inline int plot_count(const char *text, const char *part) {
    int count = 0;
    for (const char *c = text; (c = strstr(c, part)) != NULL; c += strlen(part)) count++;
    return count;
}

#endif
