#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/service/config.h"

typedef struct Target {
    char *name;
    char *secret;
    int64_t count;
    int64_t ms;
    int64_t bytes;
    bool flag;
} Target;

#define AT(field) offsetof(Target, field)

static const ConfigKey keys[] = {
    {"a.name", CONFIG_TEXT,   AT(name),   "",    3,  5,         "A name."  },
    {"secret", CONFIG_SECRET, AT(secret), "",    0,  0,         "A secret."},
    {"count",  CONFIG_COUNT,  AT(count),  "-1",  -1, INT64_MAX, "A count." },
    {"ms",     CONFIG_MS,     AT(ms),     "250", 0,  INT64_MAX, "A time."  },
    {"bytes",  CONFIG_BYTES,  AT(bytes),  "0",   0,  INT64_MAX, "A size."  },
    {"flag",   CONFIG_FLAG,   AT(flag),   "off", 0,  0,         "A flag."  },
};

/* Reads the table with one variable set; the target is freed by the next call. */
static int read_with(const char *variable, const char *value, Target *target, Buf *message) {
    int r;

    *target = (Target){0};
    buf_clear(message);
    if (variable)
        setenv(variable, value, 1);
    r = config_read(keys, ARRAY_SIZE(keys), NULL, target, message);
    if (variable)
        unsetenv(variable);
    return r;
}

Test(config, fallbacks_are_what_a_person_would_type) {
    Buf message = {0};
    Target target;

    cr_assert_eq(read_with(NULL, NULL, &target, &message), 0);
    cr_expect_str_eq(target.name, "", "optional, although a name has three bytes");
    cr_expect_eq(target.count, -1);
    cr_expect_eq(target.ms, 250);
    cr_expect_eq(target.bytes, 0);
    cr_expect_not(target.flag);
    cr_expect_eq(message.length, 0);
    config_free(keys, ARRAY_SIZE(keys), &target);
    cr_expect_null(target.name);
    buf_done(&message);
}

Test(config, times_and_sizes_have_units) {
    static const struct {
        const char *variable, *text;
        int64_t number; /* -1: refused */
    } cases[] = {
        {"HEADRACE_MS",    "250",                 250       },
        {"HEADRACE_MS",    "250ms",               250       },
        {"HEADRACE_MS",    "5s",                  5000      },
        {"HEADRACE_MS",    "2 m",                 120000    },
        {"HEADRACE_MS",    "1h",                  3600000   },
        {"HEADRACE_MS",    "3d",                  259200000 },
        {"HEADRACE_MS",    "1.5s",                -1        },
        {"HEADRACE_MS",    "s",                   -1        },
        {"HEADRACE_MS",    "",                    -1        },
        {"HEADRACE_MS",    "-5s",                 -1        },
        {"HEADRACE_MS",    "5S",                  -1        },
        {"HEADRACE_MS",    "106751991168d",       -1        },
        {"HEADRACE_MS",    "9223372036854775807", INT64_MAX },
        {"HEADRACE_BYTES", "1024",                1024      },
        {"HEADRACE_BYTES", "1KiB",                1024      },
        {"HEADRACE_BYTES", "1MiB",                1048576   },
        {"HEADRACE_BYTES", "2GiB",                2147483648},
        {"HEADRACE_BYTES", "1MB",                 -1        },
        {"HEADRACE_BYTES", "9999999999GiB",       -1        },
    };
    Buf message = {0};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Target target;
        int r = read_with(cases[i].variable, cases[i].text, &target, &message);
        int64_t got = strcmp(cases[i].variable, "HEADRACE_MS") == 0 ? target.ms : target.bytes;

        cr_expect_eq(r, cases[i].number < 0 ? CONFIG_E_INVALID : 0, "%s", cases[i].text);
        if (r == 0)
            cr_expect_eq(got, cases[i].number, "%s", cases[i].text);
        else
            cr_expect_not_null(strstr(message.data, cases[i].variable));
        config_free(keys, ARRAY_SIZE(keys), &target);
    }
    buf_done(&message);
}

Test(config, a_refusal_frees_what_was_read) {
    Buf message = {0};
    Target target;

    setenv("HEADRACE_A_NAME", "good", 1);
    cr_assert_eq(read_with("HEADRACE_COUNT", "many", &target, &message), CONFIG_E_INVALID);
    cr_expect_null(target.name);
    cr_expect_str_eq(message.data, "count (HEADRACE_COUNT) \"many\" is no whole number");
    unsetenv("HEADRACE_A_NAME");
    buf_done(&message);
}

Test(config, the_length_of_a_text_is_checked) {
    Buf message = {0};
    Target target;

    cr_expect_eq(read_with("HEADRACE_A_NAME", "ab", &target, &message), CONFIG_E_INVALID);
    cr_expect_eq(read_with("HEADRACE_A_NAME", "abcdef", &target, &message), CONFIG_E_INVALID);
    cr_expect_eq(read_with("HEADRACE_A_NAME", "abc", &target, &message), 0);
    config_free(keys, ARRAY_SIZE(keys), &target);
    buf_done(&message);
}

Test(config, numbers_are_printed_in_the_largest_unit_that_fits) {
    Buf message = {0}, text = {0};
    Target target;

    setenv("HEADRACE_BYTES", "3072", 1);
    cr_assert_eq(read_with("HEADRACE_MS", "172800000", &target, &message), 0);
    config_print(keys, ARRAY_SIZE(keys), &target, &text);
    cr_expect_not_null(strstr(text.data, "ms = 2d\n"));
    cr_expect_not_null(strstr(text.data, "bytes = 3KiB\n"));
    cr_expect_not_null(strstr(text.data, "count = -1\n"));
    cr_expect_not_null(strstr(text.data, "# A flag.\nflag = off\n"));
    config_free(keys, ARRAY_SIZE(keys), &target);
    unsetenv("HEADRACE_BYTES");
    buf_done(&message);
    buf_done(&text);
}
