#include "analysis/run_log.h"

#include "core/file.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 3
#define SHOWN_LINES 5 ///< of a log's bad lines that are named; the others are counted

/// A log in memory, being read.
typedef struct Reading {
    const char *name;
    SdqnTakeLine *take;
    void *context;
    SdqnNotes *notes;
    int taken, refused;
} Reading;

static int count_lines(const uint8_t *text, size_t size) {
    int count = 0;
    for (size_t i = 0; i < size; i++) count += text[i] == '\n';
    return count;
}

static SdqnStatus take_line(Reading *reading, int number, const char *text, size_t size, SdqnError *error) {
    char where[SDQN_ERROR_SIZE];
    json_t *line;
    SdqnError cause = {0};
    snprintf(where, sizeof where, "%.300s:%d", reading->name, number);
    SdqnStatus status = sdqn_json_parse(where, text, size, &line, &cause);
    if (status == SDQN_OK) {
        status = reading->take(reading->context, where, line, &cause);
        json_decref(line);
    }
    if (status == SDQN_OK) {
        reading->taken++;
    } else if (status == SDQN_ERR_FORMAT && reading->refused++ < SHOWN_LINES) {
        sdqn_notes_add(reading->notes, "left out: %.380s", cause.message);
    }
    return status == SDQN_OK || status == SDQN_ERR_FORMAT ? SDQN_OK : sdqn_error_set(error, status, "%s", cause.message);
}

static SdqnStatus take_lines(Reading *reading, const char *text, size_t size, SdqnError *error) {
    const char *line = text, *const behind = text + size, *end;
    SdqnStatus status = SDQN_OK;
    int number = 1;
    while (status == SDQN_OK && (end = memchr(line, '\n', (size_t)(behind - line))) != NULL) {
        status = take_line(reading, number++, line, (size_t)(end - line), error);
        line = end + 1;
    }
    if (status != SDQN_OK) return status;
    if (reading->refused > SHOWN_LINES)
        sdqn_notes_add(reading->notes, "left out: %d lines of %s in all, of which the first %d are named", reading->refused, reading->name,
                       SHOWN_LINES);
    if (line < behind)
        sdqn_notes_add(reading->notes, "left out: %s:%d has no end: the run was writing it, or was killed", reading->name, number);
    return SDQN_OK;
}

SdqnStatus sdqn_run_log_read(const char *folder, const char *name, SdqnStatus (*acquire)(void *context, int lines, SdqnError *error),
                             SdqnTakeLine *take, void *context, SdqnNotes *notes, int *taken, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    uint8_t *text = NULL;
    size_t size = 0;
    if (taken) *taken = 0;
    SdqnStatus status = sdqn_file_join(folder, name, path, error);
    if (status != SDQN_OK) return status;
    SdqnError cause = {0};
    // A run that is training may add a line between the look at the file's size and its reading.
    for (int i = 0; i < ATTEMPTS && (i == 0 || status == SDQN_ERR_FORMAT); i++)
        status = sdqn_file_read(path, SDQN_RUN_LOG_MAX_SIZE, &text, &size, &cause);
    if (status != SDQN_OK) return sdqn_notes_take(notes, "left out", status, &cause, error);
    Reading reading = {.name = name, .take = take, .context = context, .notes = notes};
    if (acquire) status = acquire(context, count_lines(text, size), error);
    if (status == SDQN_OK) status = take_lines(&reading, (const char *)text, size, error);
    if (taken) *taken = reading.taken;
    free(text);
    return status;
}
