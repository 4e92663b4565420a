// times.h: times.csv in the folder of a study: how long its runs took. Results hold no time, so that equal runs make equal files.
#ifndef SDQN_STUDY_TIMES_H
#define SDQN_STUDY_TIMES_H

#include "core/error.h"
#include "study/arm.h"

#include <stdint.h>

#define SDQN_STUDY_TIMES "times.csv"

/// How long one run took.
typedef struct SdqnStudyTime {
    char arm[SDQN_STUDY_NAME_SIZE];
    uint64_t seed;
    double seconds;
} SdqnStudyTime;

typedef struct SdqnStudyTimes {
    int count;
    SdqnStudyTime *items; ///< [count] owned
} SdqnStudyTimes;

/// Read the file of a study's folder; none is no error. @param times  overwritten on success only; to be cleared
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT (FILE:LINE and what is allowed) or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_times_read(const char *folder, SdqnStudyTimes *times, SdqnError *error);
/// All zeros is allowed.
void sdqn_study_times_clear(SdqnStudyTimes *times);

/// Of the last line about a run; NaN if there is none.
double sdqn_study_times_find(const SdqnStudyTimes *times, const char *arm, uint64_t seed);

#endif
