/* Functions of numbers. */

#include <float.h>
#include <math.h>

#include "common/expr/builtin_private.h"

static int want_number(Machine *machine, const Json *value) {
    if (value_is(value, JSON_NUMBER))
        return 0;
    return machine_fail(machine, "%s number required", value_shown(machine, value));
}

/* Name in the language, name in the C library. */
#define MATH_UNARY(X)                                                                              \
    X(acos, acos)                                                                                  \
    X(acosh, acosh)                                                                                \
    X(asin, asin)                                                                                  \
    X(asinh, asinh)                                                                                \
    X(atan, atan)                                                                                  \
    X(atanh, atanh)                                                                                \
    X(cbrt, cbrt)                                                                                  \
    X(ceil, ceil)                                                                                  \
    X(cos, cos)                                                                                    \
    X(cosh, cosh)                                                                                  \
    X(exp, exp)                                                                                    \
    X(exp10, exp10)                                                                                \
    X(exp2, exp2)                                                                                  \
    X(expm1, expm1)                                                                                \
    X(fabs, fabs)                                                                                  \
    X(floor, floor)                                                                                \
    X(gamma, gamma_log)                                                                            \
    X(j0, j0)                                                                                      \
    X(j1, j1)                                                                                      \
    X(lgamma, gamma_log)                                                                           \
    X(log, log)                                                                                    \
    X(log10, log10)                                                                                \
    X(log1p, log1p)                                                                                \
    X(log2, log2)                                                                                  \
    X(logb, logb)                                                                                  \
    X(nearbyint, rint)                                                                             \
    X(pow10, exp10)                                                                                \
    X(rint, rint)                                                                                  \
    X(round, round)                                                                                \
    X(significand, significand)                                                                    \
    X(sin, sin)                                                                                    \
    X(sinh, sinh)                                                                                  \
    X(sqrt, sqrt)                                                                                  \
    X(tan, tan)                                                                                    \
    X(tanh, tanh)                                                                                  \
    X(tgamma, tgamma)                                                                              \
    X(trunc, trunc)                                                                                \
    X(y0, y0)                                                                                      \
    X(y1, y1)

#define MATH_BINARY(X)                                                                             \
    X(atan2, atan2)                                                                                \
    X(copysign, copysign)                                                                          \
    X(drem, remainder)                                                                             \
    X(fdim, fdim)                                                                                  \
    X(fmax, fmax)                                                                                  \
    X(fmin, fmin)                                                                                  \
    X(fmod, fmod)                                                                                  \
    X(hypot, hypot)                                                                                \
    X(ldexp, shift_exponent)                                                                       \
    X(nextafter, nextafter)                                                                        \
    X(nexttoward, nextafter)                                                                       \
    X(pow, pow)                                                                                    \
    X(scalb, scale_exponent)                                                                       \
    X(scalbln, shift_exponent)

/* lgamma() keeps the sign in a global; this one does not. */
static double gamma_log(double number) {
    int sign;

    return lgamma_r(number, &sign);
}

static int to_exponent(double exponent) {
    if (exponent != exponent)
        return 0;
    return (int)fmin(fmax(exponent, -100000), 100000);
}

static double shift_exponent(double number, double exponent) {
    return ldexp(number, to_exponent(exponent));
}

static double scale_exponent(double number, double exponent) {
    return number * exp2(exponent);
}

#define MATH_UNARY_FN(name, fn)                                                                    \
    static int math_##name(Machine *machine, const Json *input, const Json *args,                  \
                           Json *ret_value) {                                                      \
        int r = want_number(machine, input);                                                       \
                                                                                                   \
        (void)args;                                                                                \
        if (r == 0)                                                                                \
            *ret_value = json_number(fn(json_real(input)));                                        \
        return r;                                                                                  \
    }

