#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/rand.h"
#include "common/json/json.h"
#include "common/json/json_number.h"

static double real_of(const char *text) {
    return json_number_read(str_of(text));
}

typedef struct NumberText {
    char text[JSON_NUMBER_BYTES_MAX + 1];
} NumberText;

static NumberText text_of(double number) {
    NumberText result;

    result.text[json_number_write(number, result.text)] = '\0';
    return result;
}

static double any_double(Rand *dice) {
    for (;;) {
        uint64_t bits = rand_next(dice);
        double number;

        memcpy(&number, &bits, sizeof number);
        if (isfinite(number))
            return number;
    }
}

/* What `jq -n` prints for the same number. */
Test(json_number, numbers_are_laid_out_as_jq_does) {
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0,                       "0"                       },
        {-0.0,                    "-0"                      },
        {3,                       "3"                       },
        {-17,                     "-17"                     },
        {0.1,                     "0.1"                     },
        {0.1 + 0.2,               "0.30000000000000004"     },
        {1e-4,                    "0.0001"                  },
        {1e-5,                    "1e-05"                   },
        {1e-7,                    "1e-07"                   },
        {-1.5e-10,                "-1.5e-10"                },
        {1.5e300,                 "1.5e+300"                },
        {1e15,                    "1000000000000000"        },
        {1e15 + 0.5,              "1000000000000000.5"      },
        {1e16,                    "1e+16"                   },
        {1e17,                    "1e+17"                   },
        {12345678901234567.,      "12345678901234568"       },
        {123456789012345678.,     "123456789012345680"      },
        {1e18,                    "1e+18"                   },
        {100000000000000000000.,  "1e+20"                   },
        {1e22,                    "1e+22"                   },
        {1e23,                    "1e+23"                   },
        {9007199254740993.,       "9007199254740992"        },
        {5e-324,                  "5e-324"                  },
        {0x1p-1017,               "7.120236347223045e-307"  },
        {2.2250738585072014e-308, "2.2250738585072014e-308" },
        {DBL_MAX,                 "1.7976931348623157e+308" },
        {INFINITY,                "1.7976931348623157e+308" },
        {-INFINITY,               "-1.7976931348623157e+308"},
        {NAN,                     "null"                    },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_str_eq(text_of(cases[i].number).text, cases[i].text);
}

Test(json_number, every_double_is_read_back_from_its_text) {
    Rand dice;

    rand_seed(&dice, 3);
    for (int i = 0; i < 100000; i++) {
        double number = any_double(&dice);

        cr_assert_eq(real_of(text_of(number).text), number, "%a", number);
    }
}

Test(json_number, short_decimals_come_back_as_they_were_written) {
    Rand dice;

    rand_seed(&dice, 4);
    for (int i = 0; i < 100000; i++) {
        char text[40];
        uint64_t whole = rand_below(&dice, 1000000);
        uint64_t part = rand_below(&dice, 1000000);

        snprintf(text, sizeof text, "%llu.%06llu1", (unsigned long long)whole,
                 (unsigned long long)part);
        cr_assert_str_eq(text_of(real_of(text)).text, text);
    }
}

/* The C library rounds right; in this program's locale it can be asked. */
Test(json_number, reading_rounds_to_the_nearest_double) {
    Rand dice;

    rand_seed(&dice, 5);
    for (int i = 0; i < 100000; i++) {
        char text[80];

        snprintf(text, sizeof text, "%s%llu%s%llue%d", rand_below(&dice, 2) ? "-" : "",
                 (unsigned long long)(rand_next(&dice) >> rand_below(&dice, 64)), ".",
                 (unsigned long long)(rand_next(&dice) >> rand_below(&dice, 64)),
                 (int)rand_below(&dice, 640) - 330);
        if (isfinite(strtod(text, NULL)))
            cr_assert_eq(real_of(text), strtod(text, NULL), "%s", text);
    }
}

