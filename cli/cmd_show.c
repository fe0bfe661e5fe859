/* headrace show: one execution with its steps. */

#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/options.h"

static const char usage[] =
    "usage: headrace show EXECUTION [--json]\n"
    "\n"
    "An execution, its steps on a line of time, attempts that failed, its error and its output.\n"
    "░ is waiting, █ is work.\n"
    "\n"
    "  --json   everything, as the API answers it, with every input and output\n"
    "\n"
    "exit codes: 0 done, 1 refused, 64 wrong usage, 69 the API cannot be reached\n";

int cmd_show(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    const char *words[1];
    bool is_json = false;
    const Option options[] = {
        {"--json", NULL, &is_json},
    };
    OptionsResult result =
        options_read(&(Options){"show", usage, options, 1, 1, 1}, argc, argv, words);
    ClientAnswer answer;
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("show", &client);
    if (code == EXIT_DONE)
        code = execution_get(client, str_of(words[0]), &answer);
    if (code != EXIT_DONE)
        return code;
    if (is_json)
        client_print(&answer);
    else
        execution_print(client_arena(client), &answer.json);
    return EXIT_DONE;
}
