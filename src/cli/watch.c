// watch.c: `sharedqn watch`: the live view of a run in a terminal.

#include "cli/command.h"
#include "cli/options.h"
#include "core/text.h"
#include "watch/frame.h"
#include "watch/run_watch.h"
#include "watch/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PERIOD_MILLISECONDS 500
#define SNAPSHOT_WIDTH 80
#define SNAPSHOT_HEIGHT 24

typedef struct Arguments {
    bool once, ascii;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"once", SDQN_OPTION_FLAG, offsetof(Arguments, once), .help = "print one picture and stop, as when the output is no terminal"},
    {"ascii", SDQN_OPTION_FLAG, offsetof(Arguments, ascii), .help = "draw with ASCII alone, as in a locale without UTF-8"},
};
static const SdqnOptionTable TABLE = {
    .command = "watch",
    .usage = "RUN_DIR [--once] [--ascii]",
    .help = "Show a run while it trains, or afterwards: returns and evaluations of each task, gradient conflict, speed and time left.\n"
            "Only the folder is looked at; the training is not disturbed. q quits.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .min_arguments = 1,
    .max_arguments = 1,
};

/// One call of the program.
typedef struct View {
    SdqnRunWatch *watch;
    bool ascii, colours;
    int first_task;
    char *shown; ///< the frame on the terminal; NULL: none is known to be
    size_t shown_size;
} View;

/// A frame as text. @param text  receives memory to be freed @return SDQN_OK or SDQN_ERR_MEMORY
static SdqnStatus make_frame(View *view, int width, int height, bool live, char **text, size_t *size, SdqnError *error) {
    SdqnScreen screen;
    SdqnStatus status = sdqn_screen_create(width, height, view->ascii, &screen, error);
    if (status != SDQN_OK) return status;
    const SdqnWatchedRun *run = sdqn_run_watch_run(view->watch);
    sdqn_frame_draw(&screen, run, &view->first_task, live);
    *text = NULL;
    FILE *out = open_memstream(text, size);
    if (out != NULL) sdqn_screen_write(&screen, view->colours, live, out);
    if (out == NULL || fclose(out) != 0 || *text == NULL) status = sdqn_error_set(error, SDQN_ERR_MEMORY, "watch: out of memory");
    sdqn_screen_destroy(&screen);
    return status;
}

/// The size of a picture that goes nowhere special, from the environment if that says one.
static int size_from(const char *variable, int standard, int largest) {
    const char *text = getenv(variable);
    int64_t value;
    return text != NULL && sdqn_text_to_i64(text, &value) && value >= 1 && value <= largest ? (int)value : standard;
}

static SdqnStatus print_once(View *view, SdqnError *error) {
    char *text = NULL;
    size_t size = 0;
    const int width = size_from("COLUMNS", SNAPSHOT_WIDTH, SDQN_SCREEN_MAX_WIDTH);
    SdqnStatus status = sdqn_run_watch_update(view->watch, error);
    if (status == SDQN_OK && sdqn_run_watch_run(view->watch)->state == SDQN_RUN_MISSING)
        status = sdqn_error_set(error, SDQN_ERR_IO, "%.400s: %.500s", sdqn_run_watch_run(view->watch)->path,
                                sdqn_run_watch_run(view->watch)->note);
    if (status == SDQN_OK)
        status = make_frame(view, width, size_from("LINES", SNAPSHOT_HEIGHT, SDQN_SCREEN_MAX_HEIGHT), false, &text, &size, error);
    if (status == SDQN_OK) fwrite(text, 1, size, stdout);
    free(text);
    return status;
}

static void forget_shown(View *view) {
    free(view->shown);
    view->shown = NULL;
}

/// Show a frame, unless it is there already: a run that rests costs a connection nothing.
static SdqnStatus show(View *view, bool *gone, SdqnError *error) {
    char *text = NULL;
    size_t size = 0;
    int width, height;
    sdqn_terminal_size(&width, &height);
    const SdqnStatus status = make_frame(view, width, height, true, &text, &size, error);
    if (status != SDQN_OK || text == NULL) {
        free(text);
        return status;
    }
    if (view->shown != NULL && size == view->shown_size && memcmp(text, view->shown, size) == 0) {
        free(text);
        return SDQN_OK;
    }
    *gone = !sdqn_terminal_show(text, size);
    forget_shown(view);
    view->shown = text;
    view->shown_size = size;
    return status;
}

/// @return whether to go on
static bool take_key(View *view, char key) {
    if (key == 'n') view->first_task++;
    if (key == 'p' && view->first_task > 0) view->first_task--;
    return key != 'q' && key != 'Q';
}

static SdqnStatus show_live(View *view, SdqnError *error) {
    SdqnStatus status = sdqn_terminal_open(error);
    bool going = true, gone = false;
    while (status == SDQN_OK && going && !gone) {
        char key = 0;
        status = sdqn_run_watch_update(view->watch, error);
        if (status == SDQN_OK) status = show(view, &gone, error);
        if (status != SDQN_OK || gone) break;
        switch (sdqn_terminal_wait(PERIOD_MILLISECONDS, &key)) {
        case SDQN_TERMINAL_KEY:
            going = take_key(view, key);
            break;
        case SDQN_TERMINAL_RESIZED:
            forget_shown(view);
            break;
        case SDQN_TERMINAL_END:
            going = false;
            break;
        default:
            break;
        }
    }
    sdqn_terminal_close();
    forget_shown(view);
    const int number = sdqn_terminal_signal();
    if (number != 0 && number != SIGINT) raise(number); // who sent it sees that it worked; Ctrl-C is a way to quit like q
    return status;
}

SdqnStatus sdqn_command_watch(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {0};
    SdqnOperands operands;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    const char *no_colour = getenv("NO_COLOR");
    const bool draws = sdqn_terminal_can_draw();
    View view = {.ascii = arguments.ascii || !sdqn_terminal_speaks_utf8() || (draws && !sdqn_terminal_has_braille()),
                 .colours = draws && (no_colour == NULL || no_colour[0] == '\0')};
    status = sdqn_run_watch_create(operands.values[0], &view.watch, error);
    if (status == SDQN_OK) status = draws && !arguments.once ? show_live(&view, error) : print_once(&view, error);
    sdqn_run_watch_destroy(view.watch);
    return status;
}