Test(json_number, decimals_between_two_doubles_are_decided_by_their_last_digit) {
    char text[1200];
    int length;

    /* 2^53 + 1 lies between two doubles; the even one is taken, unless anything is added. */
    cr_expect_eq(real_of("9007199254740993"), 9007199254740992.);
    cr_expect_eq(real_of("9007199254740993.0000000000000000000000000000"), 9007199254740992.);
    cr_expect_eq(real_of("9007199254740993.0000000000000000000000000001"), 9007199254740994.);
    length = snprintf(text, sizeof text, "9007199254740993.%01000d1", 0);
    cr_expect_eq(real_of(text), 9007199254740994., "a digit behind %d others", length);
}

Test(json_number, long_texts_are_read) {
    char text[5000];

    memset(text, '0', sizeof text);
    text[0] = '1';
    memcpy(text + sizeof text - 7, "e-4992", 7);
    cr_expect_eq(real_of(text), 1.);

    memset(text, '0', sizeof text);
    text[1] = '.';
    memcpy(text + sizeof text - 8, "15e4991", 8);
    cr_expect_eq(real_of(text), 1.5);
}

Test(json_number, beyond_the_range_stands_the_largest_double) {
    cr_expect_eq(real_of("1e309"), DBL_MAX);
    cr_expect_eq(real_of("-1e309"), -DBL_MAX);
    cr_expect_eq(real_of("1e99999999999999999999999"), DBL_MAX);
    cr_expect_eq(real_of("1.7976931348623159e308"), DBL_MAX);
    cr_expect_eq(real_of("123456789e99999"), DBL_MAX);
}

Test(json_number, too_small_is_zero_with_its_sign) {
    cr_expect_eq(real_of("1e-400"), 0);
    cr_expect_eq(real_of("0e99999999999999999999"), 0);
    cr_expect_eq(real_of("1e-99999999999999999999999"), 0);
    cr_expect(signbit(real_of("-0")));
    cr_expect(signbit(real_of("-0.0e5")));
    cr_expect(signbit(real_of("-1e-400")));
    cr_expect_eq(real_of("3e-324"), 5e-324);
}

static const int64_t untouched = 42;

static bool is_whole(const char *text, int64_t wanted) {
    int64_t number = untouched;

    return json_number_whole(str_of(text), &number) && number == wanted;
}

static bool is_no_whole(const char *text) {
    int64_t number = untouched;

    return !json_number_whole(str_of(text), &number) && number == untouched;
}

Test(json_number, whole_numbers_are_exact_however_they_are_written) {
    cr_expect(is_whole("0", 0));
    cr_expect(is_whole("-0", 0));
    cr_expect(is_whole("-0.000e-5", 0));
    cr_expect(is_whole("1.0", 1));
    cr_expect(is_whole("1e3", 1000));
    cr_expect(is_whole("1500e-2", 15));
    cr_expect(is_whole("1.25e2", 125));
    cr_expect(is_whole("9007199254740993", 9007199254740993));
    cr_expect(is_whole("9223372036854775807", INT64_MAX));
    cr_expect(is_whole("-9223372036854775808", INT64_MIN));
    cr_expect(is_whole("9223372036854775807.000000000000000000000000000", INT64_MAX));
    cr_expect(is_whole("0e99999999999999", 0));
    cr_expect(is_whole("0.0000000000000000000000000000012e31", 12));
    cr_expect(is_whole("1000000000000000000000000e-24", 1));
}

Test(json_number, what_is_not_whole_or_does_not_fit_is_refused) {
    cr_expect(is_no_whole("0.5"));
    cr_expect(is_no_whole("1e-1"));
    cr_expect(is_no_whole("1.25e1"));
    cr_expect(is_no_whole("9223372036854775808"));
    cr_expect(is_no_whole("-9223372036854775809"));
    cr_expect(is_no_whole("1e19"));
    cr_expect(is_no_whole("1e99999999999999"));
    cr_expect(is_no_whole("123456789012345678901234567890"));
    cr_expect(is_no_whole("9223372036854775807.0000000000000000000000000001"));
    cr_expect(is_no_whole("18446744073709551616"));
    cr_expect(is_no_whole("18446744073709551617"));
}
