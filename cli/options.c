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

OptionsResult options_read(const Options *options, int argc, char **argv, const char **words) {
    bool has_ended = false;
    int count = 0;

    for (int i = 0; i < options->word_max; i++)
        words[i] = NULL;
    for (int i = 1; i < argc; i++) {
        const Option *option = has_ended ? NULL : find(options, argv[i]);

        if (!has_ended && strcmp(argv[i], "--help") == 0) {
            fputs(options->usage, stdout);
            return (OptionsResult){.is_over = true, .code = EXIT_DONE};
        }
        if (!has_ended && strcmp(argv[i], "--") == 0) {
            has_ended = true;
        } else if (option != NULL && option->value == NULL) {
            *option->flag = true;
        } else if (option != NULL) {
            if (i + 1 == argc)
                return misused(options, "a value is missing behind ", argv[i]);
            *option->value = argv[++i];
        } else if (!has_ended && argv[i][0] == '-' && argv[i][1] != '\0') {
            return misused(options, "there is no option ", argv[i]);
        } else if (count == options->word_max) {
            return misused(options, "one word too many: ", argv[i]);
        } else {
            words[count++] = argv[i];
        }
    }
    if (count < options->word_min)
        return misused(options, "something is missing", "");
    return (OptionsResult){0};
}
