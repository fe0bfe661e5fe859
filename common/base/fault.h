#pragma once

/*
 * Fault: the three fates of a function that can fail.
 *
 *     0   done.
 *    >0   a refusal, named in the header of the module that returns it (PLAN_E_CYCLE). The caller
 *         decides what it means; it is never passed further up.
 *    <0   a fault: a negative errno. Nobody decides anything about it; it goes up unchanged,
 *         through fault_pass(), to the one place that owns the turn.
 *
 * The last trail of each thread is kept for the log: fault_trail() shows where the fault was born
 * and where it passed.
 */

#include "common/base/defs.h"

/* A fault is born: r is a negative errno. */
#define fault_raise(r) fault_raise_at((r), __FILE__, __LINE__)

/* A fault passes through unchanged; 0 stays 0. A refusal here is a bug of ours. */
#define fault_pass(r) fault_pass_at((r), __FILE__, __LINE__)

/* A refusal that nobody here has an answer for becomes the fault -EPROTO. */
#define fault_fold(r) fault_fold_at((r), __FILE__, __LINE__)

int fault_raise_at(int r, const char *file, int line);
int fault_pass_at(int r, const char *file, int line);
int fault_fold_at(int r, const char *file, int line);

/* "file:line file:line …" of the newest fault of this thread; empty when there was none. */
const char *fault_trail(void);
