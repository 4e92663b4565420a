// module.h: helpers that are loaded on demand, so that the program itself needs none of the libraries behind them (MPI, windows, drawing).
//
// A helper is a shared object sharedqn-NAME.so that exports one table of functions. The table's type is defined in a header that program
// and helper share, and begins with a head:
//
//     typedef struct SdqnMpiModule { SdqnModuleHead head; SdqnStatus (*start)(...); ... } SdqnMpiModule;      // in the shared header
//     SDQN_MODULE_EXPORT const SdqnMpiModule sdqn_mpi_module = {{SDQN_MPI_VERSION, sizeof(SdqnMpiModule)}, start, ...};   // in the helper
//
//     static const SdqnModuleDef def = {"mpi", "sdqn_mpi_module", {SDQN_MPI_VERSION, sizeof(SdqnMpiModule)}, "`make mpi` builds it"};
//     const SdqnMpiModule *mpi = NULL;
//     SdqnStatus status = sdqn_module_load(&def, (const void **)&mpi, error);
#ifndef SDQN_CORE_MODULE_H
#define SDQN_CORE_MODULE_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

/// Before a helper's table: all else in it stays hidden.
#define SDQN_MODULE_EXPORT __attribute__((visibility("default")))

/// How every table begins. A helper whose head is not the program's is not used.
typedef struct SdqnModuleHead {
    uint64_t version; ///< counted up when the table changes
    uint64_t size;    ///< bytes of the table
} SdqnModuleHead;

/// Which helper.
typedef struct SdqnModuleDef {
    const char *name;    ///< of sharedqn-NAME.so
    const char *symbol;  ///< of its table
    SdqnModuleHead head; ///< what the table must begin with
    const char *advice;  ///< what to do if it is not there, for the message: "`make mpi` builds it (Debian: libopenmpi-dev)"
} SdqnModuleDef;

/// Load a helper and find its table. It is looked for in the folder of the program (of the library, in a foreign process), then in
/// ../lib/sharedqn and in sharedqn/ from there, and nowhere else. It stays loaded until the process ends.
/// @param table  receives the address of the table
/// @return SDQN_OK; SDQN_ERR_IO if it is not there, lacks a library or the table, or is of another version: the message says what to do
SdqnStatus sdqn_module_load(const SdqnModuleDef *def, const void **table, SdqnError *error);

#endif
