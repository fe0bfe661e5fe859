/* headrace: one command line for authors, operators and tests. */

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "common/base/defs.h"

#define COMMAND_ROW(name, sentence) {#name, cmd_##name, sentence},

static const struct {
    const char *name; /* words are joined by '_' here and by '-' on the command line */
    int (*run)(int argc, char **argv);
    const char *sentence;
} commands[] = {COMMANDS(COMMAND_ROW)};

static void print_name(const char *name, FILE *to) {
    for (; *name != '\0'; name++)
        fputc(*name == '_' ? '-' : *name, to);
}

static int print_help(FILE *to, int code) {
    fprintf(to, "Usage: headrace COMMAND [ARGUMENT…]\n"
                "       headrace COMMAND --help\n"
                "       headrace --version\n\nCommands:\n");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        fprintf(to, "  ");
        print_name(commands[i].name, to);
        fprintf(to, "%*s%s\n", (int)(16 - strlen(commands[i].name)), "", commands[i].sentence);
    }
    return code;
}

static int is_command(const char *name, const char *word) {
    size_t i = 0;

    for (; name[i] != '\0' && word[i] != '\0'; i++)
        if (name[i] != word[i] && !(name[i] == '_' && word[i] == '-'))
            return 0;
    return name[i] == word[i];
}

int main(int argc, char **argv) {
    if (argc < 2)
        return print_help(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return print_help(stdout, EXIT_DONE);
    if (strcmp(argv[1], "--version") == 0) {
        printf("headrace %s\n", HEADRACE_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (is_command(commands[i].name, argv[1]))
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "headrace: no command '%s'; `headrace --help` lists them\n", argv[1]);
    return EXIT_USAGE;
}
