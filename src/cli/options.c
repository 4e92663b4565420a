// options.c: the parser of command lines.
#include "cli/options.h"

#include "cli/help.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 64, MAX_NAMES = 128, SHOWN = 80 };

/// What one call of sdqn_options_read works with.
typedef struct Parser {
    const SdqnOptionTable *table;
    void *arguments;
    SdqnConfigBuilder *builder; ///< or NULL
    SdqnError *error;
} Parser;

/// Replace characters, as between `learning_rate` and `learning-rate`. @return `out`
static const char *respell(const char *name, char from, char to, char out[NAME_SIZE]) {
    snprintf(out, NAME_SIZE, "%s", name);
    for (char *c = out; *c != '\0'; c++)
        if (*c == from) *c = to;
    return out;
}

// ---- options --------------------------------------------------------------------------------------------------------------------

static const SdqnOption *find_option(const SdqnOptionTable *table, const char *name) {
    for (int i = 0; i < table->num_options; i++)
        if (strcmp(table->options[i].name, name) == 0) return &table->options[i];
    return NULL;
}

/// The configuration's key that an option names. @param key  [NAME_SIZE] written @return false if there is none
static bool find_config_key(const Parser *parser, const char *name, char key[NAME_SIZE]) {
    if (parser->builder == NULL || strchr(name, '_') != NULL) return false;
    respell(name, '-', '_', key);
    for (int i = 0; i < sdqn_config_key_count(); i++) {
        SdqnConfigKeyInfo info;
        sdqn_config_key_info(i, &info);
        if (info.is_option && strcmp(info.name, key) == 0) return true;
    }
    return false;
}

static SdqnStatus unknown_option(const Parser *parser, const char *name) {
    char keys[MAX_NAMES][NAME_SIZE];
    const char *names[MAX_NAMES];
    size_t count = 0;
    names[count++] = "help";
    for (int i = 0; i < parser->table->num_options && count < MAX_NAMES; i++) names[count++] = parser->table->options[i].name;
    if (parser->builder != NULL) {
        names[count++] = "set";
        for (int i = 0; i < sdqn_config_key_count() && count < MAX_NAMES; i++) {
            SdqnConfigKeyInfo info;
            sdqn_config_key_info(i, &info);
            if (!info.is_option) continue;
            names[count] = respell(info.name, '_', '-', keys[count]);
            count++;
        }
    }
    const char *nearest = sdqn_text_nearest(name, names, count);
    if (nearest == NULL)
        return sdqn_error_set(parser->error, SDQN_ERR_ARGUMENT, "--%.*s: no such option; `sharedqn %s --help` lists them", SHOWN, name,
                              parser->table->command);
    return sdqn_error_set(parser->error, SDQN_ERR_ARGUMENT, "--%.*s: no such option; did you mean --%s?", SHOWN, name, nearest);
}

/// Message that a value is not allowed. @return SDQN_ERR_ARGUMENT
static SdqnStatus bad_value(const Parser *parser, const SdqnOption *option, const char *value, const char *allowed) {
    return sdqn_error_set(parser->error, SDQN_ERR_ARGUMENT, "--%s %.*s: must be %s", option->name, SHOWN, value, allowed);
}

static SdqnStatus store_choice(const Parser *parser, const SdqnOption *option, const char *value, void *field) {
    char allowed[256] = "";
    size_t length = 0;
    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], value) == 0) {
            memcpy(field, &i, sizeof i);
            return SDQN_OK;
        }
        if (length < sizeof allowed)
            length += (size_t)snprintf(allowed + length, sizeof allowed - length, "%s%s",
                                       i == 0                           ? ""
                                       : option->choices[i + 1] == NULL ? " or "
                                                                        : ", ",
                                       option->choices[i]);
    }
    return bad_value(parser, option, value, allowed);
}

