#include "cli/help.h"

#include "core/version.h"

#include <assert.h>
#include <string.h>

enum { NAME_SIZE = 64, DESCRIPTION_SIZE = 1024 };

bool sdqn_help_parse(const char *word, SdqnHelpForm *form) {
    static const struct {
        const char *word;
        SdqnHelpForm form;
    } WORDS[] = {{"--help", SDQN_HELP_TEXT}, {"-h", SDQN_HELP_TEXT}, {"--help=mdoc", SDQN_HELP_MDOC}, {"--help=bash", SDQN_HELP_BASH}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (strcmp(WORDS[i].word, word) != 0) continue;
        *form = WORDS[i].form;
        return true;
    }
    return false;
}

/// The name of a key as an option: learning-rate. @return `out`
static const char *option_name(const char *key, char out[NAME_SIZE]) {
    snprintf(out, NAME_SIZE, "%s", key);
    for (char *c = out; *c != '\0'; c++)
        if (*c == '_') *c = '-';
    return out;
}

// ---- text -----------------------------------------------------------------------------------------------------------------------

/// What an option is for and what its value can be. @return `text`
static const char *describe(const SdqnOption *option, char text[DESCRIPTION_SIZE]) {
    size_t length = (size_t)snprintf(text, DESCRIPTION_SIZE, "%s", option->help);
    if (option->kind == SDQN_OPTION_INT && length < DESCRIPTION_SIZE)
        snprintf(text + length, DESCRIPTION_SIZE - length, "; an integer in [%d, %d]", option->low, option->high);
    for (int i = 0; option->kind == SDQN_OPTION_CHOICE && option->choices[i] != NULL && length < DESCRIPTION_SIZE; i++)
        length += (size_t)snprintf(text + length, DESCRIPTION_SIZE - length, "%s%s",
                                   i == 0                           ? "; "
                                   : option->choices[i + 1] == NULL ? " or "
                                                                    : ", ",
                                   option->choices[i]);
    return text;
}

static void put_text_settings(FILE *out) {
    fputs("\nsettings, as options or, with _ for -, in a file and with --set; the command line outranks files:\n", out);
    for (int i = 0; i < sdqn_config_key_count(); i++) {
        SdqnConfigKeyInfo info;
        char name[NAME_SIZE];
        sdqn_config_key_info(i, &info);
        if (info.is_option)
            fprintf(out, "  --%s VALUE\n      %s\n      %s; default %s\n", option_name(info.name, name), info.help, info.allowed,
                    info.standard);
        else
            fprintf(out, "  %s\n      %s\n", info.name, info.help);
    }
}

static void put_text(FILE *out, const SdqnOptionTable *table, bool with_settings) {
    fprintf(out, "usage: sharedqn %s %s\n\n%s\n\noptions:\n", table->command, table->usage, table->help);
    for (int i = 0; i < table->num_options; i++) {
        const SdqnOption *option = &table->options[i];
        char text[DESCRIPTION_SIZE];
        fprintf(out, "  --%s%s%s\n      %s\n", option->name, option->value == NULL ? "" : " ", option->value == NULL ? "" : option->value,
                describe(option, text));
    }
    if (with_settings) fputs("  --set KEY=VALUE\n      a setting of the configuration, as in a file\n", out);
    fputs("  --help\n      this text\n", out);
    if (with_settings) put_text_settings(out);
}

// ---- manual page ----------------------------------------------------------------------------------------------------------------

/// One word; no letter of it may be taken for a request or an escape. @return how many letters were written
static int put_word(FILE *out, const char *word, size_t length, bool begins_line) {
    int written = (int)length;
    if (begins_line && (word[0] == '.' || word[0] == '\'')) fputs("\\&", out);
    for (size_t i = 0; i < length; i++) {
        if (word[i] == '\\' || word[i] == '-') {
            fputs(word[i] == '-' ? "\\-" : "\\e", out);
            written++;
        } else {
            fputc(word[i], out);
        }
    }
    return written;
}

/// Text in lines of at most LINE_LENGTH letters; a sentence begins a new one, as mdoc wants it.
static void put_filled(FILE *out, const char *text) {
    enum { LINE_LENGTH = 72 };
    int column = 0;
    for (const char *word = text + strspn(text, " \n"); *word != '\0';) {
        const size_t length = strcspn(word, " \n");
        const bool ends_sentence = length > 1 && (word[length - 1] == '.' || word[length - 1] == ':');
        if (column > 0) fputc(column + (int)length > LINE_LENGTH ? '\n' : ' ', out);
        if (column + (int)length > LINE_LENGTH) column = 0;
        column += put_word(out, word, length, column == 0) + 1;
        word += length + strspn(word + length, " \n");
        if (ends_sentence && *word != '\0') {
            fputc('\n', out);
            column = 0;
        }
    }
    fputc('\n', out);
}

