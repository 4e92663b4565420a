// tensorboard.h: records of a TensorBoard event file (TFRecord frames around hand-encoded protocol buffers).
//
// Only what scalars need is written: Event{wall_time = 1, step = 2, file_version = 3, summary = 5},
// Summary{value = 1}, Summary.Value{tag = 1, simple_value = 2}. Source: tensorflow/core/util/event.proto, framework/summary.proto.
#ifndef SDQN_RUN_TENSORBOARD_H
#define SDQN_RUN_TENSORBOARD_H

#include <stddef.h>
#include <stdint.h>

#define SDQN_TENSORBOARD_MAX_SCALARS 16
#define SDQN_TENSORBOARD_MAX_TAG 63       ///< bytes of a tag, without the terminating zero
#define SDQN_TENSORBOARD_RECORD_SIZE 2048 ///< room for a record of the largest number of scalars with the longest tags

/// One named value of a step.
typedef struct SdqnScalar {
    char tag[SDQN_TENSORBOARD_MAX_TAG + 1];
    float value;
} SdqnScalar;

/// Bytes ready to be appended to an event file.
typedef struct SdqnTensorboardRecord {
    size_t size;
    uint8_t bytes[SDQN_TENSORBOARD_RECORD_SIZE];
} SdqnTensorboardRecord;

/// The record every event file begins with. @param wall_time  seconds since 1970
void sdqn_tensorboard_version_record(double wall_time, SdqnTensorboardRecord *record);

/// A record with the scalars of one step.
/// @param scalars  [count], count <= SDQN_TENSORBOARD_MAX_SCALARS
void sdqn_tensorboard_scalars_record(double wall_time, int64_t step, const SdqnScalar *scalars, int count, SdqnTensorboardRecord *record);

#endif
