// config_builder.h: what the reader of YAML files and the rest of the configuration share. Internal to the configuration.
#ifndef SDQN_RUN_CONFIG_BUILDER_H
#define SDQN_RUN_CONFIG_BUILDER_H

#include "core/file.h"
#include "run/config.h"
#include "run/config_table.h"

enum {
    SDQN_CONFIG_MAX_KEYS = 96,
    SDQN_CONFIG_MAX_FILES = 2,
};

/// Where a value came from.
typedef enum SdqnSourceKind {
    SDQN_SOURCE_NONE = 0, ///< not given: the default
    SDQN_SOURCE_FILE,
    SDQN_SOURCE_SET,    ///< --set key=value
    SDQN_SOURCE_OPTION, ///< --key value
    SDQN_SOURCE_ADDED,  ///< --add-task
} SdqnSourceKind;

typedef struct SdqnSource {
    SdqnSourceKind kind;
    int file, line; ///< of FILE: index into the builder's paths; counted from 1
} SdqnSource;

/// Settings of one rank: the values of those keys whose source is not NONE.
typedef struct SdqnConfigLayer {
    SdqnConfig values;
    SdqnSource sources[SDQN_CONFIG_MAX_KEYS];
} SdqnConfigLayer;

struct SdqnConfigBuilder {
    SdqnConfigLayer files, command_line;
    int num_files;
    char paths[SDQN_CONFIG_MAX_FILES][SDQN_PATH_SIZE];
};

/// Take one value as text. @return SDQN_OK, or SDQN_ERR_ARGUMENT with source, key, value and what is allowed
SdqnStatus sdqn_config_builder_take(SdqnConfigBuilder *builder, int key, SdqnSource source, const char *text, SdqnError *error);

/// Message about a key that does not exist. @param where  "FILE:LINE: " or "--set " @return SDQN_ERR_ARGUMENT
SdqnStatus sdqn_config_unknown_key(const char *where, const SdqnKey *table, int size, const char *name, SdqnError *error);

/// Read the YAML document `text` into the layer of files; it is file `file` of the builder.
SdqnStatus sdqn_config_read_yaml(SdqnConfigBuilder *builder, int file, const uint8_t *text, size_t size, SdqnError *error);

#endif
