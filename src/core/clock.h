// clock.h: the time that passes.
#ifndef SDQN_CORE_CLOCK_H
#define SDQN_CORE_CLOCK_H

/// Seconds on the monotonic clock, from an unknown beginning.
double sdqn_clock_seconds(void);

#endif
