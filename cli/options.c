/* What stands behind a command's name. */

#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static const Option *find(const Options *options, const char *name) {
    for (size_t i = 0; i < options->option_count; i++)
        if (strcmp(options->options[i].name, name) == 0)
            return &options->options[i];
    return NULL;
}

static OptionsResult misused(const Options *options, const char *what, const char *word) {
    fprintf(stderr, "headrace %s: %s%s\n%s", options->command, what, word, options->usage);
    return (OptionsResult){.is_over = true, .code = EXIT_USAGE};
}

/* One that stands at argv[i]; moves i over its value. False: the value is missing. */
static bool take(const Option *option, int argc, char **argv, int *i) {
    if (option->value == NULL) {
        *option->flag = true;
        return true;
    }
    if (*i + 1 == argc)
        return false;
    *option->value = argv[++*i];
    return true;
}

/* How many arguments are options: everything before "--". */
static int end_of_options(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0)
            return i;
    return argc;
}

OptionsResult options_read(const Options *options, int argc, char **argv, const char **words) {
    int end = end_of_options(argc, argv), count = 0;

    for (int i = 0; i < options->word_max; i++)
        words[i] = NULL;
    for (int i = 1; i < argc; i++) {
        const Option *option = i < end ? find(options, argv[i]) : NULL;

        if (i == end)
            continue;
        if (i < end && strcmp(argv[i], "--help") == 0) {
            fputs(options->usage, stdout);
            return (OptionsResult){.is_over = true, .code = EXIT_DONE};
        }
        if (option != NULL && !take(option, end, argv, &i))
            return misused(options, "a value is missing behind ", argv[i]);
        if (option != NULL)
            continue;
        if (i < end && argv[i][0] == '-' && argv[i][1] != '\0')
            return misused(options, "there is no option ", argv[i]);
        if (count == options->word_max)
            return misused(options, "one word too many: ", argv[i]);
        words[count++] = argv[i];
    }
    if (count < options->word_min)
        return misused(options, "something is missing", "");
    return (OptionsResult){0};
}
