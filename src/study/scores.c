#include "study/scores.h"

#include "core/text.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- the table ------------------------------------------------------------------------------------------------------------------

SdqnStatus sdqn_scores_create(int num_arms, int num_tasks, int num_seeds, SdqnScores *scores, SdqnError *error) {
    const struct {
        const char *what;
        int number, most;
    } numbers[] = {
        {"arms", num_arms, SDQN_SCORES_MAX_ARMS}, {"tasks", num_tasks, SDQN_SCORES_MAX_TASKS}, {"seeds", num_seeds, SDQN_SCORES_MAX_SEEDS}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].number >= 1 && numbers[i].number <= numbers[i].most) continue;
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "scores: %d %s: 1 to %d are allowed", numbers[i].number, numbers[i].what,
                              numbers[i].most);
    }
    const size_t arms = (size_t)num_arms, tasks = (size_t)num_tasks, seeds = (size_t)num_seeds;
    SdqnScores made = {.num_arms = num_arms, .num_tasks = num_tasks, .num_seeds = num_seeds};
    made.arms = calloc(arms, sizeof *made.arms);
    made.tasks = calloc(tasks, sizeof *made.tasks);
    made.seeds = calloc(arms * seeds, sizeof *made.seeds);
    made.values = calloc(arms * tasks * seeds, sizeof *made.values);
    if (!made.arms || !made.tasks || !made.seeds || !made.values) {
        sdqn_scores_clear(&made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "scores: out of memory for %zu of them", arms * tasks * seeds);
    }
    *scores = made;
    return SDQN_OK;
}

void sdqn_scores_clear(SdqnScores *scores) {
    free(scores->arms);
    free(scores->tasks);
    free(scores->seeds);
    free(scores->values);
    *scores = (SdqnScores){0};
}

double *sdqn_scores_of(const SdqnScores *scores, int arm, int task) {
    return scores->values + ((size_t)arm * (size_t)scores->num_tasks + (size_t)task) * (size_t)scores->num_seeds;
}

void sdqn_scores_seed_means(const SdqnScores *scores, int arm, double *means) {
    for (int s = 0; s < scores->num_seeds; s++) {
        means[s] = 0.0;
        for (int t = 0; t < scores->num_tasks; t++) means[s] += sdqn_scores_of(scores, arm, t)[s];
        means[s] /= scores->num_tasks;
    }
}

bool sdqn_scores_are_paired(const SdqnScores *scores, int a, int b) {
    const size_t seeds = (size_t)scores->num_seeds;
    bool same = true;
    for (size_t s = 0; s < seeds; s++)
        same = same && strcmp(scores->seeds[(size_t)a * seeds + s], scores->seeds[(size_t)b * seeds + s]) == 0;
    return same;
}

// ---- CSV ------------------------------------------------------------------------------------------------------------------------

enum { ARM = 0, TASK, SEED, SCORE, NUM_COLUMNS };
static const char *const COLUMNS[NUM_COLUMNS] = {"arm", "task", "seed", "score"};

/// A line of the table.
typedef struct Row {
    int arm, task, seed; ///< indices; of a seed among its arm's
    int line;            ///< in the text, from 1
    double score;
} Row;

/// The seeds of one arm.
typedef struct SeedList {
    char (*names)[SDQN_SCORES_NAME_SIZE];
    int count, room;
} SeedList;

typedef struct Reader {
    const char *name, *next, *end;
    int line;                ///< of the record being read
    int column[NUM_COLUMNS]; ///< place of each column
    char field[NUM_COLUMNS][SDQN_SCORES_NAME_SIZE];
    Row *rows;
    size_t num_rows, room;
    char (*arms)[SDQN_SCORES_NAME_SIZE], (*tasks)[SDQN_SCORES_NAME_SIZE];
    int num_arms, num_tasks;
    SeedList *seeds; ///< [SDQN_SCORES_MAX_ARMS]
} Reader;

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "scores: out of memory"); }

