#define _GNU_SOURCE // pipe2

#include "study/slurm.h"

#include "core/file.h"
#include "core/process.h"
#include "core/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// ---- the script -----------------------------------------------------------------------------------------------------------------

/// A text as one word of the shell.
static void write_word(FILE *out, const char *text) {
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else {
            fputc(*text, out);
        }
    }
    fputc('\'', out);
}

static bool belongs(const SdqnSlurmDef *def, int index, bool candidates) {
    int count;
    const SdqnJob *job = &sdqn_study_jobs(def->study, &count)[index];
    return job->wanted && job->state != SDQN_JOB_DONE && job->state != SDQN_JOB_DIVERGED &&
           (def->plan->arms[job->arm].candidate_of >= 0) == candidates;
}

/// The numbers of the runs as `1,3-7`. @return how many
static int write_array(FILE *out, const SdqnSlurmDef *def, bool candidates) {
    int all, count = 0, ranges = 0;
    sdqn_study_jobs(def->study, &all);
    for (int i = 0; i < all; i++) {
        if (!belongs(def, i, candidates)) continue;
        const int first = i;
        while (i + 1 < all && belongs(def, i + 1, candidates)) i++;
        fprintf(out, "%s%d", ranges++ > 0 ? "," : "", first + 1);
        if (i > first) fprintf(out, "-%d", i + 1);
        count += i - first + 1;
    }
    return count;
}

/// Where the tasks work: the folder that this process works in.
static SdqnStatus find_here(char here[SDQN_PATH_SIZE], SdqnError *error) {
    if (getcwd(here, SDQN_PATH_SIZE)) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_IO, "cannot find the working folder: %s", strerror(errno));
}

static int write_script(FILE *out, const SdqnSlurmDef *def, bool candidates, const char *here) {
    fprintf(out, "#!/bin/sh\n#SBATCH --job-name=sharedqn-%s%s\n#SBATCH --array=", def->plan->name, candidates ? "-tuning" : "");
    const int count = write_array(out, def, candidates);
    fputs("\n#SBATCH --cpus-per-task=1\n"
          "#SBATCH --signal=B:TERM@60\n" // a minute before a time limit: the run saves its state
          "#SBATCH --output=/dev/null\n"
          "# Each task runs one run of the study; its log and its result go into the study's folder. A run that is stopped goes on\n"
          "# where it was when it is submitted again. Options of your cluster: sbatch --partition=... --time=... THIS_FILE\n"
          "cd ",
          out);
    write_word(out, here);
    fputs(" || exit 1\nexec ", out);
    write_word(out, def->program);
    fputs(" study ", out);
    write_word(out, def->file);
    fputs(" --out ", out);
    write_word(out, def->folder->path);
    fputs(" --job \"$SLURM_ARRAY_TASK_ID\"\n", out);
    return count;
}

SdqnStatus sdqn_slurm_write(const SdqnSlurmDef *def, bool candidates, char path[SDQN_PATH_SIZE], int *count, SdqnError *error) {
    const char *name = candidates ? "tuning.sbatch" : "runs.sbatch";
    char here[SDQN_PATH_SIZE];
    SdqnTextFile script;
    SdqnStatus status = sdqn_file_join(def->folder->path, name, path, error);
    if (status == SDQN_OK) status = find_here(here, error);
    if (status == SDQN_OK) status = sdqn_text_file_begin(&script, error);
    if (status != SDQN_OK) return status;
    *count = write_script(script.out, def, candidates, here);
    if (*count > 0) return sdqn_text_file_write(&script, def->folder->path, name, error);
    sdqn_text_file_drop(&script);
    return sdqn_file_remove(path, error);
}

// ---- sbatch ---------------------------------------------------------------------------------------------------------------------

/// Run a program and take what it says. @param text  receives the first bytes of it, or why it could not be run @return whether it ended
/// well
static bool run_program(const char *const *arguments, char *text, size_t size) {
    int ends[2], wait_status = 0;
    pid_t process;
    size_t length = 0;
    ssize_t got;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(text, size, "cannot make a pipe: %s", strerror(errno));
        return false;
    }
    const int reason = sdqn_process_start(
        &(SdqnProcessDef){.arguments = arguments, .input = -1, .output = ends[1], .errors = ends[1], .extra = -1}, &process);
    close(ends[1]);
    while (reason == 0 && length + 1 < size && (got = read(ends[0], text + length, size - 1 - length)) != 0) {
        if (got < 0 && errno != EINTR) break;
        if (got > 0) length += (size_t)got;
    }
    text[length] = '\0';
    close(ends[0]);
    if (reason != 0) {
        snprintf(text, size, "cannot be started: %s", reason == ENOENT ? "there is no program of this name" : strerror(reason));
        return false;
    }
    while (waitpid(process, &wait_status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(wait_status)) snprintf(text, size, "it was ended by signal %d", WTERMSIG(wait_status));
    return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
}

SdqnStatus sdqn_slurm_submit(const char *script, const char *after, char id[32], SdqnError *error) {
    char dependency[64], said[512];
    const char *arguments[] = {"sbatch", "--parsable", script, NULL, NULL};
    if (after[0] != '\0') {
        snprintf(dependency, sizeof dependency, "--dependency=afterany:%s", after);
        arguments[2] = dependency;
        arguments[3] = script;
    }
    if (!run_program(arguments, said, sizeof said)) return sdqn_error_set(error, SDQN_ERR_IO, "sbatch %.200s: %.400s", script, said);
    const size_t digits = strspn(said, "0123456789"); // a cluster's name may follow
    if (digits == 0 || digits >= 32)
        return sdqn_error_set(error, SDQN_ERR_IO, "sbatch %.200s: no number of a job in \"%.200s\"", script, said);
    snprintf(id, 32, "%.*s", (int)digits, said);
    return SDQN_OK;
}
