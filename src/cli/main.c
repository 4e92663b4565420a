// main.c: chooses the subcommand, and alone turns a status into text on stderr and an exit code: 0 done, 1 failed, 2 wrong usage.
#include "cli/command.h"
#include "cli/help.h"
#include "core/text.h"
#include "core/version.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, MAX_COMMANDS = 32 };

static void print_help(FILE *out) {
    int count;
    const SdqnCommand *commands = sdqn_commands(&count);
    fputs("usage: sharedqn COMMAND [options]\n\n"
          "Multi-task deep Q-learning on LunarLander tasks.\n\ncommands:\n",
          out);
    for (int i = 0; i < count; i++) fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fputs("\n`sharedqn COMMAND --help` tells what a command takes; `sharedqn --version` which version this is.\n", out);
}

static const SdqnCommand *find_command(const char *name) {
    int count;
    const SdqnCommand *commands = sdqn_commands(&count);
    const char *names[MAX_COMMANDS];
    for (int i = 0; i < count; i++) {
        names[i] = commands[i].name;
        if (strcmp(name, names[i]) == 0) return &commands[i];
    }
    const char *nearest = sdqn_text_nearest(name, names, (size_t)count);
    SdqnError error = {0};
    sdqn_error_set(&error, SDQN_ERR_ARGUMENT, "sharedqn: no command is called %.80s%s%s%s", name, nearest == NULL ? "" : "; did you mean ",
                   nearest == NULL ? "" : nearest, nearest == NULL ? "; `sharedqn --help` lists them" : "?");
    fprintf(stderr, "%s\n", error.message);
    return NULL;
}

/// Give the standard descriptors a file if the caller has closed them: otherwise the next file opened would become standard output.
static void open_standard_descriptors(void) {
    int descriptor;
    do {
        descriptor = open("/dev/null", O_RDONLY); // reading only, so that writing to a closed output fails as it must
    } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor > STDERR_FILENO) close(descriptor);
}

/// Write out what is buffered. @return false, with a message, if anything of the output was lost
static bool close_output(void) {
    bool lost = ferror(stdout) != 0; // an earlier write failed; its reason is gone
    errno = 0;
    lost |= fclose(stdout) != 0;
    if (!lost) return true;
    fprintf(stderr, "sharedqn: standard output: cannot write%s%s\n", errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    return false;
}

static int run_command(int argc, char **argv) {
    const SdqnCommand *command = find_command(argv[0]);
    if (command == NULL) return EXIT_USAGE;
    SdqnError error = {0};
    SdqnStatus status = command->run(argc, argv, &error);
    if (status == SDQN_OK) return EXIT_DONE;
    fflush(stdout); // what was printed comes before the message about what went wrong
    fprintf(stderr, "sharedqn %s: %s\n", command->name, error.message);
    return status == SDQN_ERR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

/// The manual page or the completion of all commands.
static int print_all_help(SdqnHelpForm form) {
    int count;
    const SdqnCommand *commands = sdqn_commands(&count);
    SdqnError error = {0};
    const SdqnStatus status = sdqn_help_print_all(stdout, commands, count, form, &error);
    if (status != SDQN_OK) fprintf(stderr, "sharedqn: %s\n", error.message);
    return status == SDQN_OK ? EXIT_DONE : EXIT_FAILED;
}

int main(int argc, char **argv) {
    SdqnHelpForm form;
    open_standard_descriptors();
    signal(SIGPIPE, SIG_IGN); // a closed pipe is then an error of write, and reported
    signal(SIGXFSZ, SIG_IGN); // so is a file that outgrows the user's limit (ulimit -f)
    int code = EXIT_DONE;
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (sdqn_help_parse(argv[1], &form) && form == SDQN_HELP_TEXT)
        print_help(stdout);
    else if (sdqn_help_parse(argv[1], &form))
        code = print_all_help(form);
    else if (strcmp(argv[1], "--version") == 0)
        puts("sharedqn " SDQN_VERSION);
    else
        code = run_command(argc - 1, argv + 1);
    return close_output() || code != EXIT_DONE ? code : EXIT_FAILED;
}
