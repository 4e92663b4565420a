#include "view/keys.h"

#include <string.h>

static const struct {
    int key;
    SdqnCommandKind command;
    bool repeats; ///< goes on while the key is held
} KEYS[] = {
    {' ', SDQN_COMMAND_PAUSE, false},
    {'.', SDQN_COMMAND_SINGLE_STEP, true},
    {'+', SDQN_COMMAND_FASTER, false},
    {'=', SDQN_COMMAND_FASTER, false}, // the key of + on many keyboards
    {'-', SDQN_COMMAND_SLOWER, false},
    {'n', SDQN_COMMAND_NEXT_EPISODE, false},
    {'t', SDQN_COMMAND_NEXT_TASK, false},
    {'r', SDQN_COMMAND_RESTART, false},
    {'f', SDQN_COMMAND_FLY, false},
    {'o', SDQN_COMMAND_OVERLAY, false},
    {'h', SDQN_COMMAND_HELP, false},
    {'?', SDQN_COMMAND_HELP, false},
    {SDQN_KEY_HELP, SDQN_COMMAND_HELP, false},
    {'q', SDQN_COMMAND_QUIT, false},
    {SDQN_KEY_ESCAPE, SDQN_COMMAND_QUIT, false},
};

static const SdqnKeyHelp HELP[] = {
    {"space", "pause, go on"},
    {".", "a single step"},
    {"+  -", "faster, slower"},
    {"n", "next episode"},
    {"t", "next task"},
    {"r", "the same seed again"},
    {"arrows", "fly: left, main and right engine"},
    {"f", "take over, hand back"},
    {"o", "overlay on, off"},
    {"h", "this help"},
    {"q", "quit"},
};

const SdqnKeyHelp *sdqn_keys_help(int *count) {
    *count = (int)(sizeof HELP / sizeof *HELP);
    return HELP;
}

static bool is_arrow(int key) { return key == SDQN_KEY_LEFT || key == SDQN_KEY_UP || key == SDQN_KEY_RIGHT; }

static void release(SdqnHands *hands, int key) {
    for (int i = 0; i < hands->count; i++) {
        if (hands->held[i] != key) continue;
        memmove(hands->held + i, hands->held + i + 1, (size_t)(hands->count - i - 1) * sizeof *hands->held);
        hands->count--;
        return;
    }
}

SdqnCommandKind sdqn_keys_take(SdqnHands *hands, const SdqnEvent *event, bool *arrow_pressed) {
    *arrow_pressed = false;
    if (event->kind == SDQN_EVENT_CLOSE) return SDQN_COMMAND_QUIT;
    if (event->kind == SDQN_EVENT_FOCUS_LOST) hands->count = 0;
    if (event->kind == SDQN_EVENT_KEY_UP) release(hands, event->key);
    if (event->kind != SDQN_EVENT_KEY_DOWN) return SDQN_COMMAND_NONE;
    if (is_arrow(event->key)) {
        if (event->is_repeat) return SDQN_COMMAND_NONE;
        release(hands, event->key);
        hands->held[hands->count++] = event->key;
        *arrow_pressed = true;
        return SDQN_COMMAND_NONE;
    }
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (KEYS[i].key == event->key) return event->is_repeat && !KEYS[i].repeats ? SDQN_COMMAND_NONE : KEYS[i].command;
    return SDQN_COMMAND_NONE;
}

int sdqn_hands_action(const SdqnHands *hands) {
    if (hands->count == 0) return 0;
    const int key = hands->held[hands->count - 1];
    return key == SDQN_KEY_LEFT ? 1 : key == SDQN_KEY_UP ? 2 : 3;
}
