// method_table.h: the rows of the method table. Only for method_table.c and the methods.
#ifndef SDQN_METHODS_METHOD_TABLE_H
#define SDQN_METHODS_METHOD_TABLE_H

#include "methods/method.h"

extern const SdqnMethod sdqn_method_shared, sdqn_method_shared_wide;
extern const SdqnMethod sdqn_method_independent, sdqn_method_independent_500, sdqn_method_independent_equal;
extern const SdqnMethod sdqn_method_mean, sdqn_method_sum, sdqn_method_pcgrad, sdqn_method_cagrad, sdqn_method_mgda, sdqn_method_imtl_g,
    sdqn_method_nash_mtl, sdqn_method_aligned_mtl, sdqn_method_gradvac, sdqn_method_upgrad, sdqn_method_gradnorm, sdqn_method_famo;
extern const SdqnMethod sdqn_method_brc, sdqn_method_brc_small, sdqn_method_brc_published;
extern const SdqnMethod sdqn_method_varshare, sdqn_method_varshare_deterministic;

#endif