#define MATH_BINARY_FN(name, fn)                                                                   \
    static int math2_##name(Machine *machine, const Json *input, const Json *args,                 \
                            Json *ret_value) {                                                     \
        int r = want_number(machine, &args[0]);                                                    \
                                                                                                   \
        (void)input;                                                                               \
        if (r == 0)                                                                                \
            r = want_number(machine, &args[1]);                                                    \
        if (r == 0)                                                                                \
            *ret_value = json_number(fn(json_real(&args[0]), json_real(&args[1])));                \
        return r;                                                                                  \
    }

MATH_UNARY(MATH_UNARY_FN)
MATH_BINARY(MATH_BINARY_FN)

static int math_fma(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    int r = 0;

    (void)input;
    for (size_t i = 0; i < 3 && r == 0; i++)
        r = want_number(machine, &args[i]);
    if (r == 0)
        *ret_value =
            json_number(fma(json_real(&args[0]), json_real(&args[1]), json_real(&args[2])));
    return r;
}

/* [a, b] */
static int pair(Machine *machine, double a, double b, Json *ret_value) {
    Json *items;
    int r = value_items(machine, 2, &items);

    if (r)
        return r;
    items[0] = json_number(a);
    items[1] = json_number(b);
    *ret_value = json_array(items, 2);
    return 0;
}

static int math_frexp(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    int exponent = 0;
    double fraction;
    int r = want_number(machine, input);

    (void)args;
    if (r)
        return r;
    fraction = frexp(json_real(input), &exponent);
    return pair(machine, fraction, exponent, ret_value);
}

static int math_modf(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    double whole, fraction;
    int r = want_number(machine, input);

    (void)args;
    if (r)
        return r;
    fraction = modf(json_real(input), &whole);
    return pair(machine, fraction, whole, ret_value);
}

static int math_lgamma_r(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    int sign = 0;
    double value;
    int r = want_number(machine, input);

    (void)args;
    if (r)
        return r;
    value = lgamma_r(json_real(input), &sign);
    return pair(machine, value, sign, ret_value);
}

static int math_infinite(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)machine;
    (void)input;
    (void)args;
    *ret_value = json_number(INFINITY);
    return 0;
}

static int math_nan(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)machine;
    (void)input;
    (void)args;
    *ret_value = json_number(NAN);
    return 0;
}

static int math_isinfinite(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    int r = want_number(machine, input);

    (void)args;
    if (r == 0)
        *ret_value = json_bool(isinf(json_real(input)));
    return r;
}

static int math_isnan(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    int r = want_number(machine, input);

    (void)args;
    if (r == 0)
        *ret_value = json_bool(isnan(json_real(input)));
    return r;
}

static int math_isnormal(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    int r = want_number(machine, input);

    (void)args;
    if (r == 0)
        *ret_value = json_bool(isnormal(json_real(input)));
    return r;
}

/* A number that is not negative keeps its text; other values stay what they are. */
static int math_abs(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    (void)machine;
    if (!value_is(input, JSON_NUMBER)) {
        *ret_value = *input;
        return 0;
    }
    *ret_value = json_real(input) < 0 ? json_number(-json_real(input)) : *input;
    return 0;
}

#define MATH_UNARY_ENTRY(name, fn) {#name, 0, math_##name, false},
#define MATH_BINARY_ENTRY(name, fn) {#name, 2, math2_##name, true},

BuiltinTable builtin_math(void) {
    static const Builtin entries[] = {
        MATH_UNARY(MATH_UNARY_ENTRY) MATH_BINARY(MATH_BINARY_ENTRY){"abs",        0, math_abs,        false},
        {"fma",        3, math_fma,        true },
        {"frexp",      0, math_frexp,      false},
        {"infinite",   0, math_infinite,   true },
        {"isinfinite", 0, math_isinfinite, false},
        {"isnan",      0, math_isnan,      false},
        {"isnormal",   0, math_isnormal,   false},
        {"lgamma_r",   0, math_lgamma_r,   false},
        {"modf",       0, math_modf,       false},
        {"nan",        0, math_nan,        true },
    };

    return (BuiltinTable){entries, ARRAY_SIZE(entries)};
}
