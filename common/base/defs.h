#pragma once

/*
 * Defs: C made comfortable. Nothing here allocates or calls out.
 *
 *   _cleanup_(f)      run f(&variable) when the variable leaves its scope
 *   ARRAY_SIZE(a)     how many elements an array has
 *   CONTAINER_OF      from a member back to the struct that embeds it
 *   MIN, MAX          each argument is evaluated once
 */

#include <stddef.h>
#include <sys/param.h> /* first: system headers bring it in and it defines MIN and MAX too */

#undef MIN
#undef MAX

#define _cleanup_(function) __attribute__((__cleanup__(function)))
#define _unused_ __attribute__((__unused__))
#define _printf_(format, first) __attribute__((__format__(printf, format, first)))
#define _noreturn_ __attribute__((__noreturn__))
#define _pure_result_ __attribute__((__warn_unused_result__))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define MIN(a, b)                                                                                  \
    __extension__({                                                                                \
        __typeof__(a) _min_a = (a);                                                                \
        __typeof__(b) _min_b = (b);                                                                \
        _min_a < _min_b ? _min_a : _min_b;                                                         \
    })

#define MAX(a, b)                                                                                  \
    __extension__({                                                                                \
        __typeof__(a) _max_a = (a);                                                                \
        __typeof__(b) _max_b = (b);                                                                \
        _max_a > _max_b ? _max_a : _max_b;                                                         \
    })

/* Defines NAME_p(Type **), the form that _cleanup_ wants, from a NAME(Type *) that accepts NULL. */
#define CLEANUP_POINTER(type, name)                                                                \
    static inline void name##_p(type **pointer) {                                                  \
        name(*pointer);                                                                            \
    }                                                                                              \
    struct name##_p_declared
