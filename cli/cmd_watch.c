/* headrace watch: one execution, live until it has ended. */

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/execution.h"
#include "cli/options.h"

static const char usage[] =
    "usage: headrace watch EXECUTION\n"
    "\n"
    "Shows an execution with its steps on a line of time until it has ended. On a terminal the\n"
    "picture is drawn again as it changes; elsewhere each change is one line.\n"
    "\n"
    "exit codes: 0 completed, 1 ended otherwise or refused, 64 wrong usage, 69 the API cannot be\n"
    "reached\n";

int cmd_watch(int argc, char **argv) {
    _cleanup_(client_close_p) Client *client = NULL;
    const char *words[1];
    OptionsResult result =
        options_read(&(Options){"watch", usage, NULL, 0, 1, 1}, argc, argv, words);
    int code;

    if (result.is_over)
        return result.code;
    code = client_open("watch", &client);
    return code == EXIT_DONE ? execution_watch(client, str_of(words[0])) : code;
}