static SdqnStatus refuse(const Reader *reader, SdqnError *error, const char *why) {
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s:%d: %s", reader->name, reader->line, why);
}

/// One field; quoted ones may hold commas, and quotes twice.
static SdqnStatus read_field(Reader *reader, char field[SDQN_SCORES_NAME_SIZE], SdqnError *error) {
    const bool quoted = reader->next < reader->end && *reader->next == '"';
    size_t length = 0;
    if (quoted) reader->next++;
    while (reader->next < reader->end) {
        char c = *reader->next;
        if (quoted && c == '"') {
            reader->next++;
            if (reader->next >= reader->end || *reader->next != '"') break;
        } else if (!quoted && (c == ',' || c == '\n' || c == '\r')) {
            break;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f) return refuse(reader, error, "a control character in a field");
        if (length + 1 >= SDQN_SCORES_NAME_SIZE) return refuse(reader, error, "a field of more than 127 bytes");
        field[length++] = c;
        reader->next++;
    }
    if (quoted && reader->next[-1] != '"') return refuse(reader, error, "a quoted field without an end");
    if (quoted && reader->next < reader->end && strchr(",\r\n", *reader->next) == NULL) {
        return refuse(reader, error, "something behind the end of a quoted field");
    }
    field[length] = '\0';
    return SDQN_OK;
}

/// Pass the end of a line. @return whether there was one, or the end of the text
static bool end_line(Reader *reader) {
    if (reader->next < reader->end && *reader->next == '\r') reader->next++;
    if (reader->next >= reader->end) return true;
    if (*reader->next != '\n') return false;
    reader->next++;
    return true;
}

/// A record of four fields. @param none  receives whether the text has ended instead
static SdqnStatus read_record(Reader *reader, bool *none, SdqnError *error) {
    bool blank = true;
    while (blank) {
        *none = reader->next >= reader->end;
        if (*none) return SDQN_OK;
        reader->line++;
        blank = *reader->next == '\n' || *reader->next == '\r';
        if (blank && !end_line(reader)) return refuse(reader, error, "a carriage return without a line feed");
    }
    for (int i = 0; i < NUM_COLUMNS; i++) {
        const SdqnStatus status = read_field(reader, reader->field[i], error);
        if (status != SDQN_OK) return status;
        const bool comma = reader->next < reader->end && *reader->next == ',';
        if (comma != (i + 1 < NUM_COLUMNS))
            return refuse(reader, error, "must have the four fields arm, task, seed and score, separated by commas");
        if (comma) reader->next++;
    }
    return end_line(reader) ? SDQN_OK : refuse(reader, error, "a carriage return without a line feed");
}

static SdqnStatus read_header(Reader *reader, SdqnError *error) {
    static const char mark[] = "\xef\xbb\xbf"; // some programs begin UTF-8 with it
    if ((size_t)(reader->end - reader->next) >= 3 && memcmp(reader->next, mark, 3) == 0) reader->next += 3;
    bool none;
    const SdqnStatus status = read_record(reader, &none, error);
    if (status != SDQN_OK) return status;
    if (none) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is empty: must begin with the line arm,task,seed,score", reader->name);
    for (int k = 0; k < NUM_COLUMNS; k++) {
        reader->column[k] = -1;
        for (int i = 0; i < NUM_COLUMNS; i++) {
            if (strcmp(reader->field[i], COLUMNS[k]) == 0) reader->column[k] = i;
        }
        if (reader->column[k] < 0) return refuse(reader, error, "the first line must name the columns arm, task, seed and score");
    }
    return SDQN_OK;
}

/// Index of a name in a list of at most `most`, added if it is new. @return -1 if there is no room for it
static int index_of(char (*names)[SDQN_SCORES_NAME_SIZE], int *count, int most, const char *name) {
    for (int i = *count - 1; i >= 0; i--) { // mostly it is one of the last
        if (strcmp(names[i], name) == 0) return i;
    }
    if (*count == most) return -1;
    memcpy(names[*count], name, SDQN_SCORES_NAME_SIZE);
    return (*count)++;
}

