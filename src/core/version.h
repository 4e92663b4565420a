// version.h: the version of this program.
#ifndef SDQN_CORE_VERSION_H
#define SDQN_CORE_VERSION_H

#define SDQN_VERSION "0.1.0"

#endif