/// "--name VALUE" as the head of an item; nothing of it is taken for a macro.
static void put_mdoc_item(FILE *out, const char *name, const char *value) {
    fputs(".It Fl \\&-", out);
    put_word(out, name, strlen(name), false);
    if (value != NULL) {
        fputs(" Ar ", out);
        for (const char *c = value; *c != '\0'; c++) fputc(*c == ' ' ? '_' : *c, out);
    }
    fputc('\n', out);
}

static void put_mdoc_options(FILE *out, const SdqnOptionTable *table, bool with_settings) {
    fputs(".Bl -tag -width Ds\n", out);
    for (int i = 0; i < table->num_options; i++) {
        const SdqnOption *option = &table->options[i];
        put_mdoc_item(out, option->name, option->value);
        char text[DESCRIPTION_SIZE];
        put_filled(out, describe(option, text));
    }
    if (with_settings) {
        put_mdoc_item(out, "set", "KEY=VALUE");
        fputs("a setting of the configuration, as in a file;\nevery setting is an option too, see\n.Sx SETTINGS\n", out);
    }
    put_mdoc_item(out, "help", NULL);
    fputs("what the command takes\n.El\n", out);
}

static void put_mdoc(FILE *out, const SdqnOptionTable *table, bool with_settings) {
    fprintf(out, ".Ss %s\n.Bd -ragged -compact\n.Nm\n", table->command);
    fprintf(out, "%s\n", table->command);
    put_filled(out, table->usage);
    fputs(".Ed\n.Pp\n", out);
    put_filled(out, table->help);
    put_mdoc_options(out, table, with_settings);
}

static void put_mdoc_head(FILE *out, const SdqnCommand *commands, int count) {
    fputs(".\\\" Made by sharedqn --help=mdoc.\n"
          ".Dd " SDQN_VERSION_DATE "\n.Dt SHAREDQN 1\n.Os\n"
          ".Sh NAME\n.Nm sharedqn\n.Nd multi-task deep Q-learning on LunarLander tasks\n"
          ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar options\n.Nm\n.Fl \\&-help | \\&-version\n"
          ".Sh DESCRIPTION\n.Nm\n"
          "trains one Q\\-network, or several, on tasks that differ in gravity and wind,\n"
          "evaluates and compares what was learned, and writes it for other programs.\n"
          "The environment has the bits of Gymnasium's LunarLander\\-v3,\n"
          "and the same seed gives the same bytes on every machine.\n"
          "Results go to standard output, talk to standard error.\n"
          "This is version " SDQN_VERSION ".\n"
          ".Bl -tag -width evaluate\n",
          out);
    for (int i = 0; i < count; i++) {
        fprintf(out, ".It Cm %s\n", commands[i].name);
        put_filled(out, commands[i].help);
    }
    fputs(".El\n.Sh COMMANDS\n", out);
}

static void put_mdoc_settings(FILE *out) {
    fputs(".Sh SETTINGS\nThese are options of\n.Cm train\n"
          "and, with _ for \\-, keys of a configuration file;\nthe command line outranks files.\n"
          ".Bl -tag -width Ds\n",
          out);
    for (int i = 0; i < sdqn_config_key_count(); i++) {
        SdqnConfigKeyInfo info;
        char name[NAME_SIZE], text[DESCRIPTION_SIZE];
        sdqn_config_key_info(i, &info);
        if (info.is_option)
            put_mdoc_item(out, option_name(info.name, name), "VALUE");
        else
            fprintf(out, ".It Cm %s\n", info.name);
        if (info.is_option)
            snprintf(text, sizeof text, "%s; %s; default %s", info.help, info.allowed, info.standard);
        else
            snprintf(text, sizeof text, "%s", info.help);
        put_filled(out, text);
    }
    fputs(".El\n", out);
}

static void put_mdoc_tail(FILE *out) {
    fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\ndone\n.It 1\nthe work failed\n.It 2\nwrong usage\n.El\n"
          ".Sh EXAMPLES\nTrain, stop with Ctrl\\-C, go on, evaluate, and take the network along:\n"
          ".Bd -literal -offset indent\n"
          "sharedqn train \\-\\-seed 2 \\-\\-out runs/mine\n"
          "sharedqn train \\-\\-out runs/mine \\-\\-resume\n"
          "sharedqn evaluate runs/mine \\-\\-task windy\n"
          "sharedqn export runs/mine \\-\\-format onnx\n"
          ".Ed\n"
          ".Sh SEE ALSO\nThe pages in docs/ of the sources; the C library's functions are described in\n.In sharedqn.h .\n",
          out);
}