/// Index of a seed among those of its arm.
static SdqnStatus seed_of(Reader *reader, int arm, const char *name, int *seed, SdqnError *error) {
    SeedList *list = &reader->seeds[arm];
    if (list->count == list->room) {
        const int room = list->room > 0 ? 2 * list->room : 16;
        void *grown = realloc(list->names, (size_t)room * sizeof *list->names);
        if (!grown) return out_of_memory(error);
        list->names = grown;
        list->room = room;
    }
    *seed = index_of(list->names, &list->count, list->room, name);
    return list->count <= SDQN_SCORES_MAX_SEEDS ? SDQN_OK : refuse(reader, error, "more than 10000 seeds of one arm");
}

static SdqnStatus add_row(Reader *reader, SdqnError *error) {
    const char *arm = reader->field[reader->column[ARM]], *task = reader->field[reader->column[TASK]];
    const char *seed = reader->field[reader->column[SEED]], *score = reader->field[reader->column[SCORE]];
    Row row = {.line = reader->line};
    char why[SDQN_SCORES_NAME_SIZE + 64];
    if (arm[0] == '\0' || task[0] == '\0' || seed[0] == '\0') return refuse(reader, error, "arm, task and seed must not be empty");
    if (!sdqn_text_to_double(score, &row.score) || fabs(row.score) > SDQN_SCORES_MOST) {
        snprintf(why, sizeof why, "score = %s: must be a finite number, of at most 1e150 in size", score);
        return refuse(reader, error, why);
    }
    row.arm = index_of(reader->arms, &reader->num_arms, SDQN_SCORES_MAX_ARMS, arm);
    row.task = index_of(reader->tasks, &reader->num_tasks, SDQN_SCORES_MAX_TASKS, task);
    if (row.arm < 0 || row.task < 0) return refuse(reader, error, row.arm < 0 ? "more than 256 arms" : "more than 256 tasks");
    const SdqnStatus status = seed_of(reader, row.arm, seed, &row.seed, error);
    if (status != SDQN_OK) return status;
    if (reader->num_rows == reader->room) {
        const size_t room = reader->room > 0 ? 2 * reader->room : 1024;
        Row *grown = realloc(reader->rows, room * sizeof *grown);
        if (!grown) return out_of_memory(error);
        reader->rows = grown;
        reader->room = room;
    }
    reader->rows[reader->num_rows++] = row;
    return SDQN_OK;
}

// ---- from lines to a table ------------------------------------------------------------------------------------------------------

/// Put the seeds of arm `arm` into the order of the first arm's, if they are the same ones. @param place [seeds] where each goes
static void order_seeds(const Reader *reader, int arm, int *place) {
    const int count = reader->seeds[arm].count;
    for (int s = 0; s < count; s++) {
        place[s] = -1;
        for (int k = 0; k < count && place[s] < 0; k++) {
            if (strcmp(reader->seeds[0].names[k], reader->seeds[arm].names[s]) == 0) place[s] = k;
        }
        if (place[s] >= 0) continue;
        for (int i = 0; i < count; i++) place[i] = i; // other seeds: as they came
        return;
    }
}

static SdqnStatus check_counts(const Reader *reader, SdqnError *error) {
    if (reader->num_rows == 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: holds no score", reader->name);
    for (int a = 1; a < reader->num_arms; a++) {
        if (reader->seeds[a].count == reader->seeds[0].count) continue;
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: arm %s has %d seeds, arm %s %d: must be as many", reader->name, reader->arms[a],
                              reader->seeds[a].count, reader->arms[0], reader->seeds[0].count);
    }
    return SDQN_OK;
}

