// tuning.h: the constants of Box2D 2.3 that decide its bits. Lengths in metres, angles in radians, times in seconds.
#ifndef SDQN_PHYSICS_TUNING_H
#define SDQN_PHYSICS_TUNING_H

#define SDQN_PI 3.14159265359f
#define SDQN_FLOAT_EPSILON 1.1920929e-7f

#define SDQN_LINEAR_SLOP 0.005f
#define SDQN_ANGULAR_SLOP (2.0f / 180.0f * SDQN_PI)
#define SDQN_POLYGON_RADIUS (2.0f * SDQN_LINEAR_SLOP) ///< skin around polygons and edges
#define SDQN_AABB_EXTENSION 0.1f                      ///< how much fatter a box in the broad phase is
#define SDQN_AABB_MULTIPLIER 2.0f                     ///< how many displacements ahead it reaches
#define SDQN_MAX_TRANSLATION 2.0f                     ///< of one body in one step
#define SDQN_MAX_ROTATION (0.5f * SDQN_PI)
#define SDQN_MAX_LINEAR_CORRECTION 0.2f
#define SDQN_MAX_ANGULAR_CORRECTION (8.0f / 180.0f * SDQN_PI)
#define SDQN_VELOCITY_THRESHOLD 1.0f ///< slower collisions are inelastic
#define SDQN_BAUMGARTE 0.2f
#define SDQN_TOI_BAUMGARTE 0.75f
#define SDQN_MAX_SUB_STEPS 8 ///< time-of-impact events a contact may have in one step
#define SDQN_TOI_POSITION_ITERATIONS 20
#define SDQN_TOI_MAX_CONTACTS 32
#define SDQN_TIME_TO_SLEEP 0.5f
#define SDQN_LINEAR_SLEEP_TOLERANCE 0.01f
#define SDQN_ANGULAR_SLEEP_TOLERANCE (2.0f / 180.0f * SDQN_PI)
#define SDQN_MAX_CONDITION_NUMBER 1000.0f ///< of the two-point block solver's matrix

#endif
