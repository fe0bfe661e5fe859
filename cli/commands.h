#pragma once

/*
 * Commands: what `headrace` can do. Each command is one file, cmd_<name>.c, and one line in the
 * table of main.c; it gets its own arguments (argv[0] is its name), writes results to standard
 * output and mistakes to standard error, and returns the exit code.
 */

enum {
    EXIT_DONE = 0,
    EXIT_NOT_DONE = 1,    /* asked for, tried, and it did not come out well */
    EXIT_INVALID = 2,     /* a definition with problems */
    EXIT_USAGE = 64,      /* called in a way that it does not understand */
    EXIT_NO_INPUT = 66,   /* a file that cannot be read */
    EXIT_UNAVAILABLE = 69 /* a neighbour cannot be reached */
};

/* A line each: COMMAND(name, what it does). Keep the list sorted; main.c and the help walk it. */
#define COMMANDS(COMMAND)                                                                          \
    COMMAND(apply, "Make or change workflows from files, and publish them.")                       \
    COMMAND(cancel, "End an execution.")                                                           \
    COMMAND(check, "Check a definition and print every problem.")                                  \
    COMMAND(completion, "Print what a shell needs to complete commands.")                          \
    COMMAND(dead_letters, "List, show, replay or discard messages that nobody could use.")         \
    COMMAND(expr, "Evaluate an expression on JSON from standard input.")                           \
    COMMAND(key, "Make or revoke a key of the API.")                                               \
    COMMAND(list, "List executions, workflows or versions, newest first.")                         \
    COMMAND(migrate, "Bring the database to the newest schema, or say where it is.")               \
    COMMAND(publish, "Make the draft of a workflow its active version.")                           \
    COMMAND(rollback, "Publish an earlier version once more.")                                     \
    COMMAND(run, "Start a workflow by hand.")                                                      \
    COMMAND(show, "Show an execution with its steps.")                                             \
    COMMAND(simulate, "Run a definition on a virtual clock, its calls answered from mocks.")       \
    COMMAND(tenant, "Make a tenant, or list them.")                                                \
    COMMAND(triggers, "List the triggers of a workflow, or switch one on or off.")                 \
    COMMAND(variable, "Set, list or delete variables and secrets.")                                \
    COMMAND(verify, "Check the laws of the engine against what is stored.")                        \
    COMMAND(watch, "Show an execution live until it has ended.")                                   \
    COMMAND(why, "Say what an execution waits for.")

#define COMMAND_FUNCTION(name, sentence) int cmd_##name(int argc, char **argv);
COMMANDS(COMMAND_FUNCTION)
