/* headrace simulate: a whole execution on a virtual clock, its calls answered from mocks. */

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/input.h"
#include "common/plan/plan.h"
#include "coordinator/simulation/simulation.h"

static const char usage[] =
    "usage: headrace simulate FILE [--input FILE] [--mocks FILE] [--vars FILE]\n"
    "                [--trigger ID] [--seed N]\n"
    "\n"
    "Runs a definition with the real engine and step logic in this process, on a virtual clock,\n"
    "and prints {status, output, error, virtualMs, steps}.\n"
    "\n"
    "  --input FILE   JSON; what .input and .trigger.body show, {} without it\n"
    "  --mocks FILE   JSON; {stepId: [{output} | {error: {type, message, retryable}} |\n"
    "                 {response: {status, headers, body}}]}; one entry for each attempt, the last\n"
    "                 one repeats\n"
    "  --vars FILE    JSON object; what .vars shows, {} without it\n"
    "  --trigger ID   as if that trigger had fired\n"
    "  --seed N       of the jitter of retries, 1 without it\n"
    "\n"
    "exit codes: 0 completed, 1 not completed, 2 the definition, the input or the mocks are\n"
    "invalid, 64 wrong usage, 66 a file cannot be read\n";

typedef struct SimulateArguments {
    const char *path;
    const char *input_path;
    const char *mocks_path;
    const char *vars_path;
    const char *trigger;
    int64_t seed;
    bool is_help;
} SimulateArguments;

/* Where the value of an option goes; NULL: no such option. */
static const char **place_of(SimulateArguments *arguments, const char *option) {
    if (strcmp(option, "--input") == 0)
        return &arguments->input_path;
    if (strcmp(option, "--mocks") == 0)
        return &arguments->mocks_path;
    if (strcmp(option, "--vars") == 0)
        return &arguments->vars_path;
    if (strcmp(option, "--trigger") == 0)
        return &arguments->trigger;
    return NULL;
}

static bool read_option(SimulateArguments *arguments, const char *option, const char *value) {
    const char **place = place_of(arguments, option);

    if (value == NULL)
        return false;
    if (strcmp(option, "--seed") == 0)
        return str_to_int64(str_of(value), 0, INT64_MAX, &arguments->seed);
    if (place == NULL)
        return false;
    *place = value;
    return true;
}

static bool read_arguments(int count, char **arguments, SimulateArguments *ret_arguments) {
    SimulateArguments found = {.seed = 1};

    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0)
            found.is_help = true;
        else if (found.path == NULL && (arguments[i][0] != '-' || arguments[i][1] == '\0'))
            found.path = arguments[i];
        else if (read_option(&found, arguments[i], arguments[i + 1]))
            i++;
        else
            return false;
    }
    *ret_arguments = found;
    return found.path != NULL || found.is_help;
}

/* An optional file of JSON: EXIT_DONE and NULL where none was named. */
static int read_json(const char *path, Arena *arena, const Json **ret_value) {
    _cleanup_(buf_done) Buf text = {0};
    Json *value = arena_zero(arena, sizeof *value);
    JsonMistake mistake;

    *ret_value = NULL;
    if (path == NULL)
        return EXIT_DONE;
    if (!input_read(path, &text))
        return EXIT_NO_INPUT;
    if (json_parse(arena, str_copy(arena, buf_str(&text)), JSON_LIMITS_DEFAULT, value, &mistake)) {
        fprintf(stderr, "%s:%u:%u: %s\n", path, mistake.line, mistake.column, mistake.message);
        return EXIT_INVALID;
    }
    *ret_value = value;
    return EXIT_DONE;
}

/* `order.json: DANGLING_REFERENCE at /steps/3: …`; the whole text has no pointer. */
static void print_problem(const char *path, const PlanProblem *problem) {
    fprintf(stderr, "%s: %s%s%.*s: %.*s\n", path, plan_problem_word(problem->code),
            problem->pointer.length ? " at " : "", STR_ARGS(problem->pointer),
            STR_ARGS(problem->message));
}

static int compile(const char *path, Arena *arena, Plan **ret_plan) {
    _cleanup_(buf_done) Buf text = {0};
    PlanProblems problems;

    if (!input_read(path, &text))
        return EXIT_NO_INPUT;
    if (plan_compile(buf_str(&text), NULL, arena, &problems, ret_plan) == 0)
        return EXIT_DONE;
    for (uint32_t i = 0; i < problems.count; i++)
        print_problem(path, &problems.items[i]);
    return EXIT_INVALID;
}

static int find_trigger(const SimulateArguments *arguments, const Plan *plan,
                        uint32_t *ret_trigger) {
    *ret_trigger = PLAN_NONE;
    if (arguments->trigger == NULL)
        return EXIT_DONE;
    *ret_trigger = plan_find_trigger(plan, str_of(arguments->trigger));
    if (*ret_trigger != PLAN_NONE)
        return EXIT_DONE;
    fprintf(stderr, "%s: no trigger `%s`\n", arguments->path, arguments->trigger);
    return EXIT_INVALID;
}

static int run(const SimulationOrder *order, Arena *arena) {
    _cleanup_(buf_done) Buf text = {0};
    Json report;
    Str message;

    if (simulation_run(order, arena, &report, &message)) {
        fprintf(stderr, "headrace simulate: %.*s\n", STR_ARGS(message));
        return EXIT_INVALID;
    }
    json_write_pretty(&text, &report);
    puts(text.data);
    return str_is(json_str(json_member(&report, STR("status"))), "COMPLETED") ? EXIT_DONE
                                                                              : EXIT_NOT_DONE;
}

static int simulate(const SimulateArguments *arguments) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(plan_free_p) Plan *plan = NULL;
    SimulationOrder order = {
        .seed = (uint64_t)arguments->seed,
        .begin_ms = SIMULATION_BEGIN_MS,
    };
    int code;

    code = compile(arguments->path, &arena, &plan);
    if (code == EXIT_DONE)
        code = read_json(arguments->input_path, &arena, &order.input);
    if (code == EXIT_DONE)
        code = read_json(arguments->mocks_path, &arena, &order.mocks);
    if (code == EXIT_DONE)
        code = read_json(arguments->vars_path, &arena, &order.vars);
    if (code == EXIT_DONE)
        code = find_trigger(arguments, plan, &order.trigger);
    if (code != EXIT_DONE)
        return code;
    order.plan = plan;
    return run(&order, &arena);
}

int cmd_simulate(int argc, char **argv) {
    SimulateArguments found;

    if (!read_arguments(argc, argv, &found)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (found.is_help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    return simulate(&found);
}