/// @param lines [arms, tasks, seeds] zeros; receives the line of each cell
static SdqnStatus fill_cells(const Reader *reader, const int *places, int *lines, const SdqnScores *scores, SdqnError *error) {
    for (size_t i = 0; i < reader->num_rows; i++) {
        const Row *row = &reader->rows[i];
        const size_t seed = (size_t)places[row->arm * scores->num_seeds + row->seed];
        double *cell = sdqn_scores_of(scores, row->arm, row->task) + seed;
        int *line = &lines[cell - scores->values];
        if (*line != 0)
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s:%d: arm %s, task %s, seed %s: was there before, in line %d", reader->name,
                                  row->line, reader->arms[row->arm], reader->tasks[row->task], reader->seeds[row->arm].names[row->seed],
                                  *line);
        *line = row->line;
        *cell = row->score;
    }
    for (int a = 0; a < scores->num_arms; a++) {
        for (int t = 0; t < scores->num_tasks; t++) {
            for (int s = 0; s < scores->num_seeds; s++) {
                if (lines[sdqn_scores_of(scores, a, t) + s - scores->values] != 0) continue;
                return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: arm %s, task %s, seed %s: the score is missing", reader->name,
                                      scores->arms[a], scores->tasks[t], scores->seeds[(size_t)a * (size_t)scores->num_seeds + (size_t)s]);
            }
        }
    }
    return SDQN_OK;
}

static SdqnStatus make_table(const Reader *reader, SdqnScores *scores, SdqnError *error) {
    SdqnStatus status = check_counts(reader, error);
    SdqnScores made = {0};
    if (status == SDQN_OK) status = sdqn_scores_create(reader->num_arms, reader->num_tasks, reader->seeds[0].count, &made, error);
    if (status != SDQN_OK) return status;
    assert(made.num_arms > 0 && made.num_seeds > 0);
    const size_t seeds = (size_t)made.num_seeds, rows = (size_t)made.num_arms * seeds;
    int *places = calloc(rows, sizeof *places), *lines = calloc(rows * (size_t)made.num_tasks, sizeof *lines);
    if (places && lines) {
        memcpy(made.arms, reader->arms, (size_t)made.num_arms * sizeof *made.arms);
        memcpy(made.tasks, reader->tasks, (size_t)made.num_tasks * sizeof *made.tasks);
        for (int a = 0; a < made.num_arms; a++) {
            int *place = places + (size_t)a * seeds;
            order_seeds(reader, a, place);
            for (size_t s = 0; s < seeds; s++)
                memcpy(made.seeds[(size_t)a * seeds + (size_t)place[s]], reader->seeds[a].names[s], SDQN_SCORES_NAME_SIZE);
        }
        status = fill_cells(reader, places, lines, &made, error);
    } else {
        status = out_of_memory(error);
    }
    free(places);
    free(lines);
    if (status == SDQN_OK) {
        *scores = made;
    } else {
        sdqn_scores_clear(&made);
    }
    return status;
}

static bool acquire(Reader *reader) {
    reader->arms = calloc(SDQN_SCORES_MAX_ARMS, sizeof *reader->arms);
    reader->tasks = calloc(SDQN_SCORES_MAX_TASKS, sizeof *reader->tasks);
    reader->seeds = calloc(SDQN_SCORES_MAX_ARMS, sizeof *reader->seeds);
    return reader->arms && reader->tasks && reader->seeds;
}

static void release(Reader *reader) {
    for (int a = 0; a < reader->num_arms; a++) free(reader->seeds[a].names);
    free(reader->arms);
    free(reader->tasks);
    free(reader->seeds);
    free(reader->rows);
}

SdqnStatus sdqn_scores_parse_csv(const char *name, const char *text, size_t size, SdqnScores *scores, SdqnError *error) {
    Reader reader = {.name = name, .next = text, .end = text + size};
    SdqnStatus status = acquire(&reader) ? read_header(&reader, error) : out_of_memory(error);
    bool none = false;
    while (status == SDQN_OK && !none) {
        status = read_record(&reader, &none, error);
        if (status == SDQN_OK && !none) status = add_row(&reader, error);
    }
    if (status == SDQN_OK) status = make_table(&reader, scores, error);
    release(&reader);
    return status;
}
