// command.c: the table of subcommands.
#include "cli/command.h"

static const SdqnCommand COMMANDS[] = {
    {"train", sdqn_command_train, "train a method on tasks, in a folder that holds all about the run"},
    {"watch", sdqn_command_watch, "show a run in the terminal while it trains, or afterwards"},
    {"evaluate", sdqn_command_evaluate, "run greedy episodes of a run's final weights or of a weights file"},
    {"play", sdqn_command_play, "fly the lander yourself, in a window"},
    {"export", sdqn_command_export, "write a run's networks for PyTorch, ONNX, or as one C file"},
    {"import", sdqn_command_import, "make weights from a file of another program, by a map of its names"},
    {"prune", sdqn_command_prune, "leave out the small residuals of a trained VarShare network and see what it costs"},
    {"analyze", sdqn_command_analyze, "write a page of plots and tables on each of some runs"},
    {"study", sdqn_command_study, "run the arms of a study over many seeds, and report with statistics"},
    {"compare", sdqn_command_compare, "set runs, folders of runs or studies side by side, on a page with tables and plots"},
    {"stats", sdqn_command_stats, "statistics of scores by arm, task and seed, from any program"},
    {"verify", sdqn_command_verify, "check that the program computes on this machine what it should"},
    {"trace", sdqn_command_trace, "step an environment through given actions and show every bit of it"},
    {"bench", sdqn_command_bench, "measure how fast the program is on this machine, part by part"},
};

const SdqnCommand *sdqn_commands(int *count) {
    *count = (int)(sizeof COMMANDS / sizeof *COMMANDS);
    return COMMANDS;
}
