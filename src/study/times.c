#include "study/times.h"

#include "core/file.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_SIZE ((size_t)1 << 24)
static const char header[] = "arm,seed,seconds";

void sdqn_study_times_clear(SdqnStudyTimes *times) {
    free(times->items);
    *times = (SdqnStudyTimes){0};
}

/// @param line  cut into its fields @return whether it is `arm,seed,seconds`
static bool read_line(char *line, SdqnStudyTime *time) {
    char *seed = strchr(line, ','), *seconds = seed ? strchr(seed + 1, ',') : NULL;
    if (!seconds) return false;
    *seed++ = '\0';
    *seconds++ = '\0';
    if (!sdqn_study_name_is_good(line) || !sdqn_text_to_seed(seed, &time->seed) || !sdqn_text_to_double(seconds, &time->seconds))
        return false;
    snprintf(time->arm, sizeof time->arm, "%s", line);
    return time->seconds >= 0.0;
}

/// @param text  with a zero behind it; cut into lines
static SdqnStatus read_lines(const char *path, char *text, SdqnStudyTimes *times, SdqnError *error) {
    int number = 1;
    for (char *line = text, *next; *line != '\0'; line = next, number++) {
        char *end = strchr(line, '\n');
        next = end ? end + 1 : line + strlen(line);
        if (end) *end = '\0';
        if (strcmp(line, header) == 0) continue; // at the top, and once more where two files were put together
        if (!read_line(line, &times->items[times->count++]))
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.900s:%d: must be %s", path, number, header);
    }
    return SDQN_OK;
}

SdqnStatus sdqn_study_times_read(const char *folder, SdqnStudyTimes *times, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    uint8_t *text = NULL;
    size_t size = 0, lines = 1;
    SdqnStatus status = sdqn_file_join(folder, SDQN_STUDY_TIMES, path, error);
    if (status == SDQN_OK && !sdqn_file_exists(path)) {
        *times = (SdqnStudyTimes){0};
        return SDQN_OK;
    }
    if (status == SDQN_OK) status = sdqn_file_read(path, MAX_FILE_SIZE, &text, &size, error);
    if (status != SDQN_OK) return status;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    SdqnStudyTimes made = {.items = calloc(lines, sizeof *made.items)};
    status = made.items ? read_lines(path, (char *)text, &made, error) : sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", path);
    free(text);
    if (status == SDQN_OK) {
        *times = made;
    } else {
        sdqn_study_times_clear(&made);
    }
    return status;
}

double sdqn_study_times_find(const SdqnStudyTimes *times, const char *arm, uint64_t seed) {
    double seconds = (double)NAN;
    for (int i = 0; i < times->count; i++) {
        if (times->items[i].seed == seed && strcmp(times->items[i].arm, arm) == 0) seconds = times->items[i].seconds;
    }
    return seconds;
}
