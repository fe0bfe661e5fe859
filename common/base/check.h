#pragma once

/*
 * Check: what must be true of our own logic. Always on, also in release builds: a failure is a bug,
 * the process says where and ends; work in hand is delivered again.
 *
 * Never CHECK what comes from outside (a message, a row, a body): refuse it instead.
 */

#include "common/base/defs.h"

_noreturn_ void check_failed(const char *condition, const char *file, int line);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            check_failed(#condition, __FILE__, __LINE__);                                          \
    } while (0)

#define CHECK_UNREACHABLE() check_failed("unreachable", __FILE__, __LINE__)