static SdqnStatus store(const Parser *parser, const SdqnOption *option, const char *value) {
    void *field = (char *)parser->arguments + option->offset;
    char allowed[64];
    int64_t integer;
    uint64_t word;
    int narrow;
    switch (option->kind) {
    case SDQN_OPTION_TEXT:
        memcpy(field, &value, sizeof value);
        return SDQN_OK;
    case SDQN_OPTION_CHOICE:
        return store_choice(parser, option, value, field);
    case SDQN_OPTION_INT:
        if (!sdqn_text_to_i64(value, &integer) || integer < option->low || integer > option->high) {
            snprintf(allowed, sizeof allowed, "an integer in [%d, %d]", option->low, option->high);
            return bad_value(parser, option, value, allowed);
        }
        narrow = (int)integer;
        memcpy(field, &narrow, sizeof narrow);
        return SDQN_OK;
    case SDQN_OPTION_SEED:
        if (!sdqn_text_to_seed(value, &word)) return bad_value(parser, option, value, SDQN_SEED_ALLOWED);
        memcpy(field, &word, sizeof word);
        return SDQN_OK;
    default:
        return SDQN_OK; // a flag has no value
    }
}

/// Read the option at argv[*index], which begins with two dashes, and leave *index at its last word.
static SdqnStatus read_option(const Parser *parser, int argc, char **argv, int *index) {
    const char *word = argv[*index] + 2, *equals = strchr(word, '=');
    size_t length = equals == NULL ? strlen(word) : (size_t)(equals - word);
    char name[NAME_SIZE], key[NAME_SIZE];
    if (length >= sizeof name) return unknown_option(parser, word);
    memcpy(name, word, length);
    name[length] = '\0';

    const SdqnOption *option = find_option(parser->table, name);
    if (option != NULL && option->kind == SDQN_OPTION_FLAG) {
        if (equals != NULL) return sdqn_error_set(parser->error, SDQN_ERR_ARGUMENT, "--%s: takes no value", name);
        bool truth = true;
        memcpy((char *)parser->arguments + option->offset, &truth, sizeof truth);
        return SDQN_OK;
    }
    bool is_set = option == NULL && parser->builder != NULL && strcmp(name, "set") == 0;
    bool is_key = option == NULL && find_config_key(parser, name, key);
    if (option == NULL && !is_set && !is_key) return unknown_option(parser, name);

    const char *value = equals == NULL ? NULL : equals + 1;
    if (value == NULL && *index + 1 < argc && strncmp(argv[*index + 1], "--", 2) != 0) value = argv[++*index];
    if (value == NULL)
        return sdqn_error_set(parser->error, SDQN_ERR_ARGUMENT, "--%s: needs a value, as in --%s=%s", name, name,
                              option != NULL ? option->value
                              : is_set       ? "KEY=VALUE"
                                             : "VALUE");
    if (option != NULL) return store(parser, option, value);
    return is_set ? sdqn_config_builder_set(parser->builder, value, parser->error)
                  : sdqn_config_builder_option(parser->builder, key, value, parser->error);
}

SdqnStatus sdqn_options_read(const SdqnOptionTable *table, int argc, char **argv, void *arguments, SdqnConfigBuilder *builder,
                             SdqnOperands *operands, SdqnError *error) {
    Parser parser = {table, arguments, builder, error};
    SdqnHelpForm form;
    *operands = (SdqnOperands){.values = argv + 1};
    bool options_ended = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (options_ended || word[0] != '-' || word[1] == '\0') {
            operands->values[operands->count++] = argv[i];
        } else if (sdqn_help_parse(word, &form)) {
            sdqn_help_print(stdout, table, builder != NULL, form);
            operands->help_printed = true;
            return SDQN_OK;
        } else if (strcmp(word, "--") == 0) {
            options_ended = true;
        } else if (strncmp(word, "--help=", strlen("--help=")) == 0) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.*s: must be --help, --help=mdoc or --help=bash", SHOWN, word);
        } else if (word[1] != '-') {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.*s: no such option; options begin with two dashes", SHOWN, word);
        } else {
            SdqnStatus status = read_option(&parser, argc, argv, &i);
            if (status != SDQN_OK) return status;
        }
    }
    if (operands->count > table->max_arguments)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.*s: one argument too many; usage: sharedqn %s %s", SHOWN,
                              operands->values[table->max_arguments], table->command, table->usage);
    if (operands->count < table->min_arguments)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "an argument is missing; usage: sharedqn %s %s", table->command, table->usage);
    return SDQN_OK;
}
