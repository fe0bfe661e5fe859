/*
 * headrace completion: what a shell needs to complete commands.
 *
 * The commands come from the table; the options of a command are read from its --help when they are
 * asked for, so that they are always those of the program that is installed.
 */

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"

static const char usage[] =
    "usage: headrace completion bash\n"
    "\n"
    "Prints the completion for bash; in ~/.bashrc:  source <(headrace completion bash)\n"
    "\n"
    "exit codes: 0 done, 64 wrong usage\n";

static const char bash_head[] =
    "# Completion of headrace for bash: printed by `headrace completion bash`.\n"
    "_headrace() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} options\n"
    "    COMPREPLY=()\n"
    "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
    "        COMPREPLY=($(compgen -W '--help --version";

static const char bash_tail[] =
    "' -- \"$word\"))\n"
    "    elif [[ $word == -* ]]; then\n"
    "        options=$(\"${COMP_WORDS[0]}\" \"${COMP_WORDS[1]}\" --help 2>/dev/null |\n"
    "            grep -oE -- '--[a-z][a-z-]*' | sort -u)\n"
    "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
    "    fi\n"
    "}\n"
    "complete -o default -F _headrace headrace\n";

#define COMMAND_NAME(name, sentence) #name,

static const char *const names[] = {COMMANDS(COMMAND_NAME)};

static void print_bash(void) {
    fputs(bash_head, stdout);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        putchar(' ');
        for (const char *at = names[i]; *at != '\0'; at++)
            putchar(*at == '_' ? '-' : *at);
    }
    fputs(bash_tail, stdout);
}

int cmd_completion(int argc, char **argv) {
    const char *words[1];
    OptionsResult result =
        options_read(&(Options){"completion", usage, NULL, 0, 1, 1}, argc, argv, words);

    if (result.is_over)
        return result.code;
    if (strcmp(words[0], "bash") != 0) {
        fprintf(stderr, "headrace completion: there is none for \"%s\"\n%s", words[0], usage);
        return EXIT_USAGE;
    }
    print_bash();
    return EXIT_DONE;
}
