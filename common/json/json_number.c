/*
 * Short numbers are converted with exact arithmetic on doubles; the C library is asked for the
 * rest, with digits and exponent but never with a decimal point, which is where locales differ.
 */

#include "common/json/json_number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

/* Powers of ten up to here are exact doubles, and so are whole numbers up to WHOLE_MAX. */
#define EXACT_POWER_MAX 22
#define WHOLE_MAX (1ull << 53)

/* Exactly between two doubles lie decimals of up to 768 digits; one more says "and a bit". */
#define DIGITS_MAX 769

/* Larger than any count of digits, small enough that sums cannot overflow. */
#define EXPONENT_FAR 1000000000000

static const double powers[EXACT_POWER_MAX + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/* mantissa * 10^exponent, trailing zeros moved into the exponent. */
typedef struct Decimal {
    uint64_t mantissa;
    int64_t exponent;
    bool is_negative;
    bool is_cut; /* more digits than the mantissa could take */
} Decimal;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void add_digit(Decimal *decimal, uint32_t *zeros, char c) {
    if (c == '0') {
        *zeros += decimal->mantissa != 0;
        return;
    }
    for (; *zeros > 0 && !decimal->is_cut; (*zeros)--)
        decimal->is_cut = __builtin_mul_overflow(decimal->mantissa, 10u, &decimal->mantissa);
    if (decimal->is_cut || __builtin_mul_overflow(decimal->mantissa, 10u, &decimal->mantissa) ||
        __builtin_add_overflow(decimal->mantissa, (uint64_t)(c - '0'), &decimal->mantissa))
        decimal->is_cut = true;
}

/* From behind the 'e'. */
static int64_t read_exponent(const char *from, const char *end) {
    bool is_negative = from < end && *from == '-';
    int64_t exponent = 0;

    from += from < end && (*from == '-' || *from == '+');
    for (; from < end && exponent < EXPONENT_FAR; from++)
        exponent = exponent * 10 + (*from - '0');
    exponent = MIN(exponent, (int64_t)EXPONENT_FAR);
    return is_negative ? -exponent : exponent;
}

static Decimal decimal_read(Str text) {
    const char *next = text.data;
    const char *end = text.data + text.length;
    Decimal decimal = {.is_negative = text.length > 0 && *next == '-'};
    uint32_t zeros = 0;

    next += decimal.is_negative;
    for (; next < end && is_digit(*next); next++)
        add_digit(&decimal, &zeros, *next);
    if (next < end && *next == '.')
        for (next++; next < end && is_digit(*next); next++, decimal.exponent--)
            add_digit(&decimal, &zeros, *next);
    if (next < end)
        decimal.exponent += read_exponent(next + 1, end);
    decimal.exponent += zeros;
    return decimal;
}

/* The digits that matter, as text the C library reads alike in every locale. */
static double read_slowly(Str text) {
    char digits[DIGITS_MAX + 32];
    int64_t exponent = 0;
    size_t length = 0;
    size_t i = text.data[0] == '-';
    bool in_fraction = false;

    for (; i < text.length && (is_digit(text.data[i]) || text.data[i] == '.'); i++) {
        char c = text.data[i];

        if (c == '.') {
            in_fraction = true;
            continue;
        }
        exponent -= in_fraction;
        if (length == 0 && c == '0')
            continue;
        if (length < DIGITS_MAX)
            digits[length++] = c;
        else
            exponent++;
        /* What is cut off can only matter by being there at all. */
        if (length == DIGITS_MAX && c != '0')
            digits[DIGITS_MAX - 1] = digits[DIGITS_MAX - 1] == '0' ? '1' : digits[DIGITS_MAX - 1];
    }
    if (i < text.length)
        exponent += read_exponent(text.data + i + 1, text.data + text.length);
    exponent = MAX(MIN(exponent, (int64_t)99999), (int64_t)-99999);
    snprintf(digits + length, sizeof digits - length, "e%d", (int)exponent);
    return strtod(digits, NULL);
}

double json_number_read(Str text) {
    Decimal decimal = decimal_read(text);
    double number;

    CHECK(text.length > 0);
    if (decimal.mantissa == 0)
        number = 0;
    else if (decimal.is_cut || decimal.mantissa > WHOLE_MAX || decimal.exponent > EXACT_POWER_MAX ||
             decimal.exponent < -EXACT_POWER_MAX)
        number = fmin(read_slowly(text), DBL_MAX);
    else if (decimal.exponent < 0)
        number = (double)decimal.mantissa / powers[-decimal.exponent];
    else
        number = (double)decimal.mantissa * powers[decimal.exponent];
    return decimal.is_negative ? -number : number;
}

bool json_number_whole(Str text, int64_t *ret) {
    Decimal decimal = decimal_read(text);

    if (decimal.is_cut || (decimal.exponent < 0 && decimal.mantissa != 0))
        return false;
    for (; decimal.mantissa != 0 && decimal.exponent > 0; decimal.exponent--)
        if (__builtin_mul_overflow(decimal.mantissa, 10u, &decimal.mantissa))
            return false;
    if (decimal.mantissa > (uint64_t)INT64_MAX + decimal.is_negative)
        return false;
    *ret = (int64_t)(decimal.is_negative ? -decimal.mantissa : decimal.mantissa);
    return true;
}

/* digits[0].digits[1…] * 10^exponent; no zero at the end. */
typedef struct Digits {
    char text[24];
    int count;
    int exponent;
} Digits;

static void drop_zeros(Digits *digits) {
    while (digits->count > 1 && digits->text[digits->count - 1] == '0')
        digits->count--;
}

static void digits_of_whole(uint64_t whole, Digits *digits) {
    digits->count = snprintf(digits->text, sizeof digits->text, "%llu", (unsigned long long)whole);
    digits->exponent = digits->count - 1;
    drop_zeros(digits);
}

/*
 * A number with up to 15 digits is found again from its double, and no other text of up to 15
 * digits reads as the same double: the first power that makes a whole number of it is the shortest
 * text.
 */
static bool digits_of_short(double number, Digits *digits) {
    for (int places = 0; places <= 9; places++) {
        double whole = rint(number * powers[places]);

        if (whole >= 1e15)
            return false;
        if (whole >= 1 && whole / powers[places] == number) {
            digits_of_whole((uint64_t)whole, digits);
            digits->exponent -= places;
            return true;
        }
    }
    return false;
}

/* The nearest decimal of count digits. */
static void digits_print(double number, int count, Digits *digits) {
    char printed[40];
    int length = snprintf(printed, sizeof printed, "%.*e", count - 1, number);
    const char *exponent = strrchr(printed, 'e');

    CHECK(length > count && exponent != NULL);
    /* Between the first digit and the others stands the decimal point of some locale. */
    digits->text[0] = printed[0];
    memcpy(digits->text + 1, exponent - (count - 1), (size_t)(count - 1));
    digits->count = count;
    digits->exponent = (int)strtol(exponent + 1, NULL, 10);
}

static double digits_read(const Digits *digits) {
    char text[40];

    snprintf(text, sizeof text, "%.*se%d", digits->count, digits->text,
             digits->exponent - (digits->count - 1));
    return strtod(text, NULL);
}

/* The next larger decimal of as many digits; false when it has one more before the point. */
static bool digits_raise(Digits *digits) {
    int last = digits->count - 1;

    while (last >= 0 && digits->text[last] == '9')
        digits->text[last--] = '0';
    if (last < 0)
        return false;
    digits->text[last]++;
    return true;
}

static void digits_of(double number, Digits *digits) {
    /* Below the normal range doubles carry fewer digits, so that fewer than 15 may do. */
    int count = number < DBL_MIN ? 1 : 15;
    int power;
    /* The double below a power of two is nearer than the one above: the decimal above may do. */
    bool is_lopsided = frexp(number, &power) == 0.5;

    if (digits_of_short(number, digits))
        return;
    for (; count < 17; count++) {
        digits_print(number, count, digits);
        if (digits_read(digits) == number ||
            (is_lopsided && digits_raise(digits) && digits_read(digits) == number)) {
            drop_zeros(digits);
            return;
        }
    }
    digits_print(number, count, digits);
    drop_zeros(digits);
}

static size_t put(char *to, size_t at, const char *from, int count) {
    memcpy(to + at, from, (size_t)count);
    return at + (size_t)count;
}

static size_t put_zeros(char *to, size_t at, int count) {
    memset(to + at, '0', (size_t)count);
    return at + (size_t)count;
}

static size_t put_exponential(char *to, size_t at, const Digits *digits) {
    at = put(to, at, digits->text, 1);
    if (digits->count > 1) {
        at = put(to, at, ".", 1);
        at = put(to, at, digits->text + 1, digits->count - 1);
    }
    return at + (size_t)snprintf(to + at, JSON_NUMBER_BYTES_MAX - at, "e%c%02d",
                                 digits->exponent < 0 ? '-' : '+', abs(digits->exponent));
}

static size_t put_plain(char *to, size_t at, const Digits *digits) {
    int whole = digits->exponent + 1; /* digits before the point; may be negative */

    if (whole <= 0) {
        at = put(to, at, "0.", 2);
        at = put_zeros(to, at, -whole);
        return put(to, at, digits->text, digits->count);
    }
    if (digits->count <= whole) {
        at = put(to, at, digits->text, digits->count);
        return put_zeros(to, at, whole - digits->count);
    }
    at = put(to, at, digits->text, whole);
    at = put(to, at, ".", 1);
    return put(to, at, digits->text + whole, digits->count - whole);
}

size_t json_number_write(double number, char text[JSON_NUMBER_BYTES_MAX]) {
    Digits digits = {.text = "0", .count = 1};
    size_t at = 0;

    if (isnan(number))
        return put(text, 0, "null", 4);
    if (isinf(number))
        number = copysign(DBL_MAX, number);
    if (signbit(number))
        at = put(text, at, "-", 1);
    number = fabs(number);
    if (number < (double)WHOLE_MAX && number == rint(number))
        digits_of_whole((uint64_t)number, &digits);
    else
        digits_of(number, &digits);
    /* jq's rule: at most 15 zeros are written for the sake of avoiding an exponent. */
    if (digits.exponent < -4 || digits.exponent + 1 > digits.count + 15)
        return put_exponential(text, at, &digits);
    return put_plain(text, at, &digits);
}
