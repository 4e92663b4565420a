// config_table.h: tables of keys and the one way from text to a field and back. Internal to the configuration.
#ifndef SDQN_RUN_CONFIG_TABLE_H
#define SDQN_RUN_CONFIG_TABLE_H

#include "run/config.h"

#include <stdbool.h>
#include <stddef.h>

/// What a key's value is, and the type of its field.
typedef enum SdqnKeyType {
    SDQN_KEY_INT = 0,      ///< int in [low, high]
    SDQN_KEY_SEED,         ///< uint64_t in [0, SDQN_MAX_SEED]
    SDQN_KEY_DOUBLE,       ///< double in [low, high], or (low, high] if low_excluded
    SDQN_KEY_BOOL,         ///< bool, true or false
    SDQN_KEY_CHOICE,       ///< an enum or int: the index into choices
    SDQN_KEY_SHA256,       ///< char[SDQN_SHA256_HEX_SIZE], 64 hexadecimal digits, or `none`: empty
    SDQN_KEY_METHOD,       ///< SdqnConfig.method
    SDQN_KEY_TASKS,        ///< SdqnConfig.num_tasks and .tasks, names separated by commas; `all` is the first three built-in ones
    SDQN_KEY_TASK_INTS,    ///< SdqnTaskValues, integers in [low, high]: one for all tasks, or one a task separated by commas
    SDQN_KEY_TASK_DOUBLES, ///< SdqnTaskValues, numbers as for DOUBLE
    SDQN_KEY_DEFINITIONS,  ///< SdqnConfig.num_task_definitions and .task_definitions, a mapping; in files only
} SdqnKeyType;

/// One key. The tables are the only place where a key's name, type, range and help stand.
typedef struct SdqnKey {
    const char *name;
    SdqnKeyType type;
    size_t offset; ///< of the field
    size_t size;   ///< of the field; of the last field for TASKS and DEFINITIONS, whose count stands directly before
    double low, high;
    bool low_excluded;
    bool task_buffers_only;     ///< other methods than those with a replay buffer for each task must leave it at its default
    bool no_effect;             ///< changes no result: --resume may change it
    const char *const *choices; ///< of a CHOICE, NULL behind the last
    const char *help;
} SdqnKey;

/// Keys of a configuration, fields of SdqnConfig.
extern const SdqnKey sdqn_config_table[];
extern const int sdqn_config_table_size;

/// Keys of a task definition, fields of SdqnTask. Their ranges are those of sdqn_task_check.
extern const SdqnKey sdqn_task_table[];
extern const int sdqn_task_table_size;

/// @return index of the key, or -1
int sdqn_key_find(const SdqnKey *table, int size, const char *name);

/// Nearest key's name, for "did you mean". @return NULL if none is near
const char *sdqn_key_nearest(const SdqnKey *table, int size, const char *name);

/// Read a value into its field of `object`; a DEFINITIONS key is never read from text.
/// @return false if it is not allowed (`object` untouched)
bool sdqn_key_parse(const SdqnKey *key, const char *text, void *object);

/// What is allowed, for messages: "an integer in [1, 4096]". @return `text`
const char *sdqn_key_allowed(const SdqnKey *key, char text[256]);

/// The value of a field of `object` as text that sdqn_key_parse reads back; of DEFINITIONS only how many. Cut to `size` bytes.
const char *sdqn_key_format(const SdqnKey *key, const void *object, char *text, size_t size);

/// Copy the field (and a list's count) from one struct to another.
void sdqn_key_copy(const SdqnKey *key, const void *source, void *target);

#endif
