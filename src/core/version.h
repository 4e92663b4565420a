// version.h: the version of this program.
#ifndef SDQN_CORE_VERSION_H
#define SDQN_CORE_VERSION_H

#define SDQN_VERSION "0.1.0"
#define SDQN_VERSION_DATE "November 26, 2026" ///< of the manual page

#endif