// ---- completion -----------------------------------------------------------------------------------------------------------------

static void put_bash_values(FILE *out, const char *command, const char *option, const char *words) {
    fprintf(out, "        %s/--%s) words=\"%s\" ;;\n", command, option, words);
}

/// Values of options that have a few, then all options.
static void put_bash(FILE *out, const SdqnOptionTable *table, bool with_settings) {
    char name[NAME_SIZE], words[1024];
    for (int i = 0; i < table->num_options; i++) {
        const SdqnOption *option = &table->options[i];
        size_t length = 0;
        if (option->kind == SDQN_OPTION_FLAG) continue;
        words[0] = '\0';
        for (int c = 0; option->kind == SDQN_OPTION_CHOICE && option->choices[c] != NULL && length < sizeof words; c++)
            length += (size_t)snprintf(words + length, sizeof words - length, "%s%s", c == 0 ? "" : " ", option->choices[c]);
        put_bash_values(out, table->command, option->name, words);
    }
    for (int i = 0; with_settings && i < sdqn_config_key_count(); i++) {
        SdqnConfigKeyInfo info;
        sdqn_config_key_info(i, &info);
        if (info.is_option)
            put_bash_values(out, table->command, option_name(info.name, name), sdqn_config_key_words(i, words, sizeof words));
    }
    if (with_settings) put_bash_values(out, table->command, "set", "");
    fprintf(out, "        %s/*) words=\"--help", table->command);
    for (int i = 0; i < table->num_options; i++) fprintf(out, " --%s", table->options[i].name);
    if (with_settings) fputs(" --set", out);
    for (int i = 0; with_settings && i < sdqn_config_key_count(); i++) {
        SdqnConfigKeyInfo info;
        sdqn_config_key_info(i, &info);
        if (info.is_option) fprintf(out, " --%s", option_name(info.name, name));
    }
    fputs("\" ;;\n", out);
}

static void put_bash_head(FILE *out, const SdqnCommand *commands, int count) {
    fputs("# shellcheck shell=bash\n"
          "# Completion of sharedqn for bash, made by `sharedqn --help=bash`. Where no words are offered, files are.\n"
          "_sharedqn() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=\n"
          "    COMPREPLY=()\n"
          "    # --option=value comes as three words\n"
          "    if [ \"$current\" = = ]; then\n"
          "        current=\n"
          "    elif [ \"$before\" = = ]; then\n"
          "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        words=\"",
          out);
    for (int i = 0; i < count; i++) fprintf(out, "%s ", commands[i].name);
    fputs("--help --version\"\n"
          "    else\n"
          "        case ${COMP_WORDS[1]}/$before in\n",
          out);
}

static void put_bash_tail(FILE *out) {
    fputs("        esac\n"
          "        # options are offered where one begins, not in the place of an operand\n"
          "        case $words in --help*) [ \"${current:0:1}\" = - ] || words= ;; esac\n"
          "    fi\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
          "}\n"
          "complete -o default -F _sharedqn sharedqn\n",
          out);
}

// ---- all ------------------------------------------------------------------------------------------------------------------------

void sdqn_help_print(FILE *out, const SdqnOptionTable *table, bool with_settings, SdqnHelpForm form) {
    switch (form) {
    case SDQN_HELP_TEXT:
        put_text(out, table, with_settings);
        break;
    case SDQN_HELP_MDOC:
        put_mdoc(out, table, with_settings);
        break;
    case SDQN_HELP_BASH:
        put_bash(out, table, with_settings);
        break;
    }
}

SdqnStatus sdqn_help_print_all(FILE *out, const SdqnCommand *commands, int count, SdqnHelpForm form, SdqnError *error) {
    assert(form != SDQN_HELP_TEXT);
    const bool page = form == SDQN_HELP_MDOC;
    SdqnStatus status = SDQN_OK;
    if (page) {
        put_mdoc_head(out, commands, count);
    } else {
        put_bash_head(out, commands, count);
    }
    for (int i = 0; i < count && status == SDQN_OK; i++) {
        char name[NAME_SIZE], help[] = "--help=mdoc", help_bash[] = "--help=bash";
        snprintf(name, sizeof name, "%s", commands[i].name);
        status = commands[i].run(2, (char *[]){name, page ? help : help_bash, NULL}, error);
    }
    if (page) {
        put_mdoc_settings(out);
        put_mdoc_tail(out);
    } else {
        put_bash_tail(out);
    }
    return status;
}
