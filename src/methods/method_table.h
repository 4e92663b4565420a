// method_table.h: the rows of the method table, one a file. Only for method_table.c and the methods.
#ifndef SDQN_METHODS_METHOD_TABLE_H
#define SDQN_METHODS_METHOD_TABLE_H

#include "methods/method.h"

extern const SdqnMethod sdqn_method_shared;

#endif
