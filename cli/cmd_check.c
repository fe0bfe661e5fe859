/* headrace check: everything that is wrong with a definition, at once. */

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/input.h"
#include "common/io/zone.h"
#include "common/plan/plan.h"
#include "trigger-gateway/fire/cron.h"

typedef struct CheckArguments {
    const char *path;
    bool is_human;
    bool is_help;
} CheckArguments;

static const char usage[] =
    "usage: headrace check [--human] FILE\n"
    "\n"
    "Checks a definition and prints every problem as a JSON array of {code, pointer, message}, in\n"
    "the order of their place; [] when there is none. FILE may be - for the standard input.\n"
    "\n"
    "  --human   a table for people instead of JSON\n"
    "\n"
    "exit codes: 0 no problem, 2 problems, 64 wrong usage, 66 the file cannot be read\n";

static bool read_arguments(int count, char **arguments, CheckArguments *ret_arguments) {
    CheckArguments found = {0};

    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--human") == 0)
            found.is_human = true;
        else if (strcmp(arguments[i], "--help") == 0)
            found.is_help = true;
        else if (found.path == NULL && (arguments[i][0] != '-' || arguments[i][1] == '\0'))
            found.path = arguments[i];
        else
            return false;
    }
    *ret_arguments = found;
    return found.path != NULL || found.is_help;
}

static Json problem_value(Arena *arena, const PlanProblem *problem) {
    JsonObject value = {.arena = arena};

    json_add(&value, STR("code"), json_string(str_of(plan_problem_word(problem->code))));
    json_add(&value, STR("pointer"), json_string(problem->pointer));
    json_add(&value, STR("message"), json_string(problem->message));
    return json_object_done(&value);
}

static void print_json(const PlanProblems *problems, Arena *arena) {
    for (uint32_t i = 0; i < problems->count; i++) {
        Json value = problem_value(arena, &problems->items[i]);
        Str text = json_text(arena, &value);

        printf("%s%.*s", i == 0 ? "[\n  " : ",\n  ", STR_ARGS(text));
    }
    puts(problems->count == 0 ? "[]" : "\n]");
}

/* A key of the file may hold anything; a terminal only gets what it can show. */
static const char *printable(Arena *arena, Str text) {
    char *shown = arena_printf(arena, "%.*s", STR_ARGS(text));

    for (char *c = shown; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    return shown;
}

static int width_of(size_t length, int width) {
    return MAX((int)MIN(length, (size_t)40), width);
}

static void print_table(const PlanProblems *problems, Arena *arena) {
    int codes = 4, pointers = 5;

    for (uint32_t i = 0; i < problems->count; i++) {
        codes = width_of(strlen(plan_problem_word(problems->items[i].code)), codes);
        pointers = width_of(problems->items[i].pointer.length, pointers);
    }
    for (uint32_t i = 0; i < problems->count; i++) {
        const PlanProblem *problem = &problems->items[i];

        printf("%-*s  %-*s  %s\n", codes, plan_problem_word(problem->code), pointers,
               printable(arena, problem->pointer), printable(arena, problem->message));
    }
    if (problems->count == 0)
        puts("no problems");
    else
        printf("%u problem%s\n", problems->count, problems->count == 1 ? "" : "s");
}

static bool parses_cron(void *context, Str cron, char ret_message[PLAN_CRON_MESSAGE_BYTES]) {
    CronMistake mistake = {.message = ""};
    Cron parsed;

    (void)context;
    if (cron_parse(cron, &parsed, &mistake) == 0)
        return true;
    snprintf(ret_message, PLAN_CRON_MESSAGE_BYTES, "%s", mistake.message);
    return false;
}

static bool has_timezone(void *context, Str timezone) {
    ZoneRules rules;

    (void)context;
    return zone_find(timezone, &rules) == 0;
}

static int check(const CheckArguments *arguments, Str text) {
    static const PlanCatalog catalog = {
        .parses_cron = parses_cron,
        .has_timezone = has_timezone,
    };
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(plan_free_p) Plan *plan = NULL;
    PlanProblems problems;
    int r = plan_compile(text, &catalog, &arena, &problems, &plan);

    if (arguments->is_human)
        print_table(&problems, &arena);
    else
        print_json(&problems, &arena);
    return r == 0 ? EXIT_DONE : EXIT_INVALID;
}

int cmd_check(int argc, char **argv) {
    _cleanup_(buf_done) Buf text = {0};
    CheckArguments found;

    if (!read_arguments(argc, argv, &found)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (found.is_help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (!input_read(found.path, &text))
        return EXIT_NO_INPUT;
    return check(&found, buf_str(&text));
}
