#pragma once

/*
 * Options: what stands behind a command's name. `--name value` and `--name` in any order among the
 * words; `--` ends them. `--help` is known everywhere.
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct Option {
    const char *name;   /* "--input" */
    const char **value; /* what follows it goes here; NULL: it is a flag */
    bool *flag;
} Option;

typedef struct Options {
    const char *command;
    const char *usage;
    const Option *options;
    size_t option_count;
    int word_min, word_max; /* words that are no options */
} Options;

/* What a command does after reading: go on, or end with the exit code. */
typedef struct OptionsResult {
    bool is_over;
    int code;
} OptionsResult;

/* words has room for word_max; those that did not come are NULL. */
OptionsResult options_read(const Options *options, int argc, char **argv, const char **words);
